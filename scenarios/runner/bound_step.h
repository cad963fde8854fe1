// What is only known when a step runs.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "scenarios/runner/scenario.h"

namespace mdevsim::scenario {

// Values that earlier steps have saved, and the numbers of the repetition and of the copy.
using Saved = std::map<std::string, std::string, std::less<>>;

// The step with these values in the place of their names.
Step bound_step(Step step, const Saved& saved);

}  // namespace mdevsim::scenario
