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
// and gives them as runs.
void take_runs(DirtyWords words, DirtyRuns& out);

// The same for a given kind of processor, which must be this one's or a lesser.
void take_runs(CpuLevel level, DirtyWords words, DirtyRuns& out);

// Puts runs together from the words of a bitmap, which come in ascending order.
class RunBuilder {
 public:
  explicit RunBuilder(DirtyRuns& out) : out_(out) {
    out_.size_ = 0;
    out_.pages_ = 0;
  }

  // Whether a run reaches up to the next word: then that one must not be passed over, even if it is
  // zero.
  bool open() const { return carry_ != 0; }

  // The word's bits: bit 0 is page 64 * index.
  void add(std::size_t index, std::uint64_t bits);

  // After the last word, of which there are `words`.
  void finish(std::size_t words);

 private:
  void reserve();

  DirtyRuns& out_;
  std::uint64_t carry_ = 0;  // the last page of the word before
  std::size_t firsts_ = 0;
};

}  // namespace mdevsim::state
