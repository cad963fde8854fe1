#include "sim/state/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "sim/base/limits.h"
#include "sim/base/random.h"
#include "sim/state/block.h"

namespace mdevsim::state {

void PrintTo(const Extent& extent, std::ostream* out) {
  *out << extent.offset << "+" << extent.length;
}

namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = kKiB * kKiB;
constexpr std::size_t kChunk = DeviceMemory::kChunkBytes;

DeviceMemory memory(std::size_t bytes, MemoryOptions options = {}) {
  Result<DeviceMemory> created = DeviceMemory::create(bytes, std::move(options));
  EXPECT_TRUE(created.has_value());
  return std::move(*created);
}

void fill(Bytes bytes) { std::memset(bytes.data(), 0x5A, bytes.size()); }

TEST(DeviceMemory, IsZerosOfTheSizeAskedFor) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, 4 * kKiB, 200 * kKiB, 5 * kMiB + 1}) {
    DeviceMemory device = memory(bytes, {.prefault = true});
    EXPECT_EQ(device.size(), bytes);
    EXPECT_TRUE(is_zero(device.bytes()));
    fill(device.bytes());
  }
}

TEST(DeviceMemory, IsRefusedBeyondTheLimit) {
  EXPECT_EQ(DeviceMemory::create(kDeviceMemoryBytesMax + 1).error().code, Errc::invalid);
}

TEST(DeviceMemory, BeginsAtAPage) {
  const DeviceMemory device = memory(100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(device.bytes().data()) % kPageBytes, 0u);
}

TEST(DeviceMemory, TakesItsSizeFromTheBudgetAndGivesItBack) {
  const auto budget = std::make_shared<MemoryBudget>(10 * kMiB);
  {
    const DeviceMemory first = memory(6 * kMiB, {.budget = budget});
    EXPECT_EQ(budget->used_bytes(), 6 * kMiB);
    const auto second = DeviceMemory::create(5 * kMiB, {.budget = budget});
    EXPECT_EQ(second.error().code, Errc::no_memory);
    EXPECT_EQ(budget->used_bytes(), 6 * kMiB);
  }
  EXPECT_EQ(budget->used_bytes(), 0u);
}

TEST(DeviceMemory, IsMovedWithWhatItOwes) {
  const auto budget = std::make_shared<MemoryBudget>(10 * kMiB);
  DeviceMemory first = memory(4 * kMiB, {.budget = budget});
  first.bytes()[0] = std::byte{9};
  DeviceMemory second = memory(kMiB, {.budget = budget});
  second = std::move(first);
  EXPECT_EQ(budget->used_bytes(), 4 * kMiB);
  EXPECT_EQ(second.bytes()[0], std::byte{9});
  second = DeviceMemory();
  EXPECT_EQ(budget->used_bytes(), 0u);
}

TEST(DeviceMemory, ReusesAnArenaOfThePoolAsZeros) {
  const auto pool = std::make_shared<ArenaPool>(100 * kMiB);
  const std::byte* where = nullptr;
  {
    DeviceMemory device = memory(3 * kMiB, {.pool = pool});
    fill(device.bytes());
    where = device.bytes().data();
  }
  EXPECT_EQ(pool->kept_bytes(), 4 * kMiB);  // whole huge pages
  const DeviceMemory next = memory(3 * kMiB + 5, {.pool = pool});
  EXPECT_EQ(next.bytes().data(), where);
  EXPECT_EQ(pool->kept_bytes(), 0u);
  EXPECT_TRUE(is_zero(next.bytes()));
}

TEST(ArenaPool, KeepsNoMoreThanItsLimit) {
  const auto pool = std::make_shared<ArenaPool>(5 * kMiB);
  memory(4 * kMiB, {.pool = pool});
  EXPECT_EQ(pool->kept_bytes(), 4 * kMiB);
  {
    const DeviceMemory two[] = {memory(4 * kMiB, {.pool = pool}), memory(4 * kMiB, {.pool = pool})};
    EXPECT_EQ(pool->kept_bytes(), 0u);
  }
  EXPECT_EQ(pool->kept_bytes(), 4 * kMiB);
}

