// What `mdevsim run` ends with: the command's own status, or one of these.
#pragma once

#include <string>

namespace mdevsim::launch {

inline constexpr int kExitOwnFailure = 125;
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;

// The shell's rule: the exit status, or 128 + the signal that ended the process.
int exit_status_of(int wait_status);

// Why a command could not be executed, as an exit status.
int exit_status_of_exec_errno(int error);

// "exited with status 3", "was killed by signal 9 (Killed)".
std::string describe_end(int wait_status);

}  // namespace mdevsim::launch
