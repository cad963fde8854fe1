#include "fusefs/launch/private_directories.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mdevsim::launch {
namespace {

const PrivateDirectory& find(bool is_root, std::string_view path) {
  for (const PrivateDirectory& directory : private_directories(is_root)) {
    if (directory.path == path) return directory;
  }
  static const PrivateDirectory none;
  ADD_FAILURE() << path << " is not private";
  return none;
}

TEST(PrivateDirectories, RootKeepsItsSocketsButNotLibvirtsOrUdevs) {
  const PrivateDirectory& run = find(true, "/run");
  EXPECT_TRUE(is_kept(run, "dbus", {}));
  EXPECT_FALSE(is_kept(run, "udev", {}));
  EXPECT_FALSE(is_kept(run, "libvirt", {}));
  EXPECT_FALSE(is_kept(run, "libvirtd.pid", {}));
  EXPECT_FALSE(is_kept(run, "virtlogd.pid", {}));
}

TEST(PrivateDirectories, OthersKeepOnlyWhatLeadsToTheirOwn) {
  const std::vector<std::string> own{"/var/lib/jenkins/workspace"};
  const PrivateDirectory& lib = find(false, "/var/lib");
  EXPECT_TRUE(is_kept(lib, "jenkins", own));
  EXPECT_FALSE(is_kept(lib, "jenkins2", own));
  EXPECT_FALSE(is_kept(lib, "jenk", own));
  EXPECT_FALSE(is_kept(lib, "libvirt", own));
}

TEST(PrivateDirectories, NobodySeesTheMachinesMediatedDevices) {
  EXPECT_FALSE(is_kept(find(true, "/etc/mdevctl.d"), "0000:3b:00.0", {}));
  EXPECT_FALSE(is_kept(find(false, "/etc/mdevctl.d"), "0000:3b:00.0", {}));
}

}  // namespace
}  // namespace mdevsim::launch
