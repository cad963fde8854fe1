// The memory that a device's state lies in, and what bounds it.
//
// Memory that was never written is 8 to 17 times slower to write than memory that was (the kernel
// must find and clear each page), so what devices give back is kept warm in an ArenaPool.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "sim/base/mutex.h"
#include "sim/base/result.h"
#include "sim/state/arena.h"
#include "sim/state/bytes.h"
#include "sim/state/slab.h"

namespace mdevsim::state {

// How much memory the devices of a host may have together. Safe to share between threads.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // ENOMEM when that is more than is left; nothing is taken then.
  Result<void> take(std::uint64_t bytes);
  void give_back(std::uint64_t bytes);

  std::uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  std::uint64_t bytes_max() const { return bytes_max_; }

 private:
  const std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> used_bytes_ = 0;
};

// Keeps the arenas of devices that are gone, for the next device of about the same size, and has
// those of small devices side by side. Safe to share between threads.
class ArenaPool {
 public:
  // What is given back beyond bytes_max goes to the kernel at once. (Small pieces do not count.)
  explicit ArenaPool(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  SlabPool& small_pieces() { return small_pieces_; }

  // A warm arena, whose bytes are whatever they were; an empty one when there is none that fits.
  Arena take(std::size_t bytes) EXCLUDES(mutex_);
  void give_back(Arena arena) EXCLUDES(mutex_);
  std::uint64_t kept_bytes() const EXCLUDES(mutex_);

 private:
  const std::uint64_t bytes_max_;
  SlabPool small_pieces_;
  mutable Mutex mutex_;
  std::map<std::size_t, std::vector<Arena>> by_size_ GUARDED_BY(mutex_);
  std::uint64_t kept_bytes_ GUARDED_BY(mutex_) = 0;
};

struct MemoryOptions {
  // Sparse memory costs only what is committed, in chunks of kChunkBytes; the rest reads as zeros.
  bool sparse = false;
  // Has the kernel find the pages now instead of at the first write. Not for sparse memory.
  bool prefault = false;
  std::shared_ptr<MemoryBudget> budget = {};  // none: no limit but the machine's
  std::shared_ptr<ArenaPool> pool = {};       // none: straight from the kernel, and back to it
};

// A range of bytes of a device's memory.
struct Extent {
  std::size_t offset = 0;
  std::size_t length = 0;

  std::size_t end() const { return offset + length; }
  bool operator==(const Extent&) const = default;
};

// The memory of one section of a device: so many bytes that can be read at any time. One thread at
// a time may call what is not const.
class DeviceMemory {
 public:
  static constexpr std::size_t kChunkBytes = std::size_t{64} << 10;

  DeviceMemory() = default;
  // Zeros. ENOMEM when the budget, or the machine, has not that much; EINVAL when it is more than
  // kDeviceMemoryBytesMax.
  static Result<DeviceMemory> create(std::size_t bytes, MemoryOptions options = {});
  DeviceMemory(DeviceMemory&& other) noexcept;
  DeviceMemory& operator=(DeviceMemory&& other) noexcept;
  ~DeviceMemory();

  // Only what is committed may be written.
  Bytes bytes() { return {data_, bytes_}; }
  ConstBytes bytes() const { return {data_, bytes_}; }
  std::size_t size() const { return bytes_; }
  bool sparse() const { return options_.sparse; }

  // To be called before writing. ENOMEM when the memory is sparse and the budget has not that much:
  // then nothing is committed that was not.
  Result<void> commit(Extent extent) {
    if (units_.empty()) return {};
    const std::size_t unit = extent.offset >> unit_shift_;
    if (extent.length != 0 && (extent.end() - 1) >> unit_shift_ == unit && is_written(unit))
      return {};
    return commit_units(extent);
  }

  // The first committed extent that ends behind `offset`, cut to begin there; of length 0 when all
  // from there on is hole. Memory that is not sparse is one extent. What is not committed is zero
  // and need not be read: reading it would have the kernel make page tables for it.
  Extent committed_from(std::size_t offset) const;
  // The first extent of the range that may be something else than zero, as it was committed since
  // it was last cleared; of length 0 when there is none. Of memory that is not sparse, too, unless
  // it is too small for that to be worth knowing.
  Extent written_in(Extent range) const;
  std::uint64_t committed_bytes() const;

  // Makes it all zeros. Of sparse memory, whole chunks go back to the kernel and to the budget.
  void clear(Extent extent);

 private:
  DeviceMemory(std::size_t bytes, MemoryOptions options) : bytes_(bytes), options_(options) {}

  bool is_written(std::size_t unit) const { return ((units_[unit / 64] >> (unit % 64)) & 1) != 0; }
  std::size_t first_unit(std::size_t from, std::size_t end, bool written) const;
  std::size_t unit_bytes(std::size_t unit) const;  // the last one may be shorter
  Result<void> commit_units(Extent extent);
  void clear_unit(std::size_t unit);
  Result<void> charge();
  Result<void> allocate();
  void release();

  std::byte* data_ = nullptr;
  Arena arena_;  // empty when the memory is a small piece of the pool's
  std::size_t bytes_ = 0;
  MemoryOptions options_;
  std::uint64_t charged_bytes_ = 0;
  std::vector<std::uint64_t> units_;  // a bit for each that was written; empty: all may have been
  unsigned unit_shift_ = 0;           // a chunk of sparse memory, a page of any other
};

}  // namespace mdevsim::state
