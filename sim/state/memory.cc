#include "sim/state/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/limits.h"

namespace mdevsim::state {
namespace {

constexpr std::size_t kSmallBytesMax = SlabPool::kPieceBytesMax;

void prefault(Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += kPageBytes) {
    *const_cast<volatile std::byte*>(&bytes[i]) = std::byte{0};
  }
}

}  // namespace

Result<void> MemoryBudget::take(std::uint64_t bytes) {
  std::uint64_t used = used_bytes();
  do {
    if (bytes > bytes_max_ - used) {
      return fail(Errc::no_memory, "device memory: " + std::to_string(bytes) +
                                       " bytes more than the " + std::to_string(used) +
                                       " in use exceed the budget of " +
                                       std::to_string(bytes_max_));
    }
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return {};
}

void MemoryBudget::give_back(std::uint64_t bytes) {
  const std::uint64_t used = used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  CHECK(used >= bytes);
}

Arena ArenaPool::take(std::size_t bytes) {
  const MutexLock lock(mutex_);
  const auto found = by_size_.find(Arena::rounded(bytes));
  if (found == by_size_.end() || found->second.empty()) return {};
  Arena arena = std::move(found->second.back());
  found->second.pop_back();
  kept_bytes_ -= arena.size();
  return arena;
}

void ArenaPool::give_back(Arena arena) {
  const MutexLock lock(mutex_);
  if (arena.size() > bytes_max_ - kept_bytes_) return;
  kept_bytes_ += arena.size();
  by_size_[arena.size()].push_back(std::move(arena));
}

std::uint64_t ArenaPool::kept_bytes() const {
  const MutexLock lock(mutex_);
  return kept_bytes_;
}

Result<DeviceMemory> DeviceMemory::create(std::size_t bytes, MemoryOptions options) {
  if (bytes > kDeviceMemoryBytesMax) {
    return fail(Errc::invalid, "device memory: " + std::to_string(bytes) + " bytes > " +
                                   std::to_string(kDeviceMemoryBytesMax));
  }
  options.sparse = options.sparse && bytes > kSmallBytesMax;  // a chunk or two: no gain
  DeviceMemory memory(bytes, std::move(options));
  if (auto charged = memory.charge(); !charged) return tl::unexpected(std::move(charged).error());
  if (auto done = memory.allocate(); !done) return tl::unexpected(std::move(done).error());
  return memory;
}

// Sparse memory is charged when it is committed.
Result<void> DeviceMemory::charge() {
  if (sparse() || !options_.budget) return {};
  if (auto taken = options_.budget->take(bytes_); !taken) return taken;
  charged_bytes_ = bytes_;
  return {};
}

Result<void> DeviceMemory::allocate() {
  if (bytes_ > kSmallBytesMax) {
    unit_shift_ = static_cast<unsigned>(std::countr_zero(sparse() ? kChunkBytes : kPageBytes));
    units_.resize((bytes_ >> unit_shift_) / 64 + 1);
  }
  if (sparse()) {
    TRY_SET(arena_, Arena::map(bytes_, Arena::Pages::small));
    data_ = arena_.data();
    return {};
  }
  if (options_.pool && bytes_ <= kSmallBytesMax) {
    TRY_SET(data_, options_.pool->small_pieces().take(bytes_));
  } else if (options_.pool) {
    arena_ = options_.pool->take(bytes_);
    data_ = arena_.data();
  }
  if (data_ != nullptr) {
    if (bytes_ != 0) std::memset(data_, 0, bytes_);
    return {};
  }
  TRY_SET(arena_, Arena::map(bytes_, Arena::Pages::huge));
  data_ = arena_.data();
  if (options_.prefault) prefault(bytes());
  return {};
}

DeviceMemory::DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  if (this == &other) return *this;
  release();
  data_ = std::exchange(other.data_, nullptr);
  arena_ = std::move(other.arena_);
  bytes_ = std::exchange(other.bytes_, 0);
  options_ = std::move(other.options_);
  charged_bytes_ = std::exchange(other.charged_bytes_, 0);
  units_ = std::move(other.units_);
  unit_shift_ = other.unit_shift_;
  other.options_ = {};
  other.units_.clear();
  return *this;
}

DeviceMemory::~DeviceMemory() { release(); }

