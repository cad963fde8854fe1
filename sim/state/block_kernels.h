// The variants behind block.h, one table of functions for each kind of processor. Internal to
// sim/state (and to its tests, which hold each variant against the portable one).
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/state/cpu.h"

namespace mdevsim::state {

struct BlockKernels {
  // `crc` is the register of the checksum as it is, without the inversions before and after.
  std::uint32_t (*crc32c)(const std::byte* from, std::size_t bytes, std::uint32_t crc);
  void (*copy)(std::byte* to, const std::byte* from, std::size_t bytes);
  std::uint32_t (*copy_with_crc32c)(std::byte* to, const std::byte* from, std::size_t bytes,
                                    std::uint32_t crc);
  std::uint32_t (*gather_pages)(std::byte* to, const std::byte* const* pages, std::size_t count,
                                std::uint32_t crc);
  bool (*is_zero)(const std::byte* from, std::size_t bytes);
  std::uint64_t (*zero_pages)(const std::byte* from, std::size_t pages);
};

// Those of a level, which must be this processor's or a lesser.
const BlockKernels& block_kernels(CpuLevel level);

extern const BlockKernels kPortableKernels;
extern const BlockKernels kSse42Kernels;
extern const BlockKernels kAvx2Kernels;
extern const BlockKernels kAvx512Kernels;

}  // namespace mdevsim::state
