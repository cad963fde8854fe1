#include "sim/state/dirty_scan.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

namespace mdevsim::state {
namespace {

void take_runs_portable(DirtyWords words, DirtyRuns& out) {
  RunBuilder builder(out);
  std::uint64_t before = 0;  // whether the page before the word is dirty
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint64_t bits = words[i].load(std::memory_order_relaxed);
    if ((bits | before) == 0) continue;
    words[i].store(0, std::memory_order_relaxed);
    std::uint32_t* edge = builder.room_for(1);
    const std::uint64_t edges = bits ^ (bits << 1 | before);
    for (std::uint64_t rest = edges; rest != 0; rest &= rest - 1) {
      *edge++ =
          static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(rest));
    }
    builder.add(static_cast<std::size_t>(std::popcount(edges)),
                static_cast<std::uint64_t>(std::popcount(bits)));
    before = bits >> 63;
  }
  builder.finish(before != 0, words.size());
}

}  // namespace

void RunBuilder::grow(std::size_t words) {
  const std::size_t capacity = std::max(size_ + words * 64 + kSlack, out_.capacity_ * 2);
  auto grown = std::make_unique_for_overwrite<std::uint32_t[]>(capacity);
  std::copy_n(out_.edges_.get(), size_, grown.get());
  out_.edges_ = std::move(grown);
  out_.capacity_ = capacity;
}

void RunBuilder::finish(bool open, std::size_t words) {
  if (open) {
    *room_for(1) = static_cast<std::uint32_t>(words * 64);
    ++size_;
  }
  out_.size_ = size_ / 2;
  out_.pages_ = pages_;
}

void take_runs(CpuLevel level, DirtyWords words, DirtyRuns& out) {
#if defined(__x86_64__)
  if (level == CpuLevel::avx512) return take_runs_avx512(words, out);
#endif
  take_runs_portable(words, out);
}

void take_runs(DirtyWords words, DirtyRuns& out) { take_runs(cpu_level(), words, out); }

}  // namespace mdevsim::state
