#include "sim/state/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "sim/state/bytes.h"

namespace mdevsim::state {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
constexpr std::size_t kMappedBytesMin = std::size_t{128} << 10;  // less comes from the heap

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
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

}  // namespace

std::size_t Arena::rounded(std::size_t bytes) {
  return round_up(std::max(bytes, kPageBytes),
                  bytes >= kHugePageBytes ? kHugePageBytes : kPageBytes);
}

Result<Arena> Arena::map(std::size_t bytes, Pages pages) {
  const std::size_t size = Arena::rounded(bytes);
  std::byte* data =
      is_mapped(size) ? map_aligned(size) : as_bytes(std::aligned_alloc(kPageBytes, size));
  if (data == nullptr) {
    return fail(Errc::no_memory,
                "device memory: the machine has not " + std::to_string(size) + " bytes for it");
  }
  if (!is_mapped(size)) {
    std::memset(data, 0, size);
  } else {
    // Only a wish: memory without huge pages is slower, not wrong.
    madvise(data, size, pages == Pages::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  }
  return Arena(data, size);
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

}  // namespace mdevsim::state
