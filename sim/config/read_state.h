// The key `state` of a model.
#pragma once

#include "sim/config/document.h"
#include "sim/config/draft.h"

namespace mdevsim::config {

// Fills spec.state of the draft, and the places that its check may name.
void read_state(const Member& state, bool complete, ModelDraft& draft, Report& report);

}  // namespace mdevsim::config
