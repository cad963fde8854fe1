// Scenario files in, cases out.
#pragma once

#include <string>
#include <vector>

#include "scenarios/runner/scenario.h"
#include "sim/config/diagnostic.h"
#include "sim/config/source.h"

namespace mdevsim::scenario {

struct Loaded {
  std::vector<Case> cases;  // one for each combination of the matrix; empty when anything is wrong
  std::vector<config::Diagnostic> diagnostics;
};

Loaded load(config::FileSource& files, const std::string& path);

// The host file that the case's simulators read: its hosts, and its faults with the case's seed
// where they have none of their own.
std::string text_for_simulators(const Case& one);

// Whether a file that was read says something that only scenarios say.
bool is_scenario(std::string_view text);

// The same of a file that lies in a folder of scenarios and need not be a good one: it cannot be
// read, or says more than host files do (`[[stpe]]`). What is left out silently is not missed.
bool may_be_scenario(std::string_view text);

}  // namespace mdevsim::scenario
