// What is done to blocks of device memory: copied, checked, looked at for zeros. Each is one of
// several variants, chosen once by what the processor can do; all give the same results.
//
// Checksums are crc32c (polynomial 0x1EDC6F41, reflected, as in iSCSI and the crc32 instruction):
// crc32c("123456789") is 0xE3069283. They are computed in the pass that copies, so that a byte
// travels from memory once.
#pragma once

#include <cstdint>

#include "sim/state/bytes.h"

namespace mdevsim::state {

// `seed` is the checksum of what comes before: crc32c(ab) == crc32c(b, crc32c(a)).
std::uint32_t crc32c(ConstBytes bytes, std::uint32_t seed = 0);

// The checksum of two pieces, one behind the other, from those of the pieces:
// crc32c(ab) == crc32c_combine(crc32c(a), crc32c(b), b.size()).
std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes);

// Copies of fewer bytes stay in the cache: whoever reads them is near, and the write combining
// buffers are not worth emptying for them. Larger ones go past it: the target is not read soon.
inline constexpr std::size_t kStreamedBytesMin = std::size_t{32} << 10;

// The two must be of the same size and must not overlap, here and below.
void copy(Bytes to, ConstBytes from);

// copy() and crc32c(from, seed) in one pass.
std::uint32_t copy_with_crc32c(Bytes to, ConstBytes from, std::uint32_t seed = 0);

// The same of many pages that lie anywhere, one behind the other into `to`, which is as large as
// all of them: the next ones are on their way while one is copied.
std::uint32_t gather_pages_with_crc32c(Bytes to, std::span<const std::byte* const> pages,
                                       std::uint32_t seed = 0);

// Asks for what will be looked at soon: a line of 64 bytes. Any address will do.
[[gnu::always_inline]] inline void prefetch(const std::byte* line) { __builtin_prefetch(line); }

bool is_zero(ConstBytes bytes);

// Copies unless all is zero: then `to` is left as it is, and the answer is false.
bool copy_unless_zero(Bytes to, ConstBytes from);

// Which of the pages are all zero: bit i is page i. At most 64 whole pages. Faster than is_zero of
// each, for it looks at the next pages' beginnings ahead.
std::uint64_t zero_pages(ConstBytes pages);

}  // namespace mdevsim::state
