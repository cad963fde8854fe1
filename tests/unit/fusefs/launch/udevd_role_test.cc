#include "fusefs/launch/udevd_role.h"

#include <gtest/gtest.h>

namespace mdevsim::launch {
namespace {

constexpr char kHeading[] =
    "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n";

std::string table(const char* line) { return std::string(kHeading) + line + "\n"; }

TEST(HasUnreadEvents, AListenerWithUnreadBytesCounts) {
  EXPECT_TRUE(has_unread_events(
      table("0000000000000000 15  4100       00000002 1280     0        0     2        0        9"),
      7));
}

TEST(HasUnreadEvents, AListenerThatHasReadAllDoesNot) {
  EXPECT_FALSE(has_unread_events(
      table("0000000000000000 15  4100       00000002 0        0        0     2        0        9"),
      7));
}

TEST(HasUnreadEvents, OurOwnSocketDoesNotCount) {
  EXPECT_FALSE(has_unread_events(
      table("0000000000000000 15  7          00000002 1280     0        0     2        0        9"),
      7));
}

TEST(HasUnreadEvents, ListenersToTheKernelAloneDoNotCount) {
  EXPECT_FALSE(has_unread_events(
      table("0000000000000000 15  4100       00000001 1280     0        0     2        0        9"),
      7));
}

TEST(HasUnreadEvents, OtherProtocolsDoNotCount) {
  EXPECT_FALSE(has_unread_events(
      table("0000000000000000 0   4100       00000002 1280     0        0     2        0        9"),
      7));
}

}  // namespace
}  // namespace mdevsim::launch