TEST(ArenaPool, HasSmallPiecesSideBySide) {
  const auto pool = std::make_shared<ArenaPool>(0);
  std::vector<DeviceMemory> devices;
  std::set<std::uintptr_t> slabs;
  for (int i = 0; i < 300; ++i) {
    devices.push_back(memory(16 * kKiB, {.pool = pool}));
    ASSERT_TRUE(is_zero(devices.back().bytes()));
    fill(devices.back().bytes());
    slabs.insert(reinterpret_cast<std::uintptr_t>(devices.back().bytes().data()) /
                 SlabPool::kSlabBytes);
  }
  EXPECT_EQ(slabs.size(), 3u);  // 128 of them in one
  EXPECT_EQ(pool->small_pieces().slab_bytes(), 6 * kMiB);
  devices.clear();
  EXPECT_EQ(pool->small_pieces().slab_bytes(), 2 * kMiB);
}

TEST(ArenaPool, HandsOutNoSmallPieceTwice) {
  const auto pool = std::make_shared<ArenaPool>(0);
  Random random(3);
  std::vector<DeviceMemory> devices;
  std::vector<std::byte> contents;
  for (int i = 0; i < 3000; ++i) {
    if (random.next() % 3 != 0 || devices.empty()) {
      devices.push_back(memory(1 + random.next() % (40 * kKiB), {.pool = pool}));
      contents.push_back(static_cast<std::byte>(random.next()));
      std::fill_n(devices.back().bytes().data(), devices.back().size(), contents.back());
      continue;
    }
    const std::size_t gone = random.next() % devices.size();
    for (const std::byte byte : devices[gone].bytes()) ASSERT_EQ(byte, contents[gone]);
    devices[gone] = std::move(devices.back());
    devices.pop_back();
    contents[gone] = contents.back();
    contents.pop_back();
  }
}

TEST(SparseMemory, CostsTheBudgetWhatIsCommitted) {
  const auto budget = std::make_shared<MemoryBudget>(3 * kChunk);
  DeviceMemory device = memory(std::size_t{8} << 30, {.sparse = true, .budget = budget});
  EXPECT_EQ(budget->used_bytes(), 0u);
  ASSERT_TRUE(device.commit({kChunk - 1, 2}).has_value());
  EXPECT_EQ(budget->used_bytes(), 2 * kChunk);
  ASSERT_TRUE(device.commit({0, 1}).has_value());
  EXPECT_EQ(budget->used_bytes(), 2 * kChunk);
  EXPECT_EQ(device.commit({4 * kMiB, 2 * kChunk}).error().code, Errc::no_memory);
  EXPECT_EQ(budget->used_bytes(), 2 * kChunk);
  EXPECT_EQ(device.committed_bytes(), 2 * kChunk);
}

TEST(SparseMemory, TellsWhereItIsCommitted) {
  DeviceMemory device = memory(100 * kMiB + 100, {.sparse = true});
  EXPECT_EQ(device.committed_from(0).length, 0u);
  ASSERT_TRUE(device.commit({50 * kMiB + 5, 2 * kChunk}).has_value());
  ASSERT_TRUE(device.commit({100 * kMiB + 50, 1}).has_value());
  EXPECT_EQ(device.committed_from(0), (Extent{50 * kMiB, 3 * kChunk}));
  EXPECT_EQ(device.committed_from(50 * kMiB + 9), (Extent{50 * kMiB + 9, 3 * kChunk - 9}));
  EXPECT_EQ(device.committed_from(50 * kMiB + 3 * kChunk), (Extent{100 * kMiB, 100}));
  EXPECT_EQ(device.committed_from(100 * kMiB + 100).length, 0u);
  EXPECT_EQ(device.committed_bytes(), 3 * kChunk + 100);
}

