// A cache line of dirty bits at once: most are clean. Internal to sim/state.
#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <bit>

#include "sim/state/dirty_scan.h"

#define AVX512 [[gnu::target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]]

namespace mdevsim::state {
namespace {

using Word = std::atomic<std::uint64_t>;

constexpr std::size_t kWordsPerLine = 8;
constexpr std::size_t kLinesPerStep = 4;
constexpr std::size_t kWordsPerStep = kWordsPerLine * kLinesPerStep;

AVX512 inline __m512i load_line(const Word* line) { return _mm512_load_si512(line); }

AVX512 inline bool step_is_clean(const Word* words) {
  const __m512i a = _mm512_or_si512(load_line(words), load_line(words + kWordsPerLine));
  const __m512i b =
      _mm512_or_si512(load_line(words + 2 * kWordsPerLine), load_line(words + 3 * kWordsPerLine));
  const __m512i all = _mm512_or_si512(a, b);
  return _mm512_test_epi64_mask(all, all) == 0;
}

AVX512 std::size_t store_positions(std::uint64_t bits, std::uint32_t base, std::uint32_t* to) {
  alignas(64) static constexpr auto kBytes = [] {
    std::array<std::uint8_t, 64> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    return bytes;
  }();
  const __m512i positions = _mm512_maskz_compress_epi8(bits, _mm512_load_si512(kBytes.data()));
  const __m512i bases = _mm512_set1_epi32(static_cast<int>(base));
  const __m512i first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(positions));
  _mm512_storeu_si512(to, _mm512_add_epi32(first, bases));
  const auto count = static_cast<std::size_t>(std::popcount(bits));
  if (count > 16) {
    const __m512i second = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(positions, 1));
    _mm512_storeu_si512(to + 16, _mm512_add_epi32(second, bases));
  }
  return count;
}

AVX512 inline void take_line(Word* words, std::size_t index, RunBuilder& builder) {
  const __m512i line = load_line(words);
  unsigned dirty = _mm512_test_epi64_mask(line, line);
  if (dirty == 0) return;
  alignas(64) std::uint64_t bits[kWordsPerLine];
  _mm512_store_si512(bits, line);
  _mm512_store_si512(words, _mm512_setzero_si512());
  for (; dirty != 0; dirty &= dirty - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(dirty));
    builder.add<store_positions>(index + i, bits[i]);
  }
}

}  // namespace

// Whoever looks meanwhile sees whole words, old or new; the thread sanitizer cannot know.
AVX512 [[gnu::no_sanitize("thread")]] void take_runs_avx512(DirtyWords words, DirtyRuns& out) {
  RunBuilder builder(out);
  std::size_t at = 0;
  for (; at + kWordsPerStep <= words.size(); at += kWordsPerStep) {
    if (step_is_clean(&words[at])) continue;
    for (std::size_t i = 0; i < kLinesPerStep; ++i)
      take_line(&words[at + i * kWordsPerLine], at + i * kWordsPerLine, builder);
  }
  for (; at < words.size(); at += kWordsPerLine) take_line(&words[at], at, builder);
  builder.finish();
}

}  // namespace mdevsim::state

#endif
