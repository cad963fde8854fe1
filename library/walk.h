// From paths to nodes: what the kernel's path walk does for a mounted tree.
#pragma once

#include <string_view>

#include "fusefs/sysfs/tree.h"
#include "sim/base/result.h"

namespace mdevsim {

enum class LastLink : unsigned char { followed, kept };

// Links on the way are followed; the last one as asked for. ENOENT, ENOTDIR; ELOOP is told as
// EINVAL.
Result<sysfs::Entry> walk(const sysfs::Tree& tree, std::string_view path, LastLink last);

}  // namespace mdevsim
