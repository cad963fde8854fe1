// `mdevsim run`: a command that sees the simulated host as its /sys.
#pragma once

#include <string>
#include <vector>

#include "fusefs/launch/plan.h"

namespace mdevsim::launch {

struct RunOptions {
  std::string host_file;
  std::string host;  // empty: the file's only one
  bool private_network = true;
  std::string events;     // none, kernel, udev, both; empty: both in a private network, else none
  std::string log_level;  // the server's
  bool trace = true;
  ComposeOptions compose;
  std::vector<std::string> command;
};

// The command's exit status, or one of exit_status.h after telling why on stderr.
int run(const RunOptions& options);

}  // namespace mdevsim::launch