void DeviceMemory::release() {
  if (options_.budget) options_.budget->give_back(std::exchange(charged_bytes_, 0));
  std::byte* data = std::exchange(data_, nullptr);
  Arena arena = std::move(arena_);
  if (!options_.pool || data == nullptr || sparse()) return;
  if (arena.data() == nullptr) {
    options_.pool->small_pieces().give_back(data, bytes_);
  } else {
    options_.pool->give_back(std::move(arena));
  }
}

// The first of the units that was written, or that was not; `end` when there is none.
std::size_t DeviceMemory::first_unit(std::size_t from, std::size_t end, bool written) const {
  while (from < end) {
    // Both holes and what is between them can be long: whole words are passed at once.
    const std::uint64_t word = written ? units_[from / 64] : ~units_[from / 64];
    const std::uint64_t rest = word >> (from % 64);
    if (rest != 0) return std::min(from + static_cast<std::size_t>(std::countr_zero(rest)), end);
    from += 64 - from % 64;
  }
  return end;
}

std::size_t DeviceMemory::unit_bytes(std::size_t unit) const {
  return std::min(std::size_t{1} << unit_shift_, bytes_ - (unit << unit_shift_));
}

Result<void> DeviceMemory::commit_units(Extent extent) {
  if (extent.length == 0) return {};
  const std::size_t first = extent.offset >> unit_shift_;
  const std::size_t end = ((extent.end() - 1) >> unit_shift_) + 1;
  if (sparse() && options_.budget) {
    std::uint64_t missing = 0;
    for (std::size_t unit = first_unit(first, end, false); unit < end;
         unit = first_unit(unit + 1, end, false)) {
      missing += unit_bytes(unit);
    }
    if (auto taken = options_.budget->take(missing); !taken) return taken;
    charged_bytes_ += missing;
  }
  for (std::size_t unit = first; unit < end; ++unit)
    units_[unit / 64] |= std::uint64_t{1} << (unit % 64);
  return {};
}

Extent DeviceMemory::committed_from(std::size_t offset) const {
  const Extent rest = {offset, bytes_ - std::min(offset, bytes_)};
  return sparse() ? written_in(rest) : rest;
}

Extent DeviceMemory::written_in(Extent range) const {
  if (units_.empty() || range.length == 0) return range;
  const std::size_t end = ((range.end() - 1) >> unit_shift_) + 1;
  const std::size_t first = first_unit(range.offset >> unit_shift_, end, true);
  const std::size_t behind = first_unit(first, end, false);
  const std::size_t begin_byte = std::clamp(first << unit_shift_, range.offset, range.end());
  const std::size_t end_byte = std::clamp(behind << unit_shift_, begin_byte, range.end());
  return {begin_byte, end_byte - begin_byte};
}

std::uint64_t DeviceMemory::committed_bytes() const {
  if (!sparse()) return bytes_;
  std::uint64_t bytes = 0;
  for (Extent extent = committed_from(0); extent.length != 0;
       extent = committed_from(extent.end())) {
    bytes += extent.length;
  }
  return bytes;
}

void DeviceMemory::clear_unit(std::size_t unit) {
  const std::size_t bytes = unit_bytes(unit);
  std::byte* const begin = data_ + (unit << unit_shift_);
  units_[unit / 64] &= ~(std::uint64_t{1} << (unit % 64));
  if (!sparse()) {
    std::memset(begin, 0, bytes);
    return;
  }
  madvise(begin, bytes, MADV_DONTNEED);
  if (!options_.budget) return;
  options_.budget->give_back(bytes);
  charged_bytes_ -= bytes;
}

void DeviceMemory::clear(Extent extent) {
  if (units_.empty()) {
    if (extent.length != 0) std::memset(data_ + extent.offset, 0, extent.length);
    return;
  }
  Extent part = written_in(extent);
  while (part.length != 0) {
    const std::size_t unit = part.offset >> unit_shift_;
    const std::size_t unit_begin = unit << unit_shift_;
    const std::size_t next = std::min(part.end(), unit_begin + unit_bytes(unit));
    if (part.offset == unit_begin && next == unit_begin + unit_bytes(unit)) {
      clear_unit(unit);
    } else {
      std::memset(data_ + part.offset, 0, next - part.offset);
    }
    part = written_in({next, extent.end() - next});
  }
}

}  // namespace mdevsim::state
