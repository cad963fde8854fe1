// What may not stand together in steps: each would be silently without effect.
#pragma once

#include "scenarios/runner/scenario.h"
#include "sim/config/diagnostic.h"

namespace mdevsim::scenario {

// Of a step that is no member of a parallel group.
void check_single(const Step& step, config::Report& report);
// Of one that is.
void check_member(const Step& step, config::Report& report);

}  // namespace mdevsim::scenario
