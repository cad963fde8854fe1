#include "fusefs/fuse/pollers.h"

#include <gtest/gtest.h>

#include <array>

namespace mdevsim::fusefs {
namespace {

using sysfs::Kind;
using sysfs::NodeId;

constexpr NodeId kInstance(0, Kind::instance, 5, 0);
constexpr NodeId kValue = kInstance.at(3);
constexpr NodeId kOtherValue = kInstance.at(4);
constexpr NodeId kElsewhere(0, Kind::instance, 6, 3);

class PollersTest : public testing::Test {
 protected:
  PollHandle handle(std::size_t number) { return {&handles.at(number)}; }
  std::array<char, 4> handles{};
  std::array<char, 4> files{};
  Pollers pollers;
};

TEST_F(PollersTest, CountsChangesOfTheAttributeThatChanged) {
  const std::uint64_t before = pollers.changes(kValue);
  EXPECT_NE(before, 0U);
  pollers.attribute_changed(kValue);
  EXPECT_EQ(pollers.changes(kValue), before + 1);
  EXPECT_EQ(pollers.changes(kOtherValue), before);
}

TEST_F(PollersTest, GivesOutTheChangedAttributesPollersOnce) {
  pollers.add(&files[0], kValue, handle(0));
  pollers.add(&files[1], kOtherValue, handle(1));
  const auto woken = pollers.attribute_changed(kValue);
  ASSERT_EQ(woken.size(), 1U);
  EXPECT_EQ(woken[0].handle, &handles[0]);
  EXPECT_TRUE(pollers.attribute_changed(kValue).empty());
}

TEST_F(PollersTest, NewHandleOfAnOpenFileReplacesTheOld) {
  EXPECT_EQ(pollers.add(&files[0], kValue, handle(0)).handle, nullptr);
  EXPECT_EQ(pollers.add(&files[0], kValue, handle(1)).handle, &handles[0]);
  EXPECT_EQ(pollers.remove(&files[0]).handle, &handles[1]);
  EXPECT_EQ(pollers.remove(&files[0]).handle, nullptr);
}

TEST_F(PollersTest, GoneObjectWakesAllItsPollersAndForgetsItsChanges) {
  pollers.add(&files[0], kValue, handle(0));
  pollers.add(&files[1], kOtherValue, handle(1));
  pollers.add(&files[2], kElsewhere, handle(2));
  EXPECT_EQ(pollers.object_gone(kInstance).size(), 2U);
  pollers.attribute_changed(kValue);
  pollers.object_gone(kInstance);
  EXPECT_EQ(pollers.changes(kValue), pollers.changes(kOtherValue));
  EXPECT_EQ(pollers.take_all().size(), 1U);
}

}  // namespace
}  // namespace mdevsim::fusefs
