// What the processor can do, and which of our variants that means. Internal to sim/state.
#pragma once

#include <array>
#include <string_view>

namespace mdevsim::state {

// Each has all of the one before.
enum class CpuLevel {
  portable,  // plain C++
  sse42,     // crc32 instructions, carry-less multiplication
  avx2,
  avx512,  // F, BW, DQ, VL, VBMI2, VPOPCNTDQ, and carry-less multiplication of whole registers
};

inline constexpr std::array kCpuLevels{CpuLevel::portable, CpuLevel::sse42, CpuLevel::avx2,
                                       CpuLevel::avx512};

// The highest that this processor and kernel have; found out once.
CpuLevel cpu_level();

// "avx512" and so on.
std::string_view to_string(CpuLevel level);

}  // namespace mdevsim::state
