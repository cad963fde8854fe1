#include "fusefs/fuse/stop_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <utility>

#include "fusefs/fuse/thread.h"
#include "sim/base/check.h"

namespace mdevsim::fusefs {
namespace {

constexpr int kInterrupt = SIGUSR1;
constexpr int kInterruptEveryMs = 20;

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

// Nobody needs to write to a lifeline, but may.
bool has_ended(int lifeline_fd) {
  std::array<char, 64> ignored{};
  return ::read(lifeline_fd, ignored.data(), ignored.size()) <= 0;
}

}  // namespace

void block_session_signals() {
  const sigset_t set = ending_signals();
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  // A receiver that went away is an error of the write that noticed, not the end of the server.
  CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
}

StopWatch::StopWatch(int lifeline_fd, std::function<void()> stop)
    : lifeline_fd_(lifeline_fd), stop_(std::move(stop)), waiter_(pthread_self()) {
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  CHECK(sigaction(kInterrupt, &nothing, nullptr) == 0);  // without SA_RESTART
  const sigset_t set = ending_signals();
  signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC);
  finish_fd_ = eventfd(0, EFD_CLOEXEC);
  CHECK(signal_fd_ >= 0 && finish_fd_ >= 0);
  thread_ = start_without_signals([this] { run(); });
}

StopWatch::~StopWatch() {
  if (thread_.joinable()) finish();
  ::close(signal_fd_);
  ::close(finish_fd_);
}

SessionEnd StopWatch::finish() {
  const std::uint64_t one = 1;
  CHECK(::write(finish_fd_, &one, sizeof one) == sizeof one);
  thread_.join();
  return end_.load();
}

void StopWatch::run() {
  // A descriptor of -1 is not looked at.
  std::array<pollfd, 3> fds = {pollfd{finish_fd_, POLLIN, 0}, pollfd{signal_fd_, POLLIN, 0},
                               pollfd{lifeline_fd_, POLLIN, 0}};
  bool stopping = false;
  for (;;) {
    ::poll(fds.data(), stopping ? 1 : fds.size(), stopping ? kInterruptEveryMs : -1);
    if (fds[0].revents != 0) return;
    if (!stopping) {
      if (fds[1].revents != 0) {
        end_ = SessionEnd::signal;
      } else if (fds[2].revents != 0 && has_ended(lifeline_fd_)) {
        end_ = SessionEnd::lifeline;
      } else {
        continue;
      }
      stopping = true;
      stop_();
    }
    pthread_kill(waiter_, kInterrupt);
  }
}

}  // namespace mdevsim::fusefs
