// The command of a run and the small init above it: a process that runs the command, collects
// orphans, passes signals on and tells how the command ended. Where /proc can be mounted it is
// process 1 of a PID namespace, so that the kernel ends everything below when it ends; elsewhere it
// ends its descendants itself.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "fusefs/launch/failure.h"
#include "fusefs/launch/fd.h"

namespace mdevsim::launch {

struct CommandOptions {
  std::vector<std::string> words;
  std::vector<std::string> environment;  // NAME=VALUE, added to this process' own
  sigset_t signal_mask = {};             // what the command starts with
};

class CommandProcess {
 public:
  static Outcome<CommandProcess> start(const CommandOptions& options);

  pid_t init_pid() const { return init_; }
  bool has_pid_namespace() const { return has_pid_namespace_; }

  // Readable once the command has ended: its exit status as a 32-bit number.
  int status_fd() const { return status_.get(); }

  void forward(int signal) const;

  // Ends the command and everything below it.
  void end();

 private:
  CommandProcess(pid_t init, bool has_pid_namespace, Fd status, Fd lifeline)
      : init_(init),
        has_pid_namespace_(has_pid_namespace),
        status_(std::move(status)),
        lifeline_(std::move(lifeline)) {}

  pid_t init_ = -1;
  bool has_pid_namespace_ = false;
  Fd status_;
  Fd lifeline_;
};

// The signals that are passed on to the command unless the terminal has sent them to it already.
sigset_t forwarded_signals();

}  // namespace mdevsim::launch
