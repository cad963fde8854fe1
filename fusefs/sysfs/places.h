// Where objects show up in directories, and so what the kernel's caches must be told when they come
// and go.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fusefs/sysfs/notice.h"
#include "fusefs/sysfs/table.h"

namespace mdevsim::sysfs {

// The notices that follow from the effects of one change, appended in order. The state is that of
// the change's end, with what it removed still nameable.
void append_notices(std::uint32_t host, const State& state, std::span<const Effect> effects,
                    std::vector<Notice>& out);

}  // namespace mdevsim::sysfs
