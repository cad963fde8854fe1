// Bytes come out as they went in, however often they go round.
#include "sim/state/byte_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <deque>

#include "sim/base/random.h"

namespace mdevsim::state {
namespace {

TEST(ByteRing, OfNoBytesHasNeitherBytesNorRoom) {
  ByteRing ring;
  EXPECT_EQ(ring.capacity(), 0U);
  EXPECT_TRUE(ring.empty());
  EXPECT_TRUE(ring.room().empty());
  EXPECT_TRUE(ring.front(0)[0].empty());
}

TEST(ByteRing, GivesWhatGoesRoundInTwoPieces) {
  ByteRing ring = *ByteRing::create(10, Arena::Pages::small);
  ring.push(8);
  ring.pop(6);
  EXPECT_EQ(ring.room().size(), 2U);
  ring.push(2);
  EXPECT_EQ(ring.room().size(), 6U);
  ring.push(1);
  const auto front = ring.front(5);
  EXPECT_EQ(front[0].size(), 4U);
  EXPECT_EQ(front[1].size(), 1U);
  EXPECT_EQ(front[1].data() + 9, front[0].data() + 3);
}

TEST(ByteRing, BeginsWhereItIsTold) {
  ByteRing ring = *ByteRing::create(10, Arena::Pages::small);
  const std::byte* const page = ring.room().data();
  EXPECT_EQ(std::bit_cast<std::uintptr_t>(page) % kPageBytes, 0U);
  ring.begin_at(7);
  EXPECT_EQ(ring.room().data(), page + 7);
  EXPECT_EQ(ring.room().size(), 3U);
  ring.push(3);
  EXPECT_EQ(ring.front(3)[0].data(), page + 7);
  EXPECT_EQ(ring.room().data(), page);
}

TEST(ByteRing, IsAQueue) {
  ByteRing ring = *ByteRing::create(97, Arena::Pages::small);
  std::deque<std::byte> expected;
  Random random(1);
  for (int step = 0; step < 10'000; ++step) {
    const Bytes room = ring.room();
    const Bytes in = room.first(random.next() % (room.size() + 1));
    for (std::byte& byte : in) expected.push_back(byte = std::byte(random.next() & 0xFF));
    ring.push(in.size());
    ASSERT_EQ(ring.size(), expected.size());
    const std::size_t out = random.next() % (ring.size() + 1);
    for (const ConstBytes piece : ring.front(out)) {
      for (const std::byte byte : piece) {
        ASSERT_EQ(byte, expected.front());
        expected.pop_front();
      }
    }
    ring.pop(out);
  }
}

}  // namespace
}  // namespace mdevsim::state
