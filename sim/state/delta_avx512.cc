// The difference of a page, a line of 64 bytes at once, without a branch for what changed.
#if defined(__x86_64__)

#include <immintrin.h>

#include <bit>
#include <cstdint>

#include "sim/state/bytes.h"
#include "sim/state/delta_kernels.h"

#define AVX512 [[gnu::target("avx512f,avx512bw,avx512vl,popcnt")]]

namespace mdevsim::state {
namespace {

constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kAheadBytes = 2 * kPageBytes;

}  // namespace

// Writes each line's mask and words, and steps over them only when there are any.
AVX512 std::size_t encode_delta_avx512(const std::byte* old_page, const std::byte* new_page,
                                       std::byte* out) {
  std::uint64_t lines = 0;
  std::size_t at = sizeof(lines);
  for (std::size_t line = 0; line < kPageBytes / kLineBytes; ++line) {
    const std::size_t offset = line * kLineBytes;
    _mm_prefetch(old_page + offset + kAheadBytes, _MM_HINT_T0);
    _mm_prefetch(new_page + offset + kAheadBytes, _MM_HINT_T0);
    const __m512i now = _mm512_loadu_si512(new_page + offset);
    const __mmask8 words = _mm512_cmpneq_epi64_mask(now, _mm512_loadu_si512(old_page + offset));
    const std::uint64_t changed = words != 0 ? 1 : 0;
    out[at] = static_cast<std::byte>(words);
    _mm512_storeu_si512(out + at + 1, _mm512_maskz_compress_epi64(words, now));
    at += changed + sizeof(std::uint64_t) * static_cast<std::size_t>(std::popcount(words));
    lines |= changed << line;
  }
  _mm_storeu_si64(out, _mm_cvtsi64_si128(static_cast<long long>(lines)));
  return at;
}

}  // namespace mdevsim::state

#endif
