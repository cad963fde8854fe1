#include "sim/state/delta.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "sim/state/delta_kernels.h"
#include "tests/support/random_bytes.h"

namespace mdevsim::state {
namespace {

using mdevsim::testing::random_bytes;
using Page = std::vector<std::byte>;

// The page with so many of its words changed.
Page changed(Random& random, Page page, std::size_t words) {
  for (std::size_t i = 0; i < words; ++i) {
    const std::size_t word = random.next() % (kPageBytes / 8);
    page[word * 8 + random.next() % 8] ^= std::byte{0x40};
  }
  return page;
}

std::vector<std::byte> delta_of(const Page& old_page, const Page& new_page) {
  std::vector<std::byte> delta(kDeltaRoomBytes);
  const std::optional<std::size_t> bytes = encode_delta(old_page, new_page, delta);
  EXPECT_TRUE(bytes.has_value());
  delta.resize(bytes.value_or(0));
  return delta;
}

TEST(Delta, OfAnUnchangedPageIsEightZeros) {
  Random random(1);
  const Page page = random_bytes(random, kPageBytes);
  EXPECT_EQ(delta_of(page, page), std::vector<std::byte>(8));
}

TEST(Delta, HasTheChangedWordsAlone) {
  Page old_page(kPageBytes);
  Page new_page(kPageBytes);
  new_page[64] = std::byte{0x11};   // line 1, word 0
  new_page[127] = std::byte{0x22};  // line 1, word 7
  const std::vector<std::byte> delta = delta_of(old_page, new_page);
  std::vector<std::byte> expected(8 + 1 + 2 * 8);
  expected[0] = std::byte{0b10};
  expected[8] = std::byte{0b1000'0001};
  expected[9] = std::byte{0x11};
  expected[24] = std::byte{0x22};
  EXPECT_EQ(delta, expected);
}

TEST(Delta, MakesTheNewPageOfTheOldOne) {
  Random random(2);
  for (const std::size_t words : {0u, 1u, 5u, 50u, 256u}) {
    const Page old_page = random_bytes(random, kPageBytes);
    const Page new_page = changed(random, old_page, words);
    Page page = old_page;
    ASSERT_TRUE(apply_delta(page, delta_of(old_page, new_page)).has_value());
    EXPECT_TRUE(page == new_page) << words << " words";
  }
}

TEST(Delta, IsNotWorthItWhenMostChanged) {
  Random random(3);
  std::vector<std::byte> delta(kDeltaRoomBytes);
  EXPECT_FALSE(
      encode_delta(random_bytes(random, kPageBytes), random_bytes(random, kPageBytes), delta)
          .has_value());
}

TEST(Delta, RefusesEveryOtherLengthAndLeavesThePage) {
  Random random(4);
  const Page old_page = random_bytes(random, kPageBytes);
  std::vector<std::byte> delta = delta_of(old_page, changed(random, old_page, 20));
  delta.push_back(std::byte{0});
  for (std::size_t length = 0; length <= delta.size(); ++length) {
    if (length + 1 == delta.size()) continue;  // the right one
    Page page = old_page;
    const auto applied = apply_delta(page, ConstBytes(delta).first(length));
    ASSERT_FALSE(applied.has_value()) << length;
    EXPECT_EQ(applied.error().code, Errc::invalid);
    EXPECT_TRUE(page == old_page);
  }
}

TEST(Delta, RefusesALineWithoutWords) {
  std::vector<std::byte> delta(9);
  delta[0] = std::byte{1};
  Page page(kPageBytes);
  EXPECT_FALSE(apply_delta(page, delta).has_value());
}

TEST(Delta, IsTheSameOfEveryVariant) {
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    const Page old_page = random_bytes(random, kPageBytes);
    const Page new_page =
        i == 0 ? random_bytes(random, kPageBytes) : changed(random, old_page, random.next() % 600);
    std::vector<std::byte> expected(kDeltaRoomBytes);
    expected.resize(
        delta_encoder(CpuLevel::portable)(old_page.data(), new_page.data(), expected.data()));
    for (const CpuLevel level : kCpuLevels) {
      if (level > cpu_level()) continue;
      std::vector<std::byte> delta(kDeltaRoomBytes);
      delta.resize(delta_encoder(level)(old_page.data(), new_page.data(), delta.data()));
      ASSERT_TRUE(delta == expected) << to_string(level);
    }
  }
}

}  // namespace
}  // namespace mdevsim::state
