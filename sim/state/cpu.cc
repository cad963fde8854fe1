#include "sim/state/cpu.h"

namespace mdevsim::state {
namespace {

CpuLevel find_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool sse42 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
  const bool avx2 = sse42 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2") &&
                      __builtin_cpu_supports("avx512vpopcntdq") &&
                      __builtin_cpu_supports("vpclmulqdq");
  if (avx512) return CpuLevel::avx512;
  if (avx2) return CpuLevel::avx2;
  if (sse42) return CpuLevel::sse42;
#endif
  return CpuLevel::portable;
}

}  // namespace

CpuLevel cpu_level() {
  static const CpuLevel level = find_level();
  return level;
}

std::string_view to_string(CpuLevel level) {
  constexpr std::string_view kNames[] = {"portable", "sse42", "avx2", "avx512"};
  return kNames[static_cast<int>(level)];
}

}  // namespace mdevsim::state
