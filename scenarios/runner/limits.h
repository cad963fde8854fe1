// Every limit on what a scenario may ask for, named once; those of hosts are in sim/base/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mdevsim::scenario {

inline constexpr std::uint32_t kCasesMax = 100'000;                     // of a matrix
inline constexpr std::uint32_t kCopiesMax = 1000;                       // of a step, at one time
inline constexpr std::size_t kCapturedBytesMax = std::size_t{1} << 20;  // of a step's output
inline constexpr std::size_t kGroupDepthMax = 4;                        // of groups in groups

}  // namespace mdevsim::scenario
