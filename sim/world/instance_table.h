// The instances of a host: by id, by uuid, by iommu group and by vfio number. About 60 bytes an
// instance, all included.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/world/objects.h"

namespace mdevsim {

class InstanceTable {
 public:
  // The instance; null when there is none of that id (any more).
  const Instance* find(InstanceId id) const;
  Instance* find(InstanceId id);

  InstanceId find_uuid(const Uuid& uuid) const;
  InstanceId find_group(std::uint32_t group) const { return at(by_group_, group); }
  InstanceId find_vfio(std::uint32_t number) const { return at(by_vfio_, number); }

  // The uuid must not be present; ids must grow.
  Instance& insert(InstanceId id, const Instance& instance);
  void erase(InstanceId id);

  // Makes a bound instance findable by its numbers, and back.
  void index_numbers(InstanceId id);
  void forget_numbers(const Instance& instance);

  std::uint32_t size() const { return size_; }

  // Calls visit(InstanceId, const Instance&) for each, in the order of their ids.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
      if (!chunks_[c]) continue;
      for (std::uint32_t i = 0; i < kChunk; ++i) {
        if (!chunks_[c]->present(i)) continue;
        visit(static_cast<InstanceId>(c * kChunk + i), chunks_[c]->instances[i]);
      }
    }
  }

 private:
  static constexpr std::uint32_t kChunk = 128;  // 5 KiB: one survivor does not keep much

  struct Chunk {
    std::array<Instance, kChunk> instances;
    std::array<std::uint64_t, kChunk / 64> present_bits{};
    std::uint32_t count = 0;
    bool present(std::uint32_t i) const { return ((present_bits[i / 64] >> (i % 64)) & 1) != 0; }
  };

  // A vector that grows without copying and without slack.
  using Blocks = std::vector<std::unique_ptr<std::array<InstanceId, 4096>>>;
  static InstanceId at(const Blocks& blocks, std::uint32_t number);
  static void put(Blocks& blocks, std::uint32_t number, InstanceId id);

  void grow_index();
  void place(InstanceId id, const Uuid& uuid);

  std::vector<std::unique_ptr<Chunk>>
      chunks_;                       // by id / kChunk; null when all its instances are gone
  std::vector<InstanceId> by_uuid_;  // open addressing, linear probing; a power of two
  std::uint32_t size_ = 0;
  Blocks by_group_;
  Blocks by_vfio_;
};

}  // namespace mdevsim
