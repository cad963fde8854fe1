// What is wrong with what a model says of its devices' state.
#pragma once

#include <vector>

#include "sim/model/check.h"

namespace mdevsim::model {

// Adds to `faults`; nothing for a model without state.
void check_state(const ModelSpec& spec, std::vector<Fault>& faults);

}  // namespace mdevsim::model
