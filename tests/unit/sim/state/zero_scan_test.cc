// Zero pages looked up ahead by several threads: the same that one finds.
#include "sim/state/zero_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/base/random.h"
#include "sim/state/block.h"
#include "sim/state/memory.h"
#include "tests/support/threads.h"

namespace mdevsim::state {
namespace {

using testing::Threads;

// More than is looked at together, and not a multiple of 64.
constexpr std::uint32_t kPages = 20'011;

// Whose pages are zero or not, here and there, in runs and one by one.
DeviceMemory mixed_memory() {
  DeviceMemory memory = *DeviceMemory::create(std::size_t{kPages} * kPageBytes);
  Random random(3);
  for (std::size_t page = 0; page < kPages; page += 1 + random.next() % 90) {
    for (const std::size_t end = page + random.next() % 9;
         page < std::min<std::size_t>(end, kPages); ++page)
      memory.bytes()[page * kPageBytes + random.next() % kPageBytes] = std::byte{1};
  }
  return memory;
}

std::uint64_t looked_at(const DeviceMemory& memory, PageRun pages) {
  return zero_pages(memory.bytes().subspan(pages.offset(), pages.length()));
}

TEST(ZeroScan, SeveralThreadsFindWhatOneFinds) {
  const DeviceMemory memory = mixed_memory();
  Random random(4);
  Threads threads;
  ZeroScan scan;
  for (std::uint32_t first = 0; first < kPages;) {
    const auto count = 1 + static_cast<std::uint32_t>(random.next() % 64);
    const PageRun pages = {first, std::min(first + count, kPages)};
    ASSERT_EQ(scan.zeros(memory.bytes(), pages, kPages, threads), looked_at(memory, pages))
        << first;
    first = pages.end;
  }
  EXPECT_GT(threads.tasks(), 20u);
}

TEST(ZeroScan, LooksAtNothingBehindWhereItMay) {
  const DeviceMemory memory = mixed_memory();
  Threads threads;
  ZeroScan scan;
  const PageRun pages = {100, 164};
  EXPECT_EQ(
      scan.zeros(memory.bytes().first(pages.offset() + pages.length()), pages, pages.end, threads),
      looked_at(memory, pages));
  EXPECT_EQ(threads.tasks(), 0u);
}

TEST(ZeroScan, ForgetsWhatItSaw) {
  DeviceMemory memory = *DeviceMemory::create(std::size_t{kPages} * kPageBytes);
  Threads threads;
  ZeroScan scan;
  const PageRun pages = {5, 8};
  EXPECT_EQ(scan.zeros(memory.bytes(), pages, kPages, threads), 0b111u);
  memory.bytes()[6 * kPageBytes] = std::byte{1};
  scan.forget();
  EXPECT_EQ(scan.zeros(memory.bytes(), pages, kPages, threads), 0b101u);
}

}  // namespace
}  // namespace mdevsim::state
