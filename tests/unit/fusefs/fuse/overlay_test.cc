#include "fusefs/fuse/overlay.h"

#include <gtest/gtest.h>

#include <string>

namespace mdevsim::fusefs {
namespace {

using sysfs::Kind;
using sysfs::NodeId;
using std::string_literals::operator""s;

constexpr NodeId kInstance(0, Kind::instance, 5, 0);
constexpr NodeId kRemove = kInstance.at(3);
constexpr NodeId kUevent = kInstance.at(4);
constexpr NodeId kOther(0, Kind::instance, 6, 3);

class OverlayTest : public testing::Test {
 protected:
  std::string value_of(NodeId node, std::string_view name) {
    std::string value;
    EXPECT_EQ(overlay.get_xattr(node, name, value), Errc::ok);
    return value;
  }
  Errc set(NodeId node, std::string_view name, std::string_view value,
           XattrMode mode = XattrMode::set) {
    return overlay.set_xattr(node, name, value, mode);
  }
  std::string unused;
  Overlay overlay{{.nodes = 2, .xattr_bytes_per_node = 20, .xattr_bytes = 30}};
};

TEST_F(OverlayTest, KeepsWhatWasChangedAndNothingElse) {
  ASSERT_EQ(overlay.change(kRemove, {.mode = 0600}), Errc::ok);
  ASSERT_EQ(overlay.change(kRemove, {.uid = 7}), Errc::ok);
  const AttributeChanges changes = overlay.attributes(kRemove);
  EXPECT_EQ(changes.mode, 0600);
  EXPECT_EQ(changes.uid, 7U);
  EXPECT_FALSE(changes.gid);
  EXPECT_FALSE(changes.mtime);
  EXPECT_FALSE(overlay.attributes(kUevent).mode);
}

TEST_F(OverlayTest, GoesWithTheObject) {
  ASSERT_EQ(overlay.change(kRemove, {.mode = 0600}), Errc::ok);
  ASSERT_EQ(set(kRemove, "trusted.x", "1"), Errc::ok);
  ASSERT_EQ(overlay.change(kOther, {.mode = 0600}), Errc::ok);
  overlay.forget_object(kInstance);
  EXPECT_FALSE(overlay.attributes(kRemove).mode);
  EXPECT_EQ(overlay.list_xattrs(kRemove), "");
  EXPECT_EQ(overlay.attributes(kOther).mode, 0600);
}

TEST_F(OverlayTest, RefusesMoreNodesThanItsLimitUntilSomeGo) {
  ASSERT_EQ(overlay.change(kRemove, {.mode = 0600}), Errc::ok);
  ASSERT_EQ(overlay.change(kOther, {.mode = 0600}), Errc::ok);
  EXPECT_EQ(overlay.change(kUevent, {.mode = 0600}), Errc::no_memory);
  EXPECT_EQ(overlay.change(kRemove, {.mode = 0644}), Errc::ok);
  overlay.forget_object(kOther);
  EXPECT_EQ(overlay.change(kUevent, {.mode = 0600}), Errc::ok);
}

TEST_F(OverlayTest, ListsXattrsInTheOrderOfSetting) {
  ASSERT_EQ(set(kRemove, "trusted.x", "1"), Errc::ok);
  ASSERT_EQ(set(kRemove, "a.y", "2"), Errc::ok);
  ASSERT_EQ(set(kRemove, "trusted.x", "3"), Errc::ok);
  EXPECT_EQ(overlay.list_xattrs(kRemove), "trusted.x\0a.y\0"s);
  EXPECT_EQ(value_of(kRemove, "trusted.x"), "3");
}

TEST_F(OverlayTest, RemovesXattrs) {
  ASSERT_EQ(set(kRemove, "trusted.x", "1"), Errc::ok);
  EXPECT_EQ(overlay.remove_xattr(kRemove, "trusted.x"), Errc::ok);
  EXPECT_EQ(overlay.remove_xattr(kRemove, "trusted.x"), Errc::no_data);
  EXPECT_EQ(overlay.remove_xattr(kOther, "trusted.x"), Errc::no_data);
  EXPECT_EQ(overlay.get_xattr(kRemove, "trusted.x", unused), Errc::no_data);
}

TEST_F(OverlayTest, CreatesOnlyWhatIsNotThereAndReplacesOnlyWhatIs) {
  EXPECT_EQ(set(kRemove, "trusted.x", "1", XattrMode::replace), Errc::no_data);
  EXPECT_EQ(set(kRemove, "trusted.x", "1", XattrMode::create), Errc::ok);
  EXPECT_EQ(set(kRemove, "trusted.x", "2", XattrMode::create), Errc::exists);
  EXPECT_EQ(set(kRemove, "trusted.x", "3", XattrMode::replace), Errc::ok);
  EXPECT_EQ(value_of(kRemove, "trusted.x"), "3");
}

TEST_F(OverlayTest, LimitsTheBytesOfANodeAndOfAll) {
  ASSERT_EQ(set(kRemove, "n", std::string(19, 'v')), Errc::ok);
  EXPECT_EQ(set(kRemove, "m", ""), Errc::no_memory);
  EXPECT_EQ(set(kRemove, "n", std::string(20, 'v')), Errc::no_memory);
  EXPECT_EQ(set(kOther, "n", std::string(10, 'v')), Errc::no_memory);
  EXPECT_EQ(set(kOther, "n", std::string(9, 'v')), Errc::ok);
  ASSERT_EQ(overlay.remove_xattr(kRemove, "n"), Errc::ok);
  EXPECT_EQ(set(kOther, "n", std::string(19, 'v')), Errc::ok);
}

TEST_F(OverlayTest, BytesOfAForgottenObjectAreFree) {
  ASSERT_EQ(set(kRemove, "n", std::string(19, 'v')), Errc::ok);
  overlay.forget_object(kInstance);
  EXPECT_EQ(set(kOther, "n", std::string(19, 'v')), Errc::ok);
}

}  // namespace
}  // namespace mdevsim::fusefs
