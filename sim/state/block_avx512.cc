// Variants with registers of 64 bytes, a cache line each. The checksum folds as that of sse42 does
// (see there), four registers of it side by side.
#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>

#include "sim/state/block_kernels.h"
#include "sim/state/block_x86.h"
#include "sim/state/bytes.h"
#include "sim/state/crc32c_math.h"

#define AVX512 [[gnu::target("avx512f,avx512bw,avx512vl,vpclmulqdq,pclmul,sse4.2")]]

namespace mdevsim::state {
namespace {

constexpr std::size_t kRegister = 64;
constexpr std::size_t kLanes = 8;  // registers on their way at once
constexpr std::size_t kFoldStep = kLanes * kRegister;
constexpr std::size_t kStep = 4 * kRegister;

AVX512 inline __m512i load(const std::byte* from) { return _mm512_loadu_si512(from); }

template <Store kStore>
AVX512 inline __m512i take(std::byte* to, const std::byte* from, std::size_t at) {
  const __m512i value = load(from + at);
  if constexpr (kStore == Store::cached) _mm512_storeu_si512(to + at, value);
  if constexpr (kStore == Store::streamed) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + at), value);
  }
  return value;
}

AVX512 inline __m512i xor3(__m512i a, __m512i b, __m512i c) {
  return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

AVX512 inline __m512i multiply_low(__m512i a, __m512i b) {
  return _mm512_clmulepi64_epi128(a, b, 0x00);
}
AVX512 inline __m512i multiply_high(__m512i a, __m512i b) {
  return _mm512_clmulepi64_epi128(a, b, 0x11);
}

// All four parts of a register, moved by `Bits` and with `next` added.
template <std::uint64_t Bits>
AVX512 inline __m512i fold(__m512i folded, __m512i next) {
  const __m512i powers =
      _mm512_broadcast_i32x4(_mm_set_epi64x(kCrc32cFoldHigh<Bits>, kCrc32cFoldLow<Bits>));
  return xor3(multiply_low(folded, powers), multiply_high(folded, powers), next);
}

// The four parts of a register become one: the first has three behind it, the last none.
AVX512 inline __m128i fold_parts(__m512i parts) {
  const __m512i powers =
      _mm512_set_epi64(0, 0, kCrc32cFoldHigh<128>, kCrc32cFoldLow<128>, kCrc32cFoldHigh<256>,
                       kCrc32cFoldLow<256>, kCrc32cFoldHigh<384>, kCrc32cFoldLow<384>);
  const __m512i moved = _mm512_xor_si512(multiply_low(parts, powers), multiply_high(parts, powers));
  const __m128i front =
      _mm_xor_si128(_mm512_extracti32x4_epi32(moved, 0), _mm512_extracti32x4_epi32(moved, 1));
  const __m128i back =
      _mm_xor_si128(_mm512_extracti32x4_epi32(moved, 2), _mm512_extracti32x4_epi32(parts, 3));
  return _mm_xor_si128(front, back);
}

// The checksum's state: what was read so far, in registers that are on their way.
struct Folded {
  __m512i r[kLanes];
};

template <Store kStore>
AVX512 inline Folded begin_fold(std::byte* to, const std::byte* from, std::uint32_t crc) {
  Folded folded;
  for (std::size_t i = 0; i < kLanes; ++i) folded.r[i] = take<kStore>(to, from, i * kRegister);
  const __m512i before = _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(crc)));
  folded.r[0] = _mm512_xor_si512(folded.r[0], before);
  return folded;
}

template <Store kStore>
AVX512 inline void fold_step(Folded& folded, std::byte* to, const std::byte* from) {
  for (std::size_t i = 0; i < kLanes; ++i) {
    folded.r[i] = fold<8 * kFoldStep>(folded.r[i], take<kStore>(to, from, i * kRegister));
  }
}

AVX512 inline std::uint32_t end_fold(Folded folded) {
  __m512i* r = folded.r;
  for (std::size_t i = 0; i < kLanes; i += 2) r[i] = fold<512>(r[i], r[i + 1]);
  for (std::size_t i = 0; i < kLanes; i += 4) r[i] = fold<1024>(r[i], r[i + 2]);
  const __m128i all = fold_parts(fold<2048>(r[0], r[4]));
  const auto low = static_cast<std::uint64_t>(_mm_cvtsi128_si64(all));
  const auto high = static_cast<std::uint64_t>(_mm_extract_epi64(all, 1));
  return static_cast<std::uint32_t>(_mm_crc32_u64(_mm_crc32_u64(0, low), high));
}

