// Variants for processors that have the crc32 instruction and carry-less multiplication.
//
// The checksum: eight bytes at once by the crc32 instruction waits three cycles for each. Folding
// does not wait: a register of 128 bits stands for the message so far, and multiplying its halves
// by powers of x moves it past the bytes that follow (V. Gopal et al., "Fast CRC Computation for
// Generic Polynomials Using PCLMULQDQ Instruction", 2009). Eight registers are on their way at
// once, and in the end the crc32 instruction takes in what is left of them.
#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "sim/state/block_kernels.h"
#include "sim/state/block_x86.h"
#include "sim/state/crc32c_math.h"

#define SSE42 [[gnu::target("sse4.2,pclmul")]]

namespace mdevsim::state {
namespace {

constexpr std::size_t kRegister = 16;
constexpr std::size_t kStep = 8 * kRegister;

const __m128i* as_register(const std::byte* from) { return reinterpret_cast<const __m128i*>(from); }
__m128i* as_register(std::byte* to) { return reinterpret_cast<__m128i*>(to); }

// A register, moved by `Bits` and with `next` added.
template <std::uint64_t Bits>
SSE42 inline __m128i fold(__m128i folded, __m128i next) {
  const __m128i powers = _mm_set_epi64x(kCrc32cFoldHigh<Bits>, kCrc32cFoldLow<Bits>);
  return _mm_xor_si128(next, _mm_xor_si128(_mm_clmulepi64_si128(folded, powers, 0x00),
                                           _mm_clmulepi64_si128(folded, powers, 0x11)));
}

template <Store kStore>
SSE42 inline __m128i take(std::byte* to, const std::byte* from, std::size_t at) {
  const __m128i value = _mm_loadu_si128(as_register(from + at));
  if constexpr (kStore == Store::cached) _mm_storeu_si128(as_register(to + at), value);
  if constexpr (kStore == Store::streamed) _mm_stream_si128(as_register(to + at), value);
  return value;
}

// `bytes` is a multiple of kStep, and not 0; `to`, if it is streamed to, of kRegister.
template <Store kStore>
SSE42 std::uint32_t fold_all(std::byte* to, const std::byte* from, std::size_t bytes,
                             std::uint32_t crc) {
  __m128i r[8];
  for (std::size_t i = 0; i < 8; ++i) r[i] = take<kStore>(to, from, i * kRegister);
  r[0] = _mm_xor_si128(r[0], _mm_cvtsi32_si128(static_cast<int>(crc)));
  for (std::size_t at = kStep; at < bytes; at += kStep) {
    for (std::size_t i = 0; i < 8; ++i) {
      r[i] = fold<8 * kStep>(r[i], take<kStore>(to, from, at + i * kRegister));
    }
    if constexpr (kStore == Store::streamed) prefetch_for_look<kStep>(from + at);
  }
  for (std::size_t i = 0; i < 8; i += 2) r[i] = fold<128>(r[i], r[i + 1]);
  for (std::size_t i = 0; i < 8; i += 4) r[i] = fold<256>(r[i], r[i + 2]);
  const __m128i all = fold<512>(r[0], r[4]);
  const auto low = static_cast<std::uint64_t>(_mm_cvtsi128_si64(all));
  const auto high = static_cast<std::uint64_t>(_mm_extract_epi64(all, 1));
  return static_cast<std::uint32_t>(_mm_crc32_u64(_mm_crc32_u64(0, low), high));
}

SSE42 void stream(std::byte* to, const std::byte* from, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += 4 * kRegister) {
    for (std::size_t i = 0; i < 4; ++i) take<Store::streamed>(to, from, at + i * kRegister);
    prefetch_for_look<4 * kRegister>(from + at);
  }
}

void copy_sse42(std::byte* to, const std::byte* from, std::size_t bytes) {
  copy_streamed<kStep>(to, from, bytes, stream);
}

}  // namespace

SSE42 std::uint32_t crc32c_by_instruction(const std::byte* from, std::size_t bytes,
                                          std::uint32_t crc) {
  std::uint64_t wide = crc;
  for (; bytes >= sizeof(std::uint64_t); bytes -= sizeof(std::uint64_t)) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, sizeof(value));
    wide = _mm_crc32_u64(wide, value);
    from += sizeof(value);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; bytes != 0; --bytes, ++from) crc = _mm_crc32_u8(crc, std::to_integer<std::uint8_t>(*from));
  return crc;
}

std::uint32_t crc32c_sse42(const std::byte* from, std::size_t bytes, std::uint32_t crc) {
  return crc32c_folded<kStep>(from, bytes, crc, fold_all<Store::none>);
}

std::uint32_t copy_with_crc32c_sse42(std::byte* to, const std::byte* from, std::size_t bytes,
                                     std::uint32_t crc) {
  return copy_folded<kStep>(to, from, bytes, crc, fold_all<Store::cached>,
                            fold_all<Store::streamed>);
}

std::uint32_t gather_pages_sse42(std::byte* to, const std::byte* const* pages, std::size_t count,
                                 std::uint32_t crc) {
  for (std::size_t i = 0; i < count; ++i) {
    prefetch_page(pages[std::min(i + 1, count - 1)]);
    crc = copy_with_crc32c_sse42(to + i * kPageBytes, pages[i], kPageBytes, crc);
  }
  return crc;
}

const BlockKernels kSse42Kernels{
    .crc32c = crc32c_sse42,
    .copy = copy_sse42,
    .copy_with_crc32c = copy_with_crc32c_sse42,
    .gather_pages = gather_pages_sse42,
    .is_zero = kPortableKernels.is_zero,  // memcmp, of which the library has a variant as well
    .zero_pages = kPortableKernels.zero_pages,
};

}  // namespace mdevsim::state

#endif
