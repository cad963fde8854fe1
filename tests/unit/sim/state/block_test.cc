#include "sim/state/block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sim/state/block_kernels.h"
#include "tests/support/random_bytes.h"

namespace mdevsim::state {
namespace {

using mdevsim::testing::random_bytes;

ConstBytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Crc32c, IsThatOfTheStandardsExamples) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  // RFC 3720, B.4
  std::vector<std::byte> bytes(32);
  EXPECT_EQ(crc32c(bytes), 0x8A9136AAu);
  for (std::byte& byte : bytes) byte = std::byte{0xFF};
  EXPECT_EQ(crc32c(bytes), 0x62A8AB43u);
  for (std::size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(i);
  EXPECT_EQ(crc32c(bytes), 0x46DD794Eu);
}

TEST(Crc32c, OfNothingIsTheSeed) { EXPECT_EQ(crc32c({}, 0x12345678), 0x12345678u); }

TEST(Crc32c, GoesOnFromTheSeed) {
  Random random(1);
  const std::vector<std::byte> bytes = random_bytes(random, 3000);
  for (const std::size_t cut : {0u, 1u, 7u, 64u, 1000u, 2999u, 3000u}) {
    const ConstBytes all(bytes);
    EXPECT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c(all)) << cut;
  }
}

TEST(Crc32c, OfTwoPiecesIsCombinedFromTheirs) {
  Random random(2);
  const std::vector<std::byte> bytes = random_bytes(random, 5000);
  for (const std::size_t cut : {0u, 1u, 4096u, 4999u, 5000u}) {
    const ConstBytes first = ConstBytes(bytes).first(cut);
    const ConstBytes second = ConstBytes(bytes).subspan(cut);
    EXPECT_EQ(crc32c_combine(crc32c(first), crc32c(second), second.size()), crc32c(bytes)) << cut;
  }
}

TEST(CopyWithCrc32c, CopiesAndGivesTheChecksum) {
  Random random(3);
  const std::vector<std::byte> from = random_bytes(random, 70'000);
  std::vector<std::byte> to(from.size());
  EXPECT_EQ(copy_with_crc32c(to, from, 5), crc32c(from, 5));
  EXPECT_EQ(to, from);
}

TEST(GatherPages, IsOneMessageToTheChecksum) {
  Random random(4);
  const std::vector<std::byte> bytes = random_bytes(random, 3 * kPageBytes);
  const std::byte* pages[] = {&bytes[2 * kPageBytes], &bytes[0], &bytes[kPageBytes]};
  std::vector<std::byte> to(bytes.size());
  const std::uint32_t sum = gather_pages_with_crc32c(to, pages, 5);
  EXPECT_EQ(sum, crc32c(to, 5));
  EXPECT_TRUE(std::equal(to.begin(), to.begin() + kPageBytes, pages[0]));
  EXPECT_TRUE(std::equal(to.begin() + kPageBytes, to.end(), bytes.begin()));
}

TEST(IsZero, SeesASingleBitAnywhere) {
  std::vector<std::byte> bytes(700);
  EXPECT_TRUE(is_zero(bytes));
  for (std::byte& byte : bytes) {
    byte = std::byte{0x10};
    EXPECT_FALSE(is_zero(bytes));
    byte = std::byte{0};
  }
  EXPECT_TRUE(is_zero({}));
}

TEST(CopyUnlessZero, LeavesTheTargetOfZeros) {
  std::vector<std::byte> from(4096);
  std::vector<std::byte> to(4096, std::byte{7});
  EXPECT_FALSE(copy_unless_zero(to, from));
  EXPECT_EQ(to, std::vector<std::byte>(4096, std::byte{7}));
  from[4095] = std::byte{1};
  EXPECT_TRUE(copy_unless_zero(to, from));
  EXPECT_EQ(to, from);
}

TEST(ZeroPages, TellsThemOneByOne) {
  std::vector<std::byte> pages(64 * kPageBytes);
  EXPECT_EQ(zero_pages(pages), ~std::uint64_t{0});
  pages[3 * kPageBytes] = std::byte{1};
  pages[5 * kPageBytes - 1] = std::byte{1};
  pages[63 * kPageBytes + 2048] = std::byte{1};
  EXPECT_EQ(zero_pages(pages),
            ~(std::uint64_t{1} << 3 | std::uint64_t{1} << 4 | std::uint64_t{1} << 63));
  EXPECT_EQ(zero_pages(ConstBytes(pages).first(5 * kPageBytes)), 0b00111u);
  EXPECT_EQ(zero_pages({}), 0u);
}

// Every variant that this processor can run, against the one of plain C++.
class BlockVariant : public ::testing::TestWithParam<CpuLevel> {
 protected:
  const BlockKernels& variant = block_kernels(GetParam());
  Random random{42};

  // Sizes of all kinds: small ones often, large ones not seldom.
  std::size_t size() { return random.next() % (std::size_t{1} << (1 + random.next() % 18)); }
  std::size_t offset() { return random.next() % 130; }
};

TEST_P(BlockVariant, HasTheSameChecksum) {
  const std::vector<std::byte> bytes = random_bytes(random, (1 << 18) + 256);
  for (int i = 0; i < 2000; ++i) {
    const std::byte* from = bytes.data() + offset();
    const std::size_t length = size();
    const auto seed = static_cast<std::uint32_t>(random.next());
    ASSERT_EQ(variant.crc32c(from, length, seed), kPortableKernels.crc32c(from, length, seed))
        << length << " bytes";
  }
}

TEST_P(BlockVariant, CopiesExactlyTheBytes) {
  const std::vector<std::byte> bytes = random_bytes(random, (1 << 18) + 256);
  for (int i = 0; i < 500; ++i) {
    const std::size_t length = size();
    const std::size_t from = offset();
    const std::size_t to = offset();
    std::vector<std::byte> copied(length + 256, std::byte{0xAA});
    std::vector<std::byte> expected = copied;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), length,
                expected.begin() + static_cast<std::ptrdiff_t>(to));
    std::vector<std::byte> summed = copied;
    variant.copy(copied.data() + to, bytes.data() + from, length);
    ASSERT_TRUE(copied == expected) << length << " bytes";
    const std::uint32_t sum =
        variant.copy_with_crc32c(summed.data() + to, bytes.data() + from, length, 9);
    ASSERT_TRUE(summed == expected) << length << " bytes";
    ASSERT_EQ(sum, kPortableKernels.crc32c(bytes.data() + from, length, 9)) << length << " bytes";
  }
}

