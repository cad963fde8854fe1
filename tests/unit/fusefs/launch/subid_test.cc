#include "fusefs/launch/subid.h"

#include <gtest/gtest.h>

namespace mdevsim::launch {
namespace {

TEST(FindSubidRange, FindsTheUserByName) {
  EXPECT_EQ(find_subid_range("anna:100000:65536\nbert:165536:65536\n", "bert", 1001),
            (SubidRange{165536, 65536}));
}

TEST(FindSubidRange, FindsTheUserByNumber) {
  EXPECT_EQ(find_subid_range("1001:100000:65536", "bert", 1001), (SubidRange{100000, 65536}));
}

TEST(FindSubidRange, TakesTheLargestOfSeveral) {
  EXPECT_EQ(find_subid_range("anna:100000:10\nanna:200000:65536\nanna:300000:5\n", "anna", 1000),
            (SubidRange{200000, 65536}));
}

TEST(FindSubidRange, PassesOverWhatIsNotARange) {
  EXPECT_EQ(find_subid_range("anna\nanna:\nanna:x:5\nanna:5:x\nanna:100000:0\n\n:1:2\n", "anna", 1),
            std::nullopt);
}

TEST(FindSubidRange, AUserWithoutANameDoesNotMatchALineWithoutOne) {
  EXPECT_EQ(find_subid_range(":100000:65536\n", "", 1001), std::nullopt);
}

TEST(FindSubidRange, NeverMapsRootOfTheMachine) {
  EXPECT_EQ(find_subid_range("anna:0:65536\n", "anna", 1000), std::nullopt);
}

TEST(IdMapArguments, TheCallerBecomesRootAndTheRangeFollows) {
  EXPECT_EQ(id_map_arguments(1000, {100000, 65536}), "0 1000 1 1 100000 65536");
}

}  // namespace
}  // namespace mdevsim::launch
