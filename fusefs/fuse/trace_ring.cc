#include "fusefs/fuse/trace_ring.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "sim/base/check.h"

namespace mdevsim::fusefs {
namespace {

using Atomic = std::atomic_ref<std::uint64_t>;

constexpr std::uint64_t being_written(std::uint64_t number) { return 2 * number + 1; }
constexpr std::uint64_t complete(std::uint64_t number) { return 2 * number + 2; }

}  // namespace

void TraceRing::Free::operator()(Slot* slots) const { std::free(slots); }

TraceRing::TraceRing(std::size_t capacity)
    : mask_(std::bit_ceil(capacity) - 1),
      // calloc: pages that the kernel has zeroed are not touched before they are used.
      slots_(static_cast<Slot*>(std::calloc(mask_ + 1, sizeof(Slot)))) {
  CHECK(slots_ != nullptr);
}

void TraceRing::append(const TraceRecord& record) {
  const std::size_t used = offsetof(TraceRecord, detail) + record.detail.used();
  std::array<std::uint64_t, kWords> words;
  words[(used - 1) / sizeof words[0]] = 0;  // the one that may be used in part
  std::memcpy(words.data(), &record, used);

  const std::uint64_t number = end_.fetch_add(1, std::memory_order_acq_rel);
  Slot& slot = slots_[number & mask_];
  const Atomic state(slot.state);
  const std::uint64_t before = number > mask_ ? complete(number - capacity()) : 0;
  // The slot's last writer is a whole ring behind; if it has still not finished, it was put to
  // sleep by the scheduler between two instructions.
  while (state.load(std::memory_order_acquire) != before) std::this_thread::yield();
  state.store(being_written(number), std::memory_order_relaxed);
  // Pairs with the fence in get(): who sees one of the new words sees that the record is going.
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i * sizeof words[0] < used; ++i) {
    Atomic(slot.words[i]).store(words[i], std::memory_order_relaxed);
  }
  // Sequentially consistent, as is the question whether somebody waits (Trace::after): either the
  // waiter sees this record, or we see the waiter.
  state.store(complete(number), std::memory_order_seq_cst);
}

TraceRing::Got TraceRing::get(std::uint64_t number, TraceRecord& out) const {
  Slot& slot = slots_[number & mask_];
  const Atomic state(slot.state);
  const std::uint64_t seen = state.load(std::memory_order_seq_cst);
  if (seen < complete(number)) return Got::not_yet;
  if (seen > complete(number)) return Got::overwritten;
  std::array<std::uint64_t, kWords> words;
  for (std::size_t i = 0; i < kWords; ++i) {
    words[i] = Atomic(slot.words[i]).load(std::memory_order_relaxed);
  }
  std::atomic_thread_fence(std::memory_order_acquire);
  if (state.load(std::memory_order_relaxed) != seen) return Got::overwritten;
  std::memcpy(static_cast<void*>(&out), words.data(), sizeof out);  // trivially copyable
  return Got::record;
}

}  // namespace mdevsim::fusefs
