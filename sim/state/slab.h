// Small pieces of memory, cut from huge pages: thousands of devices of 16 KiB lie side by side and
// are copied as fast as one flat block, which pieces strewn over the heap are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "sim/base/mutex.h"
#include "sim/base/result.h"
#include "sim/state/arena.h"

namespace mdevsim::state {

// Safe to share between threads.
class SlabPool {
 public:
  static constexpr std::size_t kSlabBytes = std::size_t{2} << 20;
  static constexpr std::size_t kPieceBytesMax = std::size_t{128} << 10;

  // So many bytes, rounded up to pages, at most kPieceBytesMax; whatever they were before. ENOMEM
  // when the machine has none.
  Result<std::byte*> take(std::size_t bytes) EXCLUDES(mutex_);

  // What take(bytes) gave. A slab of which no piece is taken goes back to the kernel, but for one.
  void give_back(std::byte* piece, std::size_t bytes) EXCLUDES(mutex_);

  // All slabs together.
  std::uint64_t slab_bytes() const EXCLUDES(mutex_);

 private:
  struct Slab {
    Arena arena;
    std::size_t piece_bytes = 0;
    std::vector<std::byte*> free;
    std::size_t taken = 0;
  };

  Result<Slab*> slab_with_room(std::size_t piece_bytes) REQUIRES(mutex_);

  mutable Mutex mutex_;
  // By where they begin, which is a multiple of their size.
  std::unordered_map<std::byte*, Slab> slabs_ GUARDED_BY(mutex_);
  // The slabs that have a free piece, by the size of their pieces.
  std::map<std::size_t, std::vector<Slab*>> with_room_ GUARDED_BY(mutex_);
};

}  // namespace mdevsim::state
