#include "fusefs/fuse/trace_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace mdevsim::fusefs {
namespace {

using Got = TraceRing::Got;

TraceRecord record(std::uint64_t bytes, std::string_view detail = {}) {
  TraceRecord made;
  made.bytes = bytes;
  made.duration_ns = ~bytes;
  made.detail = Detail(detail);
  return made;
}

TEST(TraceRing, GivesBackWhatWasAppendedInItsOrder) {
  TraceRing ring(4);
  TraceRecord got;
  EXPECT_EQ(ring.get(0, got), Got::not_yet);
  ring.append(record(10, "ten"));
  ring.append(record(11, "a detail that takes more than one word"));
  EXPECT_EQ(ring.end(), 2U);
  ASSERT_EQ(ring.get(0, got), Got::record);
  EXPECT_EQ(got.bytes, 10U);
  EXPECT_EQ(std::string_view(got.detail), "ten");
  ASSERT_EQ(ring.get(1, got), Got::record);
  EXPECT_EQ(std::string_view(got.detail), "a detail that takes more than one word");
  EXPECT_EQ(ring.get(2, got), Got::not_yet);
}

TEST(TraceRing, ADetailIsCutToItsRoom) {
  TraceRing ring(1);
  ring.append(record(1, std::string(500, 'x')));
  TraceRecord got;
  ASSERT_EQ(ring.get(0, got), Got::record);
  EXPECT_EQ(std::string_view(got.detail), std::string(Detail::kBytesMax, 'x'));
}

TEST(TraceRing, AShortDetailLeavesNothingOfALongerOneBefore) {
  TraceRing ring(1);
  ring.append(record(1, std::string(100, 'x')));
  ring.append(record(2, "y"));
  TraceRecord got;
  ASSERT_EQ(ring.get(1, got), Got::record);
  EXPECT_EQ(std::string_view(got.detail), "y");
}

TEST(TraceRing, TheOldestAreOverwritten) {
  TraceRing ring(3);  // rounded up to 4
  for (std::uint64_t i = 0; i < 6; ++i) ring.append(record(i));
  TraceRecord got;
  EXPECT_EQ(ring.begin(), 2U);
  EXPECT_EQ(ring.get(1, got), Got::overwritten);
  for (std::uint64_t i = 2; i < 6; ++i) {
    ASSERT_EQ(ring.get(i, got), Got::record);
    EXPECT_EQ(got.bytes, i);
  }
}

TEST(TraceRing, WhatIsReadWhileManyWriteIsWhole) {
  constexpr std::uint64_t kPerWriter = 20'000;
  constexpr unsigned kWriters = 3;
  TraceRing ring(64);
  std::atomic<bool> torn = false;
  std::atomic<std::uint64_t> seen = 0;
  std::thread reader([&] {
    TraceRecord got;
    for (std::uint64_t next = 0; next < kWriters * kPerWriter;) {
      switch (ring.get(next, got)) {
        case Got::not_yet:
          std::this_thread::yield();
          continue;
        case Got::overwritten:
          next = std::max(ring.begin(), next + 1);
          continue;
        case Got::record:
          if (got.duration_ns != ~got.bytes ||
              std::string_view(got.detail) != std::to_string(got.bytes)) {
            torn = true;
          }
          ++seen;
          ++next;
      }
    }
  });
  std::vector<std::thread> writers;
  for (std::uint64_t writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&ring, writer] {
      for (std::uint64_t i = 0; i < kPerWriter; ++i) {
        const std::uint64_t bytes = writer * kPerWriter + i;
        ring.append(record(bytes, std::to_string(bytes)));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  reader.join();
  EXPECT_FALSE(torn);
  EXPECT_GE(seen, 64U);  // the last ones at least
  EXPECT_EQ(ring.end(), kWriters * kPerWriter);
}

}  // namespace
}  // namespace mdevsim::fusefs
