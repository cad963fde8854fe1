// Uevents in a network namespace, with real receivers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "fusefs/uevent/message.h"
#include "fusefs/uevent/sender.h"
#include "tests/support/mounted_host.h"

namespace mdevsim::uevent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct Message {
  std::uint32_t sender_port = 0;
  std::string bytes;
};

// Listens as libudev's monitors do. Never waits: what was sent must be there.
class Receiver {
 public:
  explicit Receiver(std::uint32_t group)
      : socket_(
            ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT)) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = group;
    CHECK(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~Receiver() { ::close(socket_); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // Without what the machine itself has to say meanwhile (devices are announced in every
  // namespace).
  std::vector<Message> drain() const {
    std::vector<Message> messages;
    std::array<char, 8192> buffer{};
    sockaddr_nl from{};
    for (;;) {
      socklen_t length = sizeof from;
      const ssize_t size = ::recvfrom(socket_, buffer.data(), buffer.size(), 0,
                                      reinterpret_cast<sockaddr*>(&from), &length);
      if (size < 0) return messages;
      std::string bytes(buffer.data(), static_cast<std::size_t>(size));
      if (bytes.find("/mtty/") == std::string::npos && bytes.find("/vfio/") == std::string::npos)
        continue;
      messages.push_back({from.nl_pid, std::move(bytes)});
    }
  }

 private:
  const int socket_;
};

sysfs::Uevent event() {
  return {.action = "change",
          .devpath = "/devices/virtual/mtty/mtty",
          .subsystem = "mtty",
          .variables = {{"MDEV_STATE", "registered"}}};
}

Result<std::uint64_t> send_one(Sender& sender, const sysfs::Uevent& uevent) {
  return sender.send(std::array{&uevent});
}

std::string value_of(const std::string& bytes, const std::string& key) {
  const std::size_t at = bytes.find('\0' + key + '=');
  if (at == std::string::npos) return {};
  return bytes.c_str() + at + key.size() + 2;
}

class Uevents : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { testing::enter_own_namespaces(); }

  std::uint64_t send(Audience audience) {
    auto sender = Sender::open(audience);
    EXPECT_TRUE(sender.has_value());
    const auto seqnum = send_one(**sender, event());
    EXPECT_TRUE(seqnum.has_value()) << seqnum.error().why;
    return seqnum.value_or(0);
  }
  Receiver kernel{1};
  Receiver udev{2};
};

TEST_F(Uevents, KernelGroupHearsThemFromTheKernel) {
  const std::uint64_t seqnum = send(Audience::kernel);
  const auto heard = kernel.drain();
  ASSERT_THAT(heard, SizeIs(1));
  EXPECT_EQ(heard[0].sender_port, 0U);
  EXPECT_EQ(heard[0].bytes, kernel_payload(event()) + "SEQNUM=" + std::to_string(seqnum) + '\0');
  EXPECT_THAT(udev.drain(), IsEmpty());
}

TEST_F(Uevents, UdevGroupHearsThemFromUs) {
  const std::uint64_t seqnum = send(Audience::udev);
  const auto heard = udev.drain();
  ASSERT_THAT(heard, SizeIs(1));
  EXPECT_NE(heard[0].sender_port, 0U);
  EXPECT_EQ(heard[0].bytes, udev_message(event(), seqnum));
  EXPECT_THAT(kernel.drain(), IsEmpty());
}

TEST_F(Uevents, BothCopiesCarryTheSameSeqnum) {
  send(Audience::both);
  const auto first = kernel.drain();
  const auto second = udev.drain();
  ASSERT_THAT(first, SizeIs(1));
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_NE(value_of(first[0].bytes, "SEQNUM"), "");
  EXPECT_EQ(value_of(first[0].bytes, "SEQNUM"), value_of(second[0].bytes, "SEQNUM"));
}

TEST_F(Uevents, SeqnumsGrow) {
  auto sender = Sender::open(Audience::both);
  ASSERT_TRUE(sender.has_value());
  const auto first = send_one(**sender, event());
  const auto second = send_one(**sender, event());
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_GT(*second, *first);
}

TEST_F(Uevents, ManyGoInTheirOrder) {
  auto sender = Sender::open(Audience::both);
  ASSERT_TRUE(sender.has_value());
  std::vector<sysfs::Uevent> events(40, event());
  std::vector<const sysfs::Uevent*> pointers;
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].variables = {{"NUMBER", std::to_string(i)}};
    pointers.push_back(&events[i]);
  }
  ASSERT_TRUE((*sender)->send(pointers).has_value());
  const auto heard = kernel.drain();
  const auto passed_on = udev.drain();
  ASSERT_THAT(heard, SizeIs(events.size()));
  ASSERT_THAT(passed_on, SizeIs(events.size()));
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(value_of(heard[i].bytes, "NUMBER"), std::to_string(i));
    EXPECT_EQ(value_of(passed_on[i].bytes, "NUMBER"), std::to_string(i));
    EXPECT_EQ(value_of(heard[i].bytes, "SEQNUM"), value_of(passed_on[i].bytes, "SEQNUM"));
  }
}

TEST_F(Uevents, TooLongAnEventIsAnErrorThatKeepsNoOtherBack) {
  auto sender = Sender::open(Audience::kernel);
  ASSERT_TRUE(sender.has_value());
  sysfs::Uevent longest = event();
  longest.variables.emplace_back("LONG", std::string(2048, 'x'));
  const sysfs::Uevent short_one = event();
  const std::array<const sysfs::Uevent*, 2> events = {&longest, &short_one};
  EXPECT_FALSE((*sender)->send(events).has_value());
  EXPECT_THAT(kernel.drain(), SizeIs(1));
}

TEST_F(Uevents, AreInTheReceiversSocketsWhenTheWriteReturns) {
  auto sender = Sender::open(Audience::both);
  ASSERT_TRUE(sender.has_value());
  testing::MountedHost host(
      {.send_uevents = [&sender](std::uint32_t, std::span<const sysfs::Uevent* const> uevents) {
        EXPECT_TRUE((*sender)->send(uevents).has_value());
      }});
  const std::string path =
      host.path("devices/virtual/mtty/mtty/mdev_supported_types/mtty-2/create");
  const int fd = ::open(path.c_str(), O_WRONLY);
  kernel.drain();
  const std::string uuid = testing::uuid_text(1);
  const ssize_t written = ::write(fd, uuid.data(), uuid.size());
  const auto heard = kernel.drain();
  const auto passed_on = udev.drain();
  ::close(fd);
  EXPECT_EQ(written, 36);
  const std::string instance = "/devices/virtual/mtty/mtty/" + uuid;
  ASSERT_THAT(heard, SizeIs(4));
  EXPECT_THAT(heard[0].bytes, StartsWith("add@" + instance + '\0'));
  EXPECT_THAT(heard[1].bytes, StartsWith("add@/devices/virtual/vfio/"));
  EXPECT_THAT(heard[2].bytes, StartsWith("add@" + instance + "/vfio-dev/vfio"));
  EXPECT_THAT(heard[3].bytes, StartsWith("bind@" + instance + '\0'));
  EXPECT_THAT(passed_on, SizeIs(4));
}

}  // namespace
}  // namespace mdevsim::uevent
