// The order in which the kernel lists a sysfs directory (fs/kernfs/dir.c sorts by this hash of the
// name).
#pragma once

#include <cstdint>
#include <string_view>

namespace mdevsim::sysfs {

inline constexpr std::uint32_t kHashEnd = 0x7fffffff;  // the offset behind the last entry

// Between 2 and 0x7ffffffe; 0 and 1 are "." and "..".
std::uint32_t name_hash(std::string_view name);

}  // namespace mdevsim::sysfs