TEST_P(BlockVariant, GathersPagesFromAnywhere) {
  const std::vector<std::byte> bytes = random_bytes(random, 20 * kPageBytes);
  for (std::size_t count = 0; count < 40; ++count) {
    std::vector<const std::byte*> pages;
    std::vector<std::byte> expected;
    for (std::size_t i = 0; i < count; ++i) {
      pages.push_back(&bytes[random.next() % (19 * kPageBytes)]);
      expected.insert(expected.end(), pages.back(), pages.back() + kPageBytes);
    }
    std::vector<std::byte> gathered(130 + 64 + expected.size() + 1, std::byte{0xAA});
    const auto to_line = -reinterpret_cast<std::uintptr_t>(gathered.data()) % 64;
    const std::size_t to = count % 3 == 0 ? offset() : to_line;
    ASSERT_EQ(variant.gather_pages(gathered.data() + to, pages.data(), count, 9),
              kPortableKernels.crc32c(expected.data(), expected.size(), 9));
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(),
                           gathered.begin() + static_cast<std::ptrdiff_t>(to)));
    ASSERT_EQ(gathered[to + expected.size()], std::byte{0xAA});
  }
}

TEST_P(BlockVariant, TellsZerosFromASingleBit) {
  std::vector<std::byte> bytes((1 << 18) + 256);
  for (int i = 0; i < 2000; ++i) {
    const std::byte* from = bytes.data() + offset();
    const std::size_t length = size();
    ASSERT_TRUE(variant.is_zero(from, length)) << length << " bytes";
    if (length == 0) continue;
    const std::size_t where =
        static_cast<std::size_t>(from - bytes.data()) + random.next() % length;
    bytes[where] = std::byte{1};
    ASSERT_FALSE(variant.is_zero(from, length)) << length << " bytes, byte " << where;
    bytes[where] = std::byte{0};
  }
}

TEST_P(BlockVariant, IgnoresWhatLiesAroundZeros) {
  for (std::size_t length = 0; length < 400; ++length) {
    std::vector<std::byte> bytes(length + 2);
    bytes.front() = bytes.back() = std::byte{1};
    ASSERT_TRUE(variant.is_zero(bytes.data() + 1, length)) << length << " bytes";
  }
}

TEST_P(BlockVariant, FindsTheSameZeroPages) {
  for (int i = 0; i < 200; ++i) {
    const std::size_t pages = random.next() % 65;
    const std::size_t where = offset();
    std::vector<std::byte> bytes(pages * kPageBytes + where);
    for (std::size_t page = 0; page < pages; ++page) {
      if (random.next() % 2 == 0) {
        bytes[where + page * kPageBytes + random.next() % kPageBytes] = std::byte{4};
      }
    }
    ASSERT_EQ(variant.zero_pages(bytes.data() + where, pages),
              kPortableKernels.zero_pages(bytes.data() + where, pages));
  }
}

std::vector<CpuLevel> levels_here() {
  std::vector<CpuLevel> levels;
  for (const CpuLevel level : kCpuLevels) {
    if (level <= cpu_level()) levels.push_back(level);
  }
  return levels;
}

INSTANTIATE_TEST_SUITE_P(, BlockVariant, ::testing::ValuesIn(levels_here()),
                         [](const auto& test) { return std::string(to_string(test.param)); });

}  // namespace
}  // namespace mdevsim::state
