// A cache line of dirty bits at once: most are clean. Internal to sim/state.
#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <bit>

#include "sim/state/dirty_scan.h"

#define AVX512 \
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx512vpopcntdq,bmi2,popcnt")]]

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

// Writes base + i for each bit i that is set, 16 at once, and returns their number.
AVX512 inline std::size_t store_positions(std::uint64_t bits, std::uint32_t base,
                                          std::uint32_t* to) {
  alignas(64) static constexpr auto kBytes = [] {
    std::array<std::uint8_t, 64> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    return bytes;
  }();
  __m512i positions = _mm512_maskz_compress_epi8(bits, _mm512_load_si512(kBytes.data()));
  const __m512i bases = _mm512_set1_epi32(static_cast<int>(base));
  const auto count = static_cast<std::size_t>(std::popcount(bits));
  std::size_t stored = 0;
  do {
    const __m512i next = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(positions));
    _mm512_storeu_si512(to + stored, _mm512_add_epi32(next, bases));
    positions = _mm512_alignr_epi32(positions, positions, 4);
    stored += 16;
  } while (stored < count);
  return count;
}

// The edges of a line's words, by the line and the one before it.
AVX512 inline __m512i edges_of(__m512i line, __m512i line_before) {
  const __m512i word_before = _mm512_alignr_epi64(line, line_before, 7);
  const __m512i page_before =
      _mm512_or_si512(_mm512_slli_epi64(line, 1), _mm512_srli_epi64(word_before, 63));
  return _mm512_xor_si512(line, page_before);
}

// Takes the line that begins with word `index`.
AVX512 inline __m512i take_line(Word* words, std::size_t index, __m512i line_before,
                                RunBuilder& builder) {
  const __m512i line = load_line(words);
  const __m512i edges = edges_of(line, line_before);
  unsigned words_with_edges = _mm512_test_epi64_mask(edges, edges);
  const auto pages = static_cast<std::uint64_t>(_mm512_reduce_add_epi64(_mm512_popcnt_epi64(line)));
  _mm512_store_si512(words, _mm512_setzero_si512());
  alignas(64) std::uint64_t edge_words[kWordsPerLine];
  _mm512_store_si512(edge_words, edges);
  std::uint32_t* const room = builder.room_for(kWordsPerLine);
  std::size_t count = 0;
  for (; words_with_edges != 0; words_with_edges &= words_with_edges - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(words_with_edges));
    count +=
        store_positions(edge_words[i], static_cast<std::uint32_t>((index + i) * 64), room + count);
  }
  builder.add(count, pages);
  return line;
}

AVX512 inline bool ends_dirty(__m512i line) {
  return (_mm512_movepi64_mask(line) >> (kWordsPerLine - 1)) != 0;
}

}  // namespace

// Whoever looks meanwhile sees whole words, old or new; the thread sanitizer cannot know.
AVX512 __attribute__((no_sanitize("thread"))) void take_runs_avx512(DirtyWords words,
                                                                    DirtyRuns& out) {
  RunBuilder builder(out);
  __m512i line = _mm512_setzero_si512();
  std::size_t at = 0;
  while (at < words.size()) {
    const bool whole_step = at + kWordsPerStep <= words.size();
    if (whole_step && !ends_dirty(line) && step_is_clean(&words[at])) {
      line = _mm512_setzero_si512();
      at += kWordsPerStep;
      continue;
    }
    const std::size_t end = whole_step ? at + kWordsPerStep : words.size();
    for (; at < end; at += kWordsPerLine) line = take_line(&words[at], at, line, builder);
  }
  builder.finish(ends_dirty(line), words.size());
}

}  // namespace mdevsim::state

#endif
