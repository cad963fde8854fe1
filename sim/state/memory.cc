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

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
constexpr std::size_t kMappedBytesMin = std::size_t{128} << 10;  // less comes from the heap

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// Sizes that differ by less than a page (a huge page, where there are any) are one size to the
// pool.
std::size_t arena_bytes(std::size_t bytes) {
  return round_up(std::max(bytes, kPageBytes),
                  bytes >= kHugePageBytes ? kHugePageBytes : kPageBytes);
}

bool is_mapped(std::size_t bytes) { return bytes >= kMappedBytesMin; }

std::byte* as_bytes(void* memory) { return static_cast<std::byte*>(memory); }

// A mapping that begins at a multiple of a huge page: the kernel makes huge pages of such alone.
std::byte* map_aligned(std::size_t bytes) {
  const std::size_t slack = bytes >= kHugePageBytes ? kHugePageBytes - kPageBytes : 0;
  void* mapped = mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (slack == 0) return as_bytes(mapped);
  const auto address = std::bit_cast<std::uintptr_t>(mapped);
  const std::size_t before = round_up(address, kHugePageBytes) - address;
  std::byte* begin = as_bytes(mapped) + before;
  if (before != 0) munmap(mapped, before);
  if (slack != before) munmap(begin + bytes, slack - before);
  return begin;
}

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

Result<Arena> Arena::map(std::size_t bytes, Pages pages) {
  const std::size_t rounded = arena_bytes(bytes);
  std::byte* data =
      is_mapped(rounded) ? map_aligned(rounded) : as_bytes(std::aligned_alloc(kPageBytes, rounded));
  if (data == nullptr) {
    return fail(Errc::no_memory,
                "device memory: the machine has not " + std::to_string(rounded) + " bytes for it");
  }
  if (!is_mapped(rounded)) {
    std::memset(data, 0, rounded);
  } else {
    // Only a wish: memory without huge pages is slower, not wrong.
    madvise(data, rounded, pages == Pages::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  }
  return Arena(data, rounded);
}

Arena::Arena(Arena&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Arena::~Arena() {
  if (data_ == nullptr) return;
  if (is_mapped(bytes_)) {
    munmap(data_, bytes_);
  } else {
    std::free(data_);
  }
}

Arena ArenaPool::take(std::size_t bytes) {
  const MutexLock lock(mutex_);
  const auto found = by_size_.find(arena_bytes(bytes));
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
  options.sparse = options.sparse && is_mapped(arena_bytes(bytes));  // a chunk or two: no gain
  DeviceMemory memory(bytes, std::move(options));
  if (memory.sparse()) {
    memory.committed_bits_.resize((bytes / kChunkBytes + 1 + 63) / 64);
  } else if (memory.options_.budget) {
    if (auto taken = memory.options_.budget->take(bytes); !taken) {
      return tl::unexpected(std::move(taken).error());
    }
    memory.charged_bytes_ = bytes;
  }
  const bool reuses = memory.options_.pool && !memory.sparse();
  if (reuses) memory.arena_ = memory.options_.pool->take(bytes);
  if (memory.arena_.data() != nullptr) {
    std::memset(memory.arena_.data(), 0, bytes);
    return memory;
  }
  TRY_SET(memory.arena_,
          Arena::map(bytes, memory.sparse() ? Arena::Pages::small : Arena::Pages::huge));
  if (memory.options_.prefault && !memory.sparse()) prefault(memory.bytes());
  return memory;
}

DeviceMemory::DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  if (this == &other) return *this;
  release();
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
  Arena gone = std::move(arena_);
  if (options_.pool && !sparse() && gone.data() != nullptr)
    options_.pool->give_back(std::move(gone));
}

bool DeviceMemory::committed(std::size_t chunk) const {
  return ((committed_bits_[chunk / 64] >> (chunk % 64)) & 1) != 0;
}

std::size_t DeviceMemory::chunk_bytes(std::size_t chunk) const {
  return std::min(kChunkBytes, bytes_ - chunk * kChunkBytes);
}

Result<void> DeviceMemory::commit(Extent extent) {
  if (!sparse() || extent.length == 0) return {};
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
  madvise(arena_.data() + chunk * kChunkBytes, bytes, MADV_DONTNEED);
  committed_bits_[chunk / 64] &= ~(std::uint64_t{1} << (chunk % 64));
  if (!options_.budget) return;
  options_.budget->give_back(bytes);
  charged_bytes_ -= bytes;
}

void DeviceMemory::clear(Extent extent) {
  if (!sparse()) {
    if (extent.length != 0) std::memset(arena_.data() + extent.offset, 0, extent.length);
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
        std::memset(arena_.data() + at, 0, next - at);
      }
      at = next;
    }
  }
}

}  // namespace mdevsim::state
