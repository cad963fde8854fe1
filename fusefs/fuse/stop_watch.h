// Watches for what ends a session: a signal, or the end of the lifeline.
#pragma once

#include <pthread.h>

#include <atomic>
#include <functional>
#include <thread>

#include "fusefs/fuse/session.h"

namespace mdevsim::fusefs {

class StopWatch {
 public:
  // Calls `stop` once, from a thread of its own; then interrupts the system calls of the thread
  // that made the watch, again and again until finish(), so that it cannot miss it however it
  // waits.
  StopWatch(int lifeline_fd, std::function<void()> stop);
  ~StopWatch();
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;

  // To be called by the thread that made the watch when it has stopped. Says why it did.
  SessionEnd finish();

 private:
  void run();

  const int lifeline_fd_;
  const std::function<void()> stop_;
  const pthread_t waiter_;
  int signal_fd_ = -1;
  int finish_fd_ = -1;
  std::atomic<SessionEnd> end_ = SessionEnd::unmounted;
  std::thread thread_;
};

}  // namespace mdevsim::fusefs
