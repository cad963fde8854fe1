#include "sim/state/slab.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "sim/base/check.h"
#include "sim/state/bytes.h"

namespace mdevsim::state {
namespace {

std::size_t piece_bytes_of(std::size_t bytes) {
  CHECK(bytes <= SlabPool::kPieceBytesMax);
  return std::max(pages_of(bytes), std::size_t{1}) * kPageBytes;
}

std::byte* slab_of(std::byte* piece) {
  return piece - std::bit_cast<std::uintptr_t>(piece) % SlabPool::kSlabBytes;
}

}  // namespace

Result<SlabPool::Slab*> SlabPool::slab_with_room(std::size_t piece_bytes) {
  std::vector<Slab*>& with_room = with_room_[piece_bytes];
  if (!with_room.empty()) return with_room.back();
  TRY_SET(Arena arena, Arena::map(kSlabBytes, Arena::Pages::huge));
  std::byte* begin = arena.data();
  Slab& slab = slabs_[begin];
  slab.arena = std::move(arena);
  slab.piece_bytes = piece_bytes;
  // The first piece last: pieces are taken from the back.
  for (std::size_t i = kSlabBytes / piece_bytes; i > 0; --i) {
    slab.free.push_back(begin + (i - 1) * piece_bytes);
  }
  with_room.push_back(&slab);
  return &slab;
}

Result<std::byte*> SlabPool::take(std::size_t bytes) {
  const std::size_t piece_bytes = piece_bytes_of(bytes);
  const MutexLock lock(mutex_);
  TRY_SET(Slab * slab, slab_with_room(piece_bytes));
  std::byte* piece = slab->free.back();
  slab->free.pop_back();
  ++slab->taken;
  if (slab->free.empty()) with_room_[piece_bytes].pop_back();  // it was the last one
  return piece;
}

void SlabPool::give_back(std::byte* piece, std::size_t bytes) {
  const MutexLock lock(mutex_);
  const auto found = slabs_.find(slab_of(piece));
  CHECK(found != slabs_.end() && found->second.piece_bytes == piece_bytes_of(bytes));
  Slab& slab = found->second;
  std::vector<Slab*>& with_room = with_room_[slab.piece_bytes];
  if (slab.free.empty()) with_room.push_back(&slab);
  slab.free.push_back(piece);
  --slab.taken;
  if (slab.taken != 0 || with_room.size() == 1) return;
  with_room.erase(std::find(with_room.begin(), with_room.end(), &slab));
  slabs_.erase(found);
}

std::uint64_t SlabPool::slab_bytes() const {
  const MutexLock lock(mutex_);
  return slabs_.size() * kSlabBytes;
}

}  // namespace mdevsim::state
