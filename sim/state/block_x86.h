// What the variants for x86 share: how a block is cut so that its middle fits the registers.
// Internal to the block_*.cc of sim/state.
#pragma once

#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sim/state/block.h"

namespace mdevsim::state {

// What becomes of the bytes that a checksum reads: nothing more, a copy, or a copy past the cache.
enum class Store { none, cached, streamed };

// Streaming stores want their address at a multiple of this.
inline constexpr std::size_t kStoreAlignment = 64;

std::uint32_t crc32c_by_instruction(const std::byte* from, std::size_t bytes, std::uint32_t crc);
std::uint32_t crc32c_sse42(const std::byte* from, std::size_t bytes, std::uint32_t crc);
std::uint32_t copy_with_crc32c_sse42(std::byte* to, const std::byte* from, std::size_t bytes,
                                     std::uint32_t crc);
std::uint32_t gather_pages_sse42(std::byte* to, const std::byte* const* pages, std::size_t count,
                                 std::uint32_t crc);

inline std::size_t bytes_to_alignment(const std::byte* to) {
  return -std::bit_cast<std::uintptr_t>(to) % kStoreAlignment;
}

// A copy whose middle is a multiple of Step bytes and aligned: `stream(to, from, bytes)` does that.
template <std::size_t Step, typename Stream>
void copy_streamed(std::byte* to, const std::byte* from, std::size_t bytes, Stream stream) {
  if (bytes < kStreamedBytesMin) {
    if (bytes != 0) std::memcpy(to, from, bytes);
    return;
  }
  const std::size_t head = bytes_to_alignment(to);
  const std::size_t middle = (bytes - head) / Step * Step;
  const std::size_t behind = head + middle;
  std::memcpy(to, from, head);
  stream(to + head, from + head, middle);
  std::memcpy(to + behind, from + behind, bytes - behind);
  _mm_sfence();  // whoever is told of the copy sees it
}

// Asks for all of a page: of pages that lie anywhere the processor does not see which is next. One
// page ahead, into the first cache: what is asked for earlier is late as well, and displaces more.
// (GCC leaves out calls of a function that does nothing but prefetch, unless it is always_inline.)
[[gnu::always_inline]] inline void prefetch_page(const std::byte* page) {
  for (std::size_t at = 0; at < kPageBytes; at += kStoreAlignment)
    _mm_prefetch(page + at, _MM_HINT_T0);
}

// Whoever copies device memory in order looks next for zeros a record further on (zero_pages), and
// would wait for each page's beginning. Asks for that of the page that begins in the `step` bytes
// from `from` on, if one does. What lies there may be something else, or nothing: an address is no
// pointer until the processor has looked. (Loading copies by the same functions, and asks in vain.)
template <std::size_t Step>
[[gnu::always_inline]] inline void prefetch_for_look(const std::byte* from) {
  constexpr std::size_t kAheadBytes = std::size_t{1} << 20;
  constexpr std::size_t kLookedAtBytes = 256;
  const auto address = std::bit_cast<std::uintptr_t>(from);
  const std::uintptr_t to_page = -address % kPageBytes;
  if (to_page >= Step) return;
  const std::uintptr_t page = address + to_page + kAheadBytes;
  for (std::size_t at = 0; at < kLookedAtBytes; at += kStoreAlignment) {
    _mm_prefetch(std::bit_cast<const std::byte*>(page + at), _MM_HINT_T1);
  }
}

// How far ahead of what is looked at for zeros there is something on its way.
inline constexpr std::size_t kZeroBytesAhead = 2048;

// zero_pages() by page_is_zero(page). Most pages that are not zero show it in their first word,
// so those of later pages are on their way while this one is looked at.
template <typename PageIsZero>
std::uint64_t zero_pages_ahead(const std::byte* from, std::size_t pages, PageIsZero page_is_zero) {
  constexpr std::size_t kAhead = 16;
  for (std::size_t i = 0; i < std::min(kAhead, pages); ++i) {
    _mm_prefetch(from + i * kPageBytes, _MM_HINT_T0);
  }
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < pages; ++i) {
    const std::byte* page = from + i * kPageBytes;
    if (i + kAhead < pages) _mm_prefetch(page + kAhead * kPageBytes, _MM_HINT_T0);
    std::uint64_t first_word = 0;
    std::memcpy(&first_word, page, sizeof(first_word));
    if (first_word == 0 && page_is_zero(page)) mask |= std::uint64_t{1} << i;
  }
  return mask;
}

// A checksum whose first part is a multiple of Step bytes: `fold(to, from, bytes, crc)` does that.
template <std::size_t Step, typename Fold>
std::uint32_t crc32c_folded(const std::byte* from, std::size_t bytes, std::uint32_t crc,
                            Fold fold) {
  const std::size_t middle = bytes / Step * Step;
  if (middle != 0) crc = fold(nullptr, from, middle, crc);
  return crc32c_by_instruction(from + middle, bytes - middle, crc);
}

// The same with a copy.
template <std::size_t Step, typename Fold>
std::uint32_t copy_folded(std::byte* to, const std::byte* from, std::size_t bytes,
                          std::uint32_t crc, Fold fold_cached, Fold fold_streamed) {
  if (bytes == 0) return crc;
  const bool streamed = bytes >= kStreamedBytesMin;
  const std::size_t head = streamed ? bytes_to_alignment(to) : 0;
  const std::size_t middle = (bytes - head) / Step * Step;
  const std::size_t behind = head + middle;
  crc = crc32c_by_instruction(from, head, crc);
  std::memcpy(to, from, head);
  if (middle != 0)
    crc = (streamed ? fold_streamed : fold_cached)(to + head, from + head, middle, crc);
  std::memcpy(to + behind, from + behind, bytes - behind);
  if (streamed) _mm_sfence();
  return crc32c_by_instruction(from + behind, bytes - behind, crc);
}

}  // namespace mdevsim::state
