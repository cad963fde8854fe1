// The /sys that programs see inside: composed on a stage on which the simulated tree is served.
#pragma once

#include "fusefs/launch/compose.h"
#include "fusefs/launch/failure.h"
#include "fusefs/launch/plan.h"

namespace mdevsim::launch {

struct ComposedSys {
  ComposeOptions compose;
  bool private_network = true;
  bool is_root = true;  // of the machine, not of a user namespace
};

// Plans and makes it, and the private directories beside it. `real` is Stage::list_real's.
Done compose_sys(Stage& stage, const ComposedSys& options, const Listing& real);

}  // namespace mdevsim::launch
