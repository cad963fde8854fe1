#include "sim/state/dirty_scan.h"

#include <algorithm>
#include <bit>
#include <memory>

namespace mdevsim::state {
namespace {

void grow(std::unique_ptr<std::uint32_t[]>& values, std::size_t used, std::size_t capacity) {
  auto grown = std::make_unique_for_overwrite<std::uint32_t[]>(capacity);
  std::copy_n(values.get(), used, grown.get());
  values = std::move(grown);
}

std::size_t store_positions(std::uint64_t bits, std::size_t index, std::uint32_t* to) {
  std::size_t count = 0;
  for (; bits != 0; bits &= bits - 1) {
    to[count++] =
        static_cast<std::uint32_t>(index * 64) + static_cast<std::uint32_t>(std::countr_zero(bits));
  }
  return count;
}

void take_runs_portable(DirtyWords words, DirtyRuns& out) {
  RunBuilder builder(out);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].load(std::memory_order_relaxed) != 0) {
      builder.add(i, words[i].exchange(0, std::memory_order_seq_cst));
    } else if (builder.open()) {
      builder.add(i, 0);
    }
  }
  builder.finish(words.size());
}

}  // namespace

// A word has at most 32 runs that begin or end in it.
void RunBuilder::reserve() {
  const std::size_t needed = firsts_ + 64;
  if (needed <= out_.capacity_) return;
  const std::size_t capacity = std::max(needed, out_.capacity_ * 2);
  grow(out_.firsts_, firsts_, capacity);
  grow(out_.ends_, out_.size_, capacity);
  out_.capacity_ = capacity;
}

void RunBuilder::add(std::size_t index, std::uint64_t bits) {
  reserve();
  const std::uint64_t before = (bits << 1) | carry_;  // each page's bit is its predecessor's
  firsts_ += store_positions(bits & ~before, index, &out_.firsts_[firsts_]);
  out_.size_ += store_positions(~bits & before, index, &out_.ends_[out_.size_]);
  out_.pages_ += static_cast<std::uint64_t>(std::popcount(bits));
  carry_ = bits >> 63;
}

void RunBuilder::finish(std::size_t words) {
  if (!open()) return;
  out_.ends_[out_.size_++] = static_cast<std::uint32_t>(words * 64);
  carry_ = 0;
}

void take_runs(CpuLevel, DirtyWords words, DirtyRuns& out) { take_runs_portable(words, out); }

void take_runs(DirtyWords words, DirtyRuns& out) { take_runs(cpu_level(), words, out); }

}  // namespace mdevsim::state
