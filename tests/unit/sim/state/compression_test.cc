#include "sim/state/compression.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/random_bytes.h"

namespace mdevsim::state {
namespace {

using mdevsim::testing::random_bytes;
using Block = std::vector<std::byte>;

// Every eighth byte is chance, the rest is zero: like registers.
Block sparse_block(Random& random) {
  Block block(64 << 10);
  for (std::size_t i = 0; i < block.size(); i += 8)
    block[i] = static_cast<std::byte>(random.next());
  return block;
}

class CompressionFormat : public ::testing::TestWithParam<Compression> {
 protected:
  Compressor compressor{GetParam()};
  Decompressor decompressor{GetParam()};
  Random random{7};

  Block compressed(const Block& block) {
    Block out(block.size());
    const std::optional<std::size_t> bytes = compressor.compress(block, out);
    EXPECT_TRUE(bytes.has_value());
    out.resize(bytes.value_or(0));
    return out;
  }
};

TEST_P(CompressionFormat, GivesBackTheBlockFromFewerBytes) {
  for (int i = 0; i < 3; ++i) {  // the working memory is used again
    const Block block = sparse_block(random);
    const Block small = compressed(block);
    EXPECT_LT(small.size(), block.size() / 2);
    Block again(block.size());
    ASSERT_TRUE(decompressor.decompress(small, again).has_value());
    EXPECT_TRUE(again == block);
  }
}

TEST_P(CompressionFormat, SaysWhenABlockDoesNotGetSmaller) {
  const Block block = random_bytes(random, 64 << 10);
  Block out(block.size());
  EXPECT_FALSE(compressor.compress(block, out).has_value());
}

TEST_P(CompressionFormat, RefusesABlockOfAnotherSize) {
  const Block block = sparse_block(random);
  const Block small = compressed(block);
  Block longer(block.size() + 1);
  Block shorter(block.size() - 1);
  EXPECT_EQ(decompressor.decompress(small, longer).error().code, Errc::invalid);
  EXPECT_EQ(decompressor.decompress(small, shorter).error().code, Errc::invalid);
}

TEST_P(CompressionFormat, RefusesEveryTruncatedBlock) {
  const Block block = sparse_block(random);
  const Block small = compressed(block);
  Block out(block.size());
  for (std::size_t length = 0; length < small.size(); length += 97) {
    EXPECT_FALSE(decompressor.decompress(ConstBytes(small).first(length), out).has_value())
        << length;
  }
}

TEST_P(CompressionFormat, StaysInsideTheBlockWhateverItIsGiven) {
  for (int i = 0; i < 300; ++i) {
    Block small = compressed(sparse_block(random));
    for (int flips = 0; flips < 8; ++flips) {
      small[random.next() % small.size()] ^= std::byte{0x21};
    }
    Block out((64 << 10) + 64, std::byte{0xCC});
    (void)decompressor.decompress(small, Bytes(out).first(64 << 10));
    for (std::size_t at = 64 << 10; at < out.size(); ++at) ASSERT_EQ(out[at], std::byte{0xCC});
  }
}

INSTANTIATE_TEST_SUITE_P(, CompressionFormat,
                         ::testing::Values(Compression::lz4, Compression::zstd),
                         [](const auto& test) {
                           return std::string(test.param == Compression::lz4 ? "lz4" : "zstd");
                         });

}  // namespace
}  // namespace mdevsim::state
