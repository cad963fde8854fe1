#include "fusefs/fuse/lookups.h"

#include <gtest/gtest.h>

#include <string>

namespace mdevsim::fusefs {
namespace {

using sysfs::Kind;
using sysfs::NodeId;

constexpr NodeId kDirectory(0, Kind::virtual_device, 1);
constexpr NodeId kOther(0, Kind::virtual_device, 2);
constexpr std::uint32_t kClient = 100;
constexpr std::uint32_t kAnother = 101;

TEST(LookupsTest, ANameThatNobodyAskedForIsUndisputed) {
  Lookups lookups;
  EXPECT_FALSE(lookups.take(kDirectory, "uuid"));
}

TEST(LookupsTest, OneClientMayAskAsOftenAsItLikes) {
  Lookups lookups;
  lookups.add(kDirectory, "uuid", kClient);
  lookups.add(kDirectory, "uuid", kClient);
  EXPECT_FALSE(lookups.take(kDirectory, "uuid"));
}

TEST(LookupsTest, ANameForWhichASecondClientAskedIsDisputedOnce) {
  Lookups lookups;
  lookups.add(kDirectory, "uuid", kClient);
  lookups.add(kDirectory, "uuid", kAnother);
  lookups.add(kDirectory, "uuid", kAnother);
  EXPECT_TRUE(lookups.take(kDirectory, "uuid"));
  EXPECT_FALSE(lookups.take(kDirectory, "uuid"));
}

TEST(LookupsTest, ClientsThatCannotBeToldApartAreSeveral) {
  Lookups lookups;
  lookups.add(kDirectory, "uuid", 0);
  EXPECT_TRUE(lookups.take(kDirectory, "uuid"));
}

TEST(LookupsTest, NamesAndDirectoriesAreToldApart) {
  Lookups lookups;
  lookups.add(kDirectory, "uuid", kClient);
  lookups.add(kOther, "uuid", kAnother);
  lookups.add(kDirectory, "another", kAnother);
  EXPECT_FALSE(lookups.take(kDirectory, "uuid"));
  EXPECT_FALSE(lookups.take(kOther, "uuid"));
}

TEST(LookupsTest, WhoAskedBeforeTheNameWasTakenCountsNoMore) {
  Lookups lookups;
  lookups.add(kDirectory, "uuid", kClient);
  lookups.take(kDirectory, "uuid");
  lookups.add(kDirectory, "uuid", kAnother);
  EXPECT_FALSE(lookups.take(kDirectory, "uuid"));
}

TEST(LookupsTest, ManyNamesDoNotMakeOneDisputed) {
  Lookups lookups;
  const auto name = [](int i) { return "name" + std::to_string(i); };
  for (int i = 0; i < 100'000; ++i) {
    lookups.add(kDirectory, name(i), i % 2 == 0 ? kClient : kAnother);
  }
  for (int i = 0; i < 100'000; ++i) EXPECT_FALSE(lookups.take(kDirectory, name(i))) << i;
}

}  // namespace
}  // namespace mdevsim::fusefs
