// The variants of plain C++, which the others are held against.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "sim/state/block_kernels.h"
#include "sim/state/bytes.h"
#include "sim/state/crc32c_math.h"

namespace mdevsim::state {
namespace {

// Eight bytes at once: the table [i] is for the byte that has i bytes behind it.
constexpr std::size_t kStep = 8;
constexpr std::array<std::array<std::uint32_t, 256>, kStep> kTables{
    crc32c_table(1), crc32c_table(2), crc32c_table(3), crc32c_table(4),
    crc32c_table(5), crc32c_table(6), crc32c_table(7), crc32c_table(8)};

std::uint32_t little_endian(std::uint32_t value) {
  return std::endian::native == std::endian::little ? value : __builtin_bswap32(value);
}

std::uint32_t load_32(const std::byte* from) {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof(value));
  return little_endian(value);
}

std::uint32_t crc32c_portable(const std::byte* from, std::size_t bytes, std::uint32_t crc) {
  for (; bytes >= kStep; bytes -= kStep, from += kStep) {
    const std::uint32_t low = crc ^ load_32(from);
    const std::uint32_t high = load_32(from + 4);
    crc = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      crc ^= kTables[7 - i][(low >> (8 * i)) & 0xFF] ^ kTables[3 - i][(high >> (8 * i)) & 0xFF];
    }
  }
  for (; bytes != 0; --bytes, ++from) {
    crc = kTables[0][(crc ^ std::to_integer<std::uint32_t>(*from)) & 0xFF] ^ (crc >> 8);
  }
  return crc;
}

void copy_portable(std::byte* to, const std::byte* from, std::size_t bytes) {
  std::memcpy(to, from, bytes);
}

// In blocks that stay in the first cache between the two passes.
std::uint32_t copy_with_crc32c_portable(std::byte* to, const std::byte* from, std::size_t bytes,
                                        std::uint32_t crc) {
  constexpr std::size_t kBlock = std::size_t{16} << 10;
  while (bytes != 0) {
    const std::size_t block = std::min(bytes, kBlock);
    crc = crc32c_portable(from, block, crc);
    std::memcpy(to, from, block);
    to += block;
    from += block;
    bytes -= block;
  }
  return crc;
}

std::uint32_t gather_pages_portable(std::byte* to, const std::byte* const* pages, std::size_t count,
                                    std::uint32_t crc) {
  for (std::size_t i = 0; i < count; ++i) {
    crc = copy_with_crc32c_portable(to + i * kPageBytes, pages[i], kPageBytes, crc);
  }
  return crc;
}

// All bytes are zero when the first is and each equals the next; memcmp of the block with itself,
// moved by one, is what the library has fast.
bool is_zero_portable(const std::byte* from, std::size_t bytes) {
  if (bytes == 0) return true;
  return from[0] == std::byte{0} && std::memcmp(from, from + 1, bytes - 1) == 0;
}

std::uint64_t zero_pages_portable(const std::byte* from, std::size_t pages) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < pages; ++i) {
    if (is_zero_portable(from + i * kPageBytes, kPageBytes)) mask |= std::uint64_t{1} << i;
  }
  return mask;
}

}  // namespace

const BlockKernels kPortableKernels{
    .crc32c = crc32c_portable,
    .copy = copy_portable,
    .copy_with_crc32c = copy_with_crc32c_portable,
    .gather_pages = gather_pages_portable,
    .is_zero = is_zero_portable,
    .zero_pages = zero_pages_portable,
};

}  // namespace mdevsim::state
