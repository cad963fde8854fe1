// Reads [[step]] and [[cleanup]] tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/runner/scenario.h"
#include "sim/config/reader.h"

namespace mdevsim::scenario {

// What the tables can refer to.
struct Surroundings {
  const std::vector<std::string>& hosts;
  const std::string& host_text;
  bool complete = true;  // false: the document has syntax errors, something may be missing
};

// An array of step tables. Everything wrong is reported; what is returned is of use only when
// nothing was.
std::vector<Step> read_steps(const config::Member& array, const Surroundings& around,
                             config::Report& report);

}  // namespace mdevsim::scenario
