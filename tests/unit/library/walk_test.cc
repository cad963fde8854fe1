#include "library/walk.h"

#include <gtest/gtest.h>

#include "tests/support/sample_host.h"

namespace mdevsim {
namespace {

class NoSink : public sysfs::BatchSink {
 public:
  void post(sysfs::Batch) override {}
};

class WalkTest : public ::testing::Test {
 protected:
  WalkTest() {
    std::vector<std::unique_ptr<World>> worlds;
    worlds.push_back(testing::build_world(testing::sample_host()));
    tree_ = std::make_unique<sysfs::Tree>(std::move(worlds), sink_);
  }

  sysfs::NodeId node(std::string_view path) { return walk(*tree_, path, LastLink::followed)->node; }
  Errc refusal(std::string_view path) {
    return walk(*tree_, path, LastLink::followed).error().code;
  }

  NoSink sink_;
  std::unique_ptr<sysfs::Tree> tree_;
};

TEST_F(WalkTest, EveryPathToANodeLeadsThere) {
  const sysfs::NodeId mtty = node("devices/virtual/mtty/mtty");
  EXPECT_EQ(node("/class/mdev_bus/mtty"), mtty);
  EXPECT_EQ(node("class/mdev_bus/mtty/"), mtty);
  EXPECT_EQ(node("class/mdev_bus/mtty/subsystem/mtty"), mtty);
  EXPECT_EQ(node("class/./mdev_bus//mtty/mdev_supported_types/.."), mtty);
}

TEST_F(WalkTest, TheRootIsItsOwnParent) {
  EXPECT_EQ(node(""), tree_->root());
  EXPECT_EQ(node("../.."), tree_->root());
}

TEST_F(WalkTest, TheLastLinkIsKeptWhenAskedFor) {
  EXPECT_EQ(walk(*tree_, "class/mdev_bus/mtty", LastLink::kept)->stat.type, sysfs::NodeType::link);
  EXPECT_EQ(walk(*tree_, "class/mdev_bus/mtty", LastLink::followed)->stat.type,
            sysfs::NodeType::directory);
}

TEST_F(WalkTest, RefusesWhatIsNotThere) {
  EXPECT_EQ(refusal("class/nothing"), Errc::no_entry);
  EXPECT_EQ(refusal("devices/virtual/mtty/mtty/uevent/more"), Errc::not_directory);
}

}  // namespace
}  // namespace mdevsim
