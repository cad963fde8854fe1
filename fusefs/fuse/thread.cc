#include "fusefs/fuse/thread.h"

#include <signal.h>

#include <utility>

namespace mdevsim::fusefs {

std::thread start_without_signals(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace mdevsim::fusefs
