// Runs the steps of one case, in a process that is init of the case's namespaces.
#pragma once

#include <functional>
#include <string>

#include "scenarios/runner/result.h"
#include "scenarios/runner/scenario.h"

namespace mdevsim::scenario {

struct CaseOptions {
  std::string server{};             // from launch::find_server()
  std::string programs{};           // the folder of mdevsim itself
  std::string working_directory{};  // absolute; what the paths of scenarios are relative to
  bool in_user_namespace = false;
  bool keeps_trace = false;  // of a case that passes, too
};

// `begins` hears the name of each step, before it is performed: who kills the case can tell in
// which it was.
CaseResult run_case(const Case& one, const CaseOptions& options,
                    const std::function<void(const Step& step)>& begins);

// "file:line:column" of a step.
std::string place_of(const Case& one, const Step& step);

}  // namespace mdevsim::scenario
