#include "sim/state/block.h"

#include "sim/base/check.h"
#include "sim/state/block_kernels.h"
#include "sim/state/crc32c_math.h"

namespace mdevsim::state {
namespace {

// The fastest for this processor.
const BlockKernels& kernels() {
  static const BlockKernels& chosen = block_kernels(cpu_level());
  return chosen;
}

}  // namespace

const BlockKernels& block_kernels(CpuLevel level) {
#if defined(__x86_64__)
  switch (level) {
    case CpuLevel::portable:
      break;
    case CpuLevel::sse42:
      return kSse42Kernels;
    case CpuLevel::avx2:
      return kAvx2Kernels;
    case CpuLevel::avx512:
      return kAvx512Kernels;
  }
#endif
  return kPortableKernels;
}

std::uint32_t crc32c(ConstBytes bytes, std::uint32_t seed) {
  return ~kernels().crc32c(bytes.data(), bytes.size(), ~seed);
}

std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second,
                             std::uint64_t second_bytes) {
  return crc32c_multiply(first, crc32c_power(8 * second_bytes)) ^ second;
}

void copy(Bytes to, ConstBytes from) {
  CHECK(to.size() == from.size());
  kernels().copy(to.data(), from.data(), from.size());
}

std::uint32_t copy_with_crc32c(Bytes to, ConstBytes from, std::uint32_t seed) {
  CHECK(to.size() == from.size());
  return ~kernels().copy_with_crc32c(to.data(), from.data(), from.size(), ~seed);
}

std::uint32_t gather_pages_with_crc32c(Bytes to, std::span<const std::byte* const> pages,
                                       std::uint32_t seed) {
  CHECK(to.size() == pages.size() * kPageBytes);
  return ~kernels().gather_pages(to.data(), pages.data(), pages.size(), ~seed);
}

bool is_zero(ConstBytes bytes) { return kernels().is_zero(bytes.data(), bytes.size()); }

bool copy_unless_zero(Bytes to, ConstBytes from) {
  if (is_zero(from)) return false;
  copy(to, from);
  return true;
}

std::uint64_t zero_pages(ConstBytes pages) {
  CHECK(pages.size() % kPageBytes == 0 && pages.size() <= 64 * kPageBytes);
  return kernels().zero_pages(pages.data(), pages.size() / kPageBytes);
}

}  // namespace mdevsim::state
