// How mdevsim migrate commits between two servers: a process that has been killed has done nothing,
// or all of it.
#pragma once

#include "library/file_ends.h"

namespace mdevsim::cli {

// Carries the writes out in a child process, in a session of its own, that goes on when this one is
// killed. While one of the two lives the devices stay held. The token is random; with MDEVSIM_SEED,
// which scenarios set, it follows from that and from what the two devices were through.
Result<Handover> surviving_handover(DeviceFiles& source, DeviceFiles& target);

}  // namespace mdevsim::cli
