// Variants with registers of 32 bytes. The checksum stays that of sse42: without carry-less
// multiplication of whole registers there is nothing to gain.
#if defined(__x86_64__)

#include <immintrin.h>

#include "sim/state/block_kernels.h"
#include "sim/state/block_x86.h"
#include "sim/state/bytes.h"

#define AVX2 [[gnu::target("avx2")]]

namespace mdevsim::state {
namespace {

constexpr std::size_t kRegister = 32;
constexpr std::size_t kStep = 4 * kRegister;

const __m256i* as_register(const std::byte* from) { return reinterpret_cast<const __m256i*>(from); }

AVX2 inline __m256i load(const std::byte* from) { return _mm256_loadu_si256(as_register(from)); }

AVX2 void stream(std::byte* to, const std::byte* from, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += kStep) {
    for (std::size_t i = at; i < at + kStep; i += kRegister) {
      _mm256_stream_si256(reinterpret_cast<__m256i*>(to + i), load(from + i));
    }
    prefetch_for_look<kStep>(from + at);
  }
}

void copy_avx2(std::byte* to, const std::byte* from, std::size_t bytes) {
  copy_streamed<kStep>(to, from, bytes, stream);
}

AVX2 inline bool step_is_zero(const std::byte* from) {
  const __m256i a = _mm256_or_si256(load(from), load(from + kRegister));
  const __m256i b = _mm256_or_si256(load(from + 2 * kRegister), load(from + 3 * kRegister));
  const __m256i all = _mm256_or_si256(a, b);
  return _mm256_testz_si256(all, all) != 0;
}

// The last step overlaps the one before it where the bytes are no multiple of it.
AVX2 bool is_zero_avx2(const std::byte* from, std::size_t bytes) {
  if (bytes < kStep) return kPortableKernels.is_zero(from, bytes);
  const std::byte* last = from + bytes - kStep;
  for (; from < last; from += kStep) {
    if (!step_is_zero(from)) return false;
  }
  return step_is_zero(last);
}

AVX2 bool page_is_zero(const std::byte* page) {
  for (std::size_t at = 0; at < kPageBytes; at += kStep) {
    _mm_prefetch(page + at + kZeroBytesAhead, _MM_HINT_T0);
    _mm_prefetch(page + at + kZeroBytesAhead + kStep / 2, _MM_HINT_T0);
    if (!step_is_zero(page + at)) return false;
  }
  return true;
}

AVX2 std::uint64_t zero_pages_avx2(const std::byte* from, std::size_t pages) {
  return zero_pages_ahead(from, pages, page_is_zero);
}

}  // namespace

const BlockKernels kAvx2Kernels{
    .crc32c = crc32c_sse42,
    .copy = copy_avx2,
    .copy_with_crc32c = copy_with_crc32c_sse42,
    .gather_pages = gather_pages_sse42,
    .is_zero = is_zero_avx2,
    .zero_pages = zero_pages_avx2,
};

}  // namespace mdevsim::state

#endif
