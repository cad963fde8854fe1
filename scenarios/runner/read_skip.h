// Reads when a case, or a step, is passed over.
#pragma once

#include "scenarios/runner/scenario.h"
#include "sim/config/reader.h"

namespace mdevsim::scenario {

// `skip-if`, as people say it, or `skip_if`, as our other keys are written; null when neither is.
const config::Member* take_skip_rule(config::TableReader& table);

SkipRule read_skip_rule(const config::Member& member, bool complete, config::Report& report);

}  // namespace mdevsim::scenario