// `bytes` is a multiple of kFoldStep, and not 0; `to`, if it is streamed to, of kRegister.
template <Store kStore>
AVX512 std::uint32_t fold_all(std::byte* to, const std::byte* from, std::size_t bytes,
                              std::uint32_t crc) {
  Folded folded = begin_fold<kStore>(to, from, crc);
  for (std::size_t at = kFoldStep; at < bytes; at += kFoldStep) {
    // There is no target, not even an offset of one, without a store.
    fold_step<kStore>(folded, kStore == Store::none ? nullptr : to + at, from + at);
    if constexpr (kStore == Store::streamed) prefetch_for_look<kFoldStep>(from + at);
  }
  return end_fold(folded);
}

// The pages are one message to the checksum.
template <Store kStore>
AVX512 std::uint32_t fold_pages(std::byte* to, const std::byte* const* pages, std::size_t count,
                                std::uint32_t crc) {
  Folded folded{};
  for (std::size_t i = 0; i < count; ++i, to += kPageBytes) {
    const std::byte* next = pages[std::min(i + 1, count - 1)];
    for (std::size_t at = 0; at < kPageBytes; at += kFoldStep) {
      for (std::size_t line = 0; line < kFoldStep; line += kRegister) {
        _mm_prefetch(next + at + line, _MM_HINT_T0);
      }
      if (i == 0 && at == 0) {
        folded = begin_fold<kStore>(to, pages[i], crc);
      } else {
        fold_step<kStore>(folded, to + at, pages[i] + at);
      }
    }
  }
  return end_fold(folded);
}

std::uint32_t gather_pages_avx512(std::byte* to, const std::byte* const* pages, std::size_t count,
                                  std::uint32_t crc) {
  if (count == 0) return crc;
  if (bytes_to_alignment(to) != 0) return fold_pages<Store::cached>(to, pages, count, crc);
  crc = fold_pages<Store::streamed>(to, pages, count, crc);
  _mm_sfence();
  return crc;
}

AVX512 void stream(std::byte* to, const std::byte* from, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += kStep) {
    for (std::size_t i = at; i < at + kStep; i += kRegister) take<Store::streamed>(to, from, i);
    prefetch_for_look<kStep>(from + at);
  }
}

void copy_avx512(std::byte* to, const std::byte* from, std::size_t bytes) {
  copy_streamed<kStep>(to, from, bytes, stream);
}

std::uint32_t crc32c_avx512(const std::byte* from, std::size_t bytes, std::uint32_t crc) {
  return crc32c_folded<kFoldStep>(from, bytes, crc, fold_all<Store::none>);
}

std::uint32_t copy_with_crc32c_avx512(std::byte* to, const std::byte* from, std::size_t bytes,
                                      std::uint32_t crc) {
  return copy_folded<kFoldStep>(to, from, bytes, crc, fold_all<Store::cached>,
                                fold_all<Store::streamed>);
}

AVX512 inline bool step_is_zero(const std::byte* from) {
  const __m512i a = _mm512_or_si512(load(from), load(from + kRegister));
  const __m512i b = _mm512_or_si512(load(from + 2 * kRegister), load(from + 3 * kRegister));
  const __m512i all = _mm512_or_si512(a, b);
  return _mm512_test_epi64_mask(all, all) == 0;
}

// The last step overlaps the one before it where the bytes are no multiple of it.
AVX512 bool is_zero_avx512(const std::byte* from, std::size_t bytes) {
  if (bytes < kStep) return kPortableKernels.is_zero(from, bytes);
  const std::byte* last = from + bytes - kStep;
  for (; from < last; from += kStep) {
    if (!step_is_zero(from)) return false;
  }
  return step_is_zero(last);
}

// As is_zero, but the page goes on to another one, of which the processor would not think.
AVX512 bool page_is_zero(const std::byte* page) {
  for (std::size_t at = 0; at < kPageBytes; at += kStep) {
    for (std::size_t line = 0; line < kStep; line += kRegister) {
      _mm_prefetch(page + at + kZeroBytesAhead + line, _MM_HINT_T0);
    }
    if (!step_is_zero(page + at)) return false;
  }
  return true;
}

AVX512 std::uint64_t zero_pages_avx512(const std::byte* from, std::size_t pages) {
  return zero_pages_ahead(from, pages, page_is_zero);
}

}  // namespace

const BlockKernels kAvx512Kernels{
    .crc32c = crc32c_avx512,
    .copy = copy_avx512,
    .copy_with_crc32c = copy_with_crc32c_avx512,
    .gather_pages = gather_pages_avx512,
    .is_zero = is_zero_avx512,
    .zero_pages = zero_pages_avx512,
};

}  // namespace mdevsim::state

#endif