TEST(SparseMemory, GivesWholeChunksBackWhenCleared) {
  const auto budget = std::make_shared<MemoryBudget>(kMiB);
  DeviceMemory device = memory(100 * kMiB, {.sparse = true, .budget = budget});
  ASSERT_TRUE(device.commit({0, 4 * kChunk}).has_value());
  fill(device.bytes().first(4 * kChunk));
  device.clear({kChunk / 2, 2 * kChunk});
  EXPECT_EQ(budget->used_bytes(), 3 * kChunk);
  EXPECT_FALSE(is_zero(device.bytes().first(kChunk / 2)));
  EXPECT_TRUE(is_zero(device.bytes().subspan(kChunk / 2, 2 * kChunk)));
  EXPECT_FALSE(is_zero(device.bytes().subspan(kChunk / 2 + 2 * kChunk, 1)));
  EXPECT_EQ(device.committed_from(kChunk), (Extent{2 * kChunk, 2 * kChunk}));
}

TEST(DeviceMemory, KnowsWhichPagesWereNeverWritten) {
  DeviceMemory device = memory(kMiB);
  EXPECT_EQ(device.written_in({0, kMiB}).length, 0u);
  ASSERT_TRUE(device.commit({3 * kPageBytes - 1, 2}).has_value());
  ASSERT_TRUE(device.commit({100 * kPageBytes, 70 * kPageBytes}).has_value());
  EXPECT_EQ(device.written_in({0, kMiB}), (Extent{2 * kPageBytes, 2 * kPageBytes}));
  EXPECT_EQ(device.written_in({3 * kPageBytes + 7, kMiB / 2}),
            (Extent{3 * kPageBytes + 7, kPageBytes - 7}));
  EXPECT_EQ(device.written_in({4 * kPageBytes, 120 * kPageBytes}),
            (Extent{100 * kPageBytes, 24 * kPageBytes}));
  EXPECT_EQ(device.written_in({200 * kPageBytes, 56 * kPageBytes}).length, 0u);
  EXPECT_EQ(device.committed_bytes(), kMiB);
}

TEST(DeviceMemory, APageThatIsClearedWholeIsAsNeverWritten) {
  DeviceMemory device = memory(kMiB);
  ASSERT_TRUE(device.commit({0, 8 * kPageBytes}).has_value());
  fill(device.bytes().first(8 * kPageBytes));
  device.clear({kPageBytes / 2, 3 * kPageBytes});
  EXPECT_FALSE(is_zero(device.bytes().first(kPageBytes / 2)));
  EXPECT_TRUE(is_zero(device.bytes().subspan(kPageBytes / 2, 3 * kPageBytes)));
  EXPECT_FALSE(is_zero(device.bytes().subspan(kPageBytes / 2 + 3 * kPageBytes, 1)));
  EXPECT_EQ(device.written_in({0, kMiB}), (Extent{0, kPageBytes}));
  EXPECT_EQ(device.written_in({kPageBytes, kMiB / 2}), (Extent{3 * kPageBytes, 5 * kPageBytes}));
}

TEST(DeviceMemory, OfSmallMemoryAllMayHaveBeenWritten) {
  const DeviceMemory device = memory(4 * kPageBytes);
  EXPECT_EQ(device.written_in({0, 3 * kPageBytes}), (Extent{0, 3 * kPageBytes}));
}

TEST(DeviceMemory, IsClearedWhereAsked) {
  DeviceMemory device = memory(kMiB);
  ASSERT_TRUE(device.commit({0, kMiB}).has_value());
  fill(device.bytes());
  device.clear({10, 100});
  EXPECT_TRUE(is_zero(device.bytes().subspan(10, 100)));
  EXPECT_EQ(device.bytes()[9], std::byte{0x5A});
  EXPECT_EQ(device.bytes()[110], std::byte{0x5A});
  EXPECT_EQ(device.committed_from(5), (Extent{5, kMiB - 5}));
}

}  // namespace
}  // namespace mdevsim::state
