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
  if (sparse()) {
    committed_bits_.resize((bytes_ / kChunkBytes + 1 + 63) / 64);
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
  committed_bits_ = std::move(other.committed_bits_);
  other.options_ = {};
  other.committed_bits_.clear();
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

bool DeviceMemory::committed(std::size_t chunk) const {
  return ((committed_bits_[chunk / 64] >> (chunk % 64)) & 1) != 0;
}

std::size_t DeviceMemory::chunk_bytes(std::size_t chunk) const {
  return std::min(kChunkBytes, bytes_ - chunk * kChunkBytes);
}

Result<void> DeviceMemory::commit_chunks(Extent extent) {
  if (extent.length == 0) return {};
  const std::size_t first = extent.offset / kChunkBytes;
  const std::size_t last = (extent.end() - 1) / kChunkBytes;
  std::uint64_t missing = 0;
  for (std::size_t chunk = first; chunk <= last; ++chunk) {
    if (!committed(chunk)) missing += chunk_bytes(chunk);
  }
  if (missing == 0) return {};
  if (options_.budget) {
    if (auto taken = options_.budget->take(missing); !taken) return taken;
    charged_bytes_ += missing;
  }
  for (std::size_t chunk = first; chunk <= last; ++chunk) {
    committed_bits_[chunk / 64] |= std::uint64_t{1} << (chunk % 64);
  }
  return {};
}

Extent DeviceMemory::committed_from(std::size_t offset) const {
  if (!sparse() || offset >= bytes_) return {offset, bytes_ - std::min(offset, bytes_)};
  const std::size_t chunks = (bytes_ + kChunkBytes - 1) / kChunkBytes;
  std::size_t first = offset / kChunkBytes;
  while (first < chunks && !committed(first)) {
    // Holes are long: whole words of them are passed at once.
    const std::uint64_t rest = committed_bits_[first / 64] >> (first % 64);
    first += rest == 0 ? 64 - first % 64 : static_cast<std::size_t>(std::countr_zero(rest));
  }
  std::size_t end = std::min(first, chunks);
  while (end < chunks && committed(end)) ++end;
  const std::size_t begin_byte = std::clamp(first * kChunkBytes, offset, bytes_);
  const std::size_t end_byte = std::clamp(end * kChunkBytes, begin_byte, bytes_);
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

void DeviceMemory::uncommit(std::size_t chunk) {
  const std::size_t bytes = chunk_bytes(chunk);
  madvise(data_ + chunk * kChunkBytes, bytes, MADV_DONTNEED);
  committed_bits_[chunk / 64] &= ~(std::uint64_t{1} << (chunk % 64));
  if (!options_.budget) return;
  options_.budget->give_back(bytes);
  charged_bytes_ -= bytes;
}

void DeviceMemory::clear(Extent extent) {
  if (!sparse()) {
    if (extent.length != 0) std::memset(data_ + extent.offset, 0, extent.length);
    return;
  }
  for (Extent part = committed_from(extent.offset); part.length != 0 && part.offset < extent.end();
       part = committed_from(part.end())) {
    std::size_t at = part.offset;
    const std::size_t end = std::min(part.end(), extent.end());
    while (at < end) {
      const std::size_t chunk = at / kChunkBytes;
      const std::size_t chunk_end = chunk * kChunkBytes + chunk_bytes(chunk);
      const std::size_t next = std::min(end, chunk_end);
      if (at == chunk * kChunkBytes && next == chunk_end) {
        uncommit(chunk);
      } else {
        std::memset(data_ + at, 0, next - at);
      }
      at = next;
    }
  }
}

}  // namespace mdevsim::state
