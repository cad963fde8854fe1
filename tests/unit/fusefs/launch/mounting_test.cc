#include "fusefs/launch/mounting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "fusefs/launch/compose.h"

namespace mdevsim::launch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kMountinfo[] =
    "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    "23 21 0:21 / /sys rw,relatime - sysfs sysfs rw\n"
    "24 23 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "25 24 0:23 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "26 23 0:24 / /sys/kernel/debug rw - debugfs debugfs rw\n"
    "27 21 0:25 / /systematic rw - tmpfs tmpfs rw\n"
    "28 21 0:26 / /mnt/with\\040space rw shared:7 - fuse.mdevsim mdevsim rw\n"
    "29 21 0:27 / /mnt/covered rw - fuse.mdevsim mdevsim rw\n"
    "30 29 0:28 / /mnt/covered rw - tmpfs tmpfs rw\n";

TEST(MountPointsBelow, GivesTheTopmostOnes) {
  EXPECT_THAT(mount_points_below(kMountinfo, "/sys"), ElementsAre("fs/cgroup", "kernel/debug"));
}

TEST(IsMountedByUs, KnowsOurFilesystemAtAnEscapedPath) {
  EXPECT_TRUE(is_mounted_by_us(kMountinfo, "/mnt/with space"));
}

TEST(IsMountedByUs, OnlyTheTopmostMountCounts) {
  EXPECT_FALSE(is_mounted_by_us(kMountinfo, "/mnt/covered"));
}

TEST(IsMountedByUs, ADirectoryThatIsNoMountPointIsFree) {
  EXPECT_FALSE(is_mounted_by_us(kMountinfo, "/mnt"));
}

TEST(FuseHint, SaysWhatToDo) {
  EXPECT_THAT(fuse_hint(ENOENT), HasSubstr("modprobe fuse"));
  EXPECT_THAT(fuse_hint(EACCES), HasSubstr("chmod 0666 /dev/fuse"));
}

}  // namespace
}  // namespace mdevsim::launch
