#include "fusefs/launch/exit_status.h"

#include <sys/wait.h>

#include <cerrno>
#include <cstring>

namespace mdevsim::launch {

int exit_status_of(int wait_status) {
  if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
  return 128 + WTERMSIG(wait_status);
}

int exit_status_of_exec_errno(int error) {
  return error == ENOENT ? kExitNotFound : kExitNotExecutable;
}

std::string describe_end(int wait_status) {
  if (WIFEXITED(wait_status))
    return "exited with status " + std::to_string(WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  return "was killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

}  // namespace mdevsim::launch
