// How the dirty bits of a log become runs of pages. Internal to sim/state.
#pragma once

#include <atomic>
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

// Collects where runs begin and end. Bit i of a word's edges is set when its page i is dirty and
// the one before it is not, or the other way round.
class RunBuilder {
 public:
  explicit RunBuilder(DirtyRuns& out) : out_(out) {}

  // Room for the edges of so many words and for kSlack more, which may be overwritten with garbage.
  static constexpr std::size_t kSlack = 64;
  std::uint32_t* room_for(std::size_t words) {
    if (size_ + words * 64 + kSlack > out_.capacity_) grow(words);
    return &out_.edges_[size_];
  }
  void add(std::size_t edges, std::uint64_t pages) {
    size_ += edges;
    pages_ += pages;
  }

  // After the last word; `open` is whether its last page is dirty.
  void finish(bool open, std::size_t words);

 private:
  void grow(std::size_t words);

  DirtyRuns& out_;
  std::size_t size_ = 0;
  std::uint64_t pages_ = 0;
};

}  // namespace mdevsim::state
