// Uevents on the wire, byte by byte.
#include "fusefs/uevent/message.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace mdevsim::uevent {
namespace {

using sysfs::Uevent;
using std::string_literals::operator""s;

Uevent vfio_add() {
  return {.action = "add",
          .devpath = "/devices/virtual/vfio/9",
          .subsystem = "vfio",
          .variables = {{"MAJOR", "511"}, {"MINOR", "0"}, {"DEVNAME", "vfio/9"}}};
}

// Golden files are compared bytewise; MDEVSIM_UPDATE_GOLDEN=1 writes them.
std::string golden(const std::string& name, const std::string& actual) {
  const std::string path = "tests/golden/uevent/" + name;
  if (std::getenv("MDEVSIM_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << actual;
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(KernelPayload, IsWhatTheKernelSendsWithoutItsSeqnum) {
  EXPECT_EQ(kernel_payload(vfio_add()),
            "add@/devices/virtual/vfio/9\0ACTION=add\0DEVPATH=/devices/virtual/vfio/9\0"
            "SUBSYSTEM=vfio\0MAJOR=511\0MINOR=0\0DEVNAME=vfio/9\0"s);
}

TEST(KernelPayload, EndsAtTheSubsystemWithoutVariables) {
  EXPECT_EQ(
      kernel_payload({.action = "unbind", .devpath = "/d", .subsystem = "mdev", .variables = {}}),
      "unbind@/d\0ACTION=unbind\0DEVPATH=/d\0SUBSYSTEM=mdev\0"s);
}

TEST(UdevMessage, IsTheGoldenOne) {
  const std::string message = udev_message(vfio_add(), 4711);
  EXPECT_EQ(message, golden("add-vfio.bin", message));
}

TEST(UdevMessage, CarriesDevtypeAndTagsInItsHeader) {
  Uevent event = vfio_add();
  event.variables.emplace_back("DEVTYPE", "usb_device");
  event.variables.emplace_back("TAGS", ":systemd:seat:");
  const std::string message = udev_message(event, 1);
  EXPECT_EQ(message, golden("add-with-devtype-and-tags.bin", message));
}

TEST(UdevMessage, HeaderSaysWhereThePropertiesAre) {
  const std::string message = udev_message(vfio_add(), 4711);
  ASSERT_GE(message.size(), 40U);
  EXPECT_EQ(message.substr(0, 8), "libudev\0"s);
  EXPECT_EQ(message.substr(8, 4), "\xfe\xed\xca\xfe");
  EXPECT_EQ(message.substr(40),
            "ACTION=add\0DEVPATH=/devices/virtual/vfio/9\0SUBSYSTEM=vfio\0MAJOR=511\0MINOR=0\0"
            "DEVNAME=/dev/vfio/9\0SEQNUM=4711\0"s);
}

// udevadm monitor --subsystem-match=mdev takes a message with this hash and drops others.
TEST(Murmur2, IsTheHashThatMonitorsFilterBy) {
  EXPECT_EQ(murmur2(""), 0U);
  EXPECT_EQ(murmur2("mdev"), 3142717895U);
  EXPECT_EQ(murmur2("vfio-dev"), 1463497921U);
  EXPECT_EQ(murmur2("pci"), 1494629266U);
}

TEST(SeqnumOfBroadcast, IsFoundBehindThePayload) {
  EXPECT_EQ(seqnum_of_broadcast("add@/d\0ACTION=add\0SEQNUM=42\0"s, "add@/d\0ACTION=add\0"s), 42U);
}

TEST(SeqnumOfBroadcast, IsNoneInAnotherMessage) {
  EXPECT_EQ(seqnum_of_broadcast("add@/e\0ACTION=add\0SEQNUM=42"s, "add@/d\0ACTION=add\0"s), 0U);
  EXPECT_EQ(seqnum_of_broadcast("add@/d\0ACTION=add\0MORE=1\0SEQNUM=42"s, "add@/d\0ACTION=add\0"s),
            0U);
  EXPECT_EQ(seqnum_of_broadcast("", "add@/d\0ACTION=add\0"s), 0U);
}

}  // namespace
}  // namespace mdevsim::uevent
