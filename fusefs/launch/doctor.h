// What of mdevsim works on this machine, for this user: each thing is tried, not guessed.
#pragma once

#include <string>
#include <vector>

namespace mdevsim::launch {

enum class Need {
  run,       // nothing works without
  feature,   // something works less well; `detail` says what
  optional,  // clients and developers may want it
};

struct Finding {
  std::string name;
  Need need = Need::feature;
  bool is_ok = false;
  std::string detail;  // what was found, or what is missing
  std::string advice;  // what to do about it; empty when there is nothing to do
};

std::vector<Finding> examine_machine();

// False when something is missing that `run` needs.
bool can_run(const std::vector<Finding>& findings);

}  // namespace mdevsim::launch
