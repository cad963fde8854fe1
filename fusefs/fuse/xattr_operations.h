#pragma once

#include "fusefs/fuse/fuse_api.h"

namespace mdevsim::fusefs {

void add_xattr_operations(fuse_lowlevel_ops& table);

}  // namespace mdevsim::fusefs
