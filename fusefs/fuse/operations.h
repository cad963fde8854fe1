// The table of what the kernel may ask, one short function each. What sysfs refuses to everybody is
// a row, too: an operation that is left out would be answered with ENOSYS, which no sysfs says.
#pragma once

#include "fusefs/fuse/fuse_api.h"

namespace mdevsim::fusefs {

// For fuse_session_new, with an Adapter* as user data.
fuse_lowlevel_ops operations();

}  // namespace mdevsim::fusefs
