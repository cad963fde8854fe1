// The uevents that a case has heard and not yet asked for.
#pragma once

#include <cstdint>
#include <vector>

#include "fusefs/launch/uevent_listener.h"
#include "scenarios/runner/actual.h"
#include "scenarios/runner/scenario.h"

namespace mdevsim::scenario {

// How many are as the step's patterns say.
std::uint32_t count_events(const std::vector<launch::UeventFields>& heard, const Step& step);

// Takes those that the step asks for: all of them when it says how many, else the first; the others
// are left to whoever asks next. What comes of it names everything that was heard.
Actual take_events(std::vector<launch::UeventFields>& heard, const Step& step);

}  // namespace mdevsim::scenario
