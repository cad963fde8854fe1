#include "sim/state/dirty_scan.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

namespace mdevsim::state {
namespace {

void enlarge(std::unique_ptr<std::uint32_t[]>& values, std::size_t used, std::size_t capacity) {
  auto enlarged = std::make_unique_for_overwrite<std::uint32_t[]>(capacity);
  std::copy_n(values.get(), used, enlarged.get());
  values = std::move(enlarged);
}

std::size_t store_positions(std::uint64_t bits, std::uint32_t base, std::uint32_t* to) {
  std::size_t count = 0;
  for (; bits != 0; bits &= bits - 1) {
    to[count++] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
  }
  return count;
}

void take_runs_portable(DirtyWords words, DirtyRuns& out) {
  RunBuilder builder(out);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint64_t bits = words[i].load(std::memory_order_relaxed);
    if (bits == 0) continue;
    words[i].store(0, std::memory_order_relaxed);
    builder.add<store_positions>(i, bits);
  }
  builder.finish();
}

}  // namespace

void RunBuilder::grow() {
  const std::size_t capacity = std::max(firsts_ + kRoom, out_.capacity_ * 2);
  enlarge(out_.firsts_, firsts_, capacity);
  enlarge(out_.ends_, out_.size_, capacity);
  out_.capacity_ = capacity;
}

void take_runs(CpuLevel level, DirtyWords words, DirtyRuns& out) {
#if defined(__x86_64__)
  if (level == CpuLevel::avx512) return take_runs_avx512(words, out);
#endif
  take_runs_portable(words, out);
}

void take_runs(DirtyWords words, DirtyRuns& out) { take_runs(cpu_level(), words, out); }

}  // namespace mdevsim::state
