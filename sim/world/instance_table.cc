#include "sim/world/instance_table.h"

#include "sim/base/check.h"

namespace mdevsim {

const Instance* InstanceTable::find(InstanceId id) const {
  const std::uint32_t chunk = raw(id) / kChunk;
  const std::uint32_t slot = raw(id) % kChunk;
  if (chunk >= chunks_.size() || !chunks_[chunk] || !chunks_[chunk]->present(slot)) return nullptr;
  return &chunks_[chunk]->instances[slot];
}

Instance* InstanceTable::find(InstanceId id) {
  return const_cast<Instance*>(static_cast<const InstanceTable&>(*this).find(id));
}

InstanceId InstanceTable::find_uuid(const Uuid& uuid) const {
  if (by_uuid_.empty()) return InstanceId::none;
  const std::size_t mask = by_uuid_.size() - 1;
  for (std::size_t i = hash_of(uuid) & mask;; i = (i + 1) & mask) {
    if (by_uuid_[i] == InstanceId::none) return InstanceId::none;
    if (find(by_uuid_[i])->uuid == uuid) return by_uuid_[i];
  }
}

Instance& InstanceTable::insert(InstanceId id, const Instance& instance) {
  const std::uint32_t chunk = raw(id) / kChunk;
  const std::uint32_t slot = raw(id) % kChunk;
  if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
  if (!chunks_[chunk]) chunks_[chunk] = std::make_unique<Chunk>();
  Chunk& home = *chunks_[chunk];
  CHECK(!home.present(slot));
  home.instances[slot] = instance;
  home.present_bits[slot / 64] |= std::uint64_t{1} << (slot % 64);
  ++home.count;
  ++size_;
  if (std::size_t{size_} * 4 > by_uuid_.size() * 3) grow_index();
  place(id, instance.uuid);
  return home.instances[slot];
}

void InstanceTable::place(InstanceId id, const Uuid& uuid) {
  const std::size_t mask = by_uuid_.size() - 1;
  std::size_t i = hash_of(uuid) & mask;
  while (by_uuid_[i] != InstanceId::none && by_uuid_[i] != id) i = (i + 1) & mask;
  by_uuid_[i] = id;
}

void InstanceTable::grow_index() {
  by_uuid_.assign(by_uuid_.empty() ? 16 : by_uuid_.size() * 2, InstanceId::none);
  for_each([this](InstanceId id, const Instance& instance) { place(id, instance.uuid); });
}

void InstanceTable::erase(InstanceId id) {
  const Instance* instance = find(id);
  CHECK(instance != nullptr);
  // Backward shift deletion: what follows in the run moves up, so that no tombstones are needed.
  const std::size_t mask = by_uuid_.size() - 1;
  std::size_t hole = hash_of(instance->uuid) & mask;
  while (by_uuid_[hole] != id) hole = (hole + 1) & mask;
  for (std::size_t i = (hole + 1) & mask; by_uuid_[i] != InstanceId::none; i = (i + 1) & mask) {
    const std::size_t home = hash_of(find(by_uuid_[i])->uuid) & mask;
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      by_uuid_[hole] = by_uuid_[i];
      hole = i;
    }
  }
  by_uuid_[hole] = InstanceId::none;

  const std::uint32_t chunk = raw(id) / kChunk;
  const std::uint32_t slot = raw(id) % kChunk;
  chunks_[chunk]->present_bits[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  if (--chunks_[chunk]->count == 0) chunks_[chunk].reset();
  --size_;
}

void InstanceTable::index_numbers(InstanceId id) {
  const Instance* instance = find(id);
  put(by_group_, instance->group, id);
  put(by_vfio_, instance->vfio_number, id);
}

void InstanceTable::forget_numbers(const Instance& instance) {
  put(by_group_, instance.group, InstanceId::none);
  put(by_vfio_, instance.vfio_number, InstanceId::none);
}

InstanceId InstanceTable::at(const Blocks& blocks, std::uint32_t number) {
  const std::size_t block = number / 4096;
  if (block >= blocks.size() || !blocks[block]) return InstanceId::none;
  return (*blocks[block])[number % 4096];
}

void InstanceTable::put(Blocks& blocks, std::uint32_t number, InstanceId id) {
  const std::size_t block = number / 4096;
  if (block >= blocks.size()) blocks.resize(block + 1);
  if (!blocks[block]) {
    blocks[block] = std::make_unique<std::array<InstanceId, 4096>>();
    blocks[block]->fill(InstanceId::none);
  }
  (*blocks[block])[number % 4096] = id;
}

}  // namespace mdevsim
