#include "scenarios/runner/select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace mdevsim::scenario {
namespace {

std::vector<Case> cases(const std::vector<std::string>& keys) {
  std::vector<Case> out;
  for (const std::string& key : keys) {
    Case one;
    one.key = key;
    one.id = "dir/" + key;
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<Case> many() {
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back("s.toml[n=" + std::to_string(i) + "]");
  return cases(keys);
}

std::vector<std::string> keys_of(const std::vector<Case>& from) {
  std::vector<std::string> keys;
  for (const Case& one : from) keys.push_back(one.key);
  return keys;
}

TEST(ParseShard, IsAPartOfAWhole) {
  ASSERT_TRUE(parse_shard("2/5"));
  EXPECT_EQ(parse_shard("2/5")->number, 2U);
  for (const char* wrong : {"", "2", "0/5", "6/5", "1/0", "a/5", "1/5x", "1/"})
    EXPECT_FALSE(parse_shard(wrong)) << wrong;
}

TEST(Shards, TogetherHoldEachCaseOnce) {
  std::multiset<std::string> all;
  for (std::size_t number = 1; number <= 7; ++number) {
    const auto part = keys_of(select(many(), {}, {number, 7}));
    EXPECT_GT(part.size(), 1000U / 7 / 2) << "the parts are of one size, about";
    all.insert(part.begin(), part.end());
  }
  const auto expected = keys_of(many());
  EXPECT_EQ(all, std::multiset<std::string>(expected.begin(), expected.end()));
}

TEST(Shards, DoNotDependOnOtherCasesOrFolders) {
  const std::vector<Case> whole = many();
  for (const Case& one : whole) {
    Case moved = one;
    moved.id = "/elsewhere/" + one.key;
    EXPECT_EQ(is_in_shard(one, {2, 3}), is_in_shard(moved, {2, 3}));
  }
  EXPECT_EQ(is_in_shard(whole[10], {2, 3}), !select(cases({whole[10].key}), {}, {2, 3}).empty());
}

TEST(Select, KeepsCasesWhoseNameHoldsOneOfTheTexts) {
  EXPECT_THAT(
      keys_of(select(cases({"a.toml", "b.toml[x=1]", "b.toml[x=10]"}), {"[x=1]", "a.toml"}, {})),
      testing::ElementsAre("a.toml", "b.toml[x=1]"));
}

}  // namespace
}  // namespace mdevsim::scenario
