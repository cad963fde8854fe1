// What sim/state calls the memory of a device: spans of bytes, and pages of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mdevsim::state {

using Bytes = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;

// The unit of dirty tracking, of zero marks and of deltas, whatever the machine's own pages are.
inline constexpr std::size_t kPageBytes = 4096;

constexpr std::size_t pages_of(std::size_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes; }

}  // namespace mdevsim::state
