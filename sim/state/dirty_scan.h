// How the dirty bits of a log become runs of pages. Internal to sim/state.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/state/cpu.h"
#include "sim/state/dirty_log.h"

namespace mdevsim::state {

using DirtyWords = std::span<std::atomic<std::uint64_t>>;

// Takes all bits out of the words, whose number is a multiple of 8 and which begin a cache line,
// and gives them as runs. Nobody else may change words meanwhile; others may look at them.
void take_runs(DirtyWords words, DirtyRuns& out);

void take_runs_avx512(DirtyWords words, DirtyRuns& out);

// The same for a given kind of processor, which must be this one's or a lesser.
void take_runs(CpuLevel level, DirtyWords words, DirtyRuns& out);

// Writes base + i for each bit i of `bits`, which are at most 32, and returns their number. It may
// write garbage behind them, up to to[32].
using StorePositions = std::size_t (*)(std::uint64_t bits, std::uint32_t base, std::uint32_t* to);

// Puts runs together from the words of a bitmap that are not zero, in ascending order.
class RunBuilder {
 public:
  explicit RunBuilder(DirtyRuns& out) : out_(out) {
    out_.size_ = 0;
    out_.pages_ = 0;
  }

  // Bit 0 of the word is page 64 * index.
  template <StorePositions store>
  [[gnu::always_inline]] void add(std::size_t index, std::uint64_t bits) {
    if (firsts_ + kRoom > out_.capacity_) grow();
    if (index != next_) close();
    const auto base = static_cast<std::uint32_t>(index * 64);
    const std::uint64_t before = (bits << 1) | carry_;  // each page's bit is its predecessor's
    firsts_ += store(bits & ~before, base, &out_.firsts_[firsts_]);
    out_.size_ += store(~bits & before, base, &out_.ends_[out_.size_]);
    out_.pages_ += static_cast<std::uint64_t>(std::popcount(bits));
    carry_ = bits >> 63;
    next_ = index + 1;
  }

  // After the last word.
  void finish() { close(); }

 private:
  static constexpr std::size_t kRoom = 33;  // of a word, and what closes a run before it

  // Ends the run that reaches up to page 64 * next_, if there is one.
  void close() {
    if (carry_ == 0) return;
    out_.ends_[out_.size_++] = static_cast<std::uint32_t>(next_ * 64);
    carry_ = 0;
  }
  void grow();

  DirtyRuns& out_;
  std::uint64_t carry_ = 0;  // the last page of the word before
  std::size_t next_ = 0;     // behind the word before
  std::size_t firsts_ = 0;
};

}  // namespace mdevsim::state
