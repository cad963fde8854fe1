// The last requests, in a ring of fixed size: whoever serves a request writes, whoever reads the
// trace reads, and nobody waits for anybody.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "fusefs/fuse/command_names.h"
#include "fusefs/fuse/observer.h"

namespace mdevsim::fusefs {

struct TraceRecord {
  sysfs::NodeId node;
  std::int64_t begin_ns = 0;  // of the steady clock
  std::uint64_t duration_ns = 0;
  std::uint64_t bytes = 0;
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
  Errc errc = Errc::ok;
  Operation operation{};
  CommandName command;
  Detail detail;  // the last, since what it does not use is not copied
};
static_assert(std::is_trivially_copyable_v<TraceRecord>);
static_assert(offsetof(TraceRecord, detail) + sizeof(Detail) + 8 > sizeof(TraceRecord));

// Records are numbered from 0 in the order in which they came. Record n lies in slot n % capacity
// until record n + capacity comes. A slot says by a number which record it holds and whether that
// is complete (a sequence lock), so that a reader notices when what it copied was overwritten.
class TraceRing {
 public:
  enum class Got : std::uint8_t { record, not_yet, overwritten };

  // Memory is used as records come. The capacity is rounded up to a power of two; at least 1.
  explicit TraceRing(std::size_t capacity);

  void append(const TraceRecord& record);
  Got get(std::uint64_t number, TraceRecord& out) const;

  // The number that the next record gets.
  std::uint64_t end() const { return end_.load(std::memory_order_acquire); }
  // The oldest that may still be there.
  std::uint64_t begin() const {
    const std::uint64_t end = this->end();
    return end > capacity() ? end - capacity() : 0;
  }
  std::size_t capacity() const { return mask_ + 1; }

 private:
  static constexpr std::size_t kWords = (sizeof(TraceRecord) + 7) / 8;
  // Plain numbers in memory that begins as zeros; every access is atomic (std::atomic_ref).
  struct Slot {
    std::uint64_t state;  // 0: empty; 2n + 1: record n is being written; 2n + 2: it is there
    std::uint64_t words[kWords];
  };
  struct Free {
    void operator()(Slot* slots) const;
  };

  const std::size_t mask_;
  const std::unique_ptr<Slot[], Free> slots_;
  alignas(64) std::atomic<std::uint64_t> end_ = 0;
};

}  // namespace mdevsim::fusefs
