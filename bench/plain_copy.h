// The plain copies that moving state is compared with: whatever the machine does best.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace mdevsim::bench {

struct PlainCopy {
  std::string_view name;
  void (*copy)(std::byte* to, const std::byte* from, std::size_t bytes);
};

// memcpy; and where the processor has them, stores past the cache and `rep movsb`. Addresses and
// sizes are multiples of 4096.
std::vector<PlainCopy> plain_copies();

}  // namespace mdevsim::bench
