// What libvirt depends on: by the time that a write to `create` returns, the messages are in the
// sockets of those who listen, the kernel's and udev's. So nothing here waits.
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "tests/clients/helper/commands.h"
#include "tests/oracle/probe/files.h"

namespace helper {
namespace {

constexpr unsigned kKernelGroup = 1;
constexpr unsigned kUdevGroup = 2;

// The head of libudev's messages; what follows is in host order.
struct UdevHeader {
  char prefix[8];  // "libudev"
  std::uint32_t magic;
  std::uint32_t header_size;
  std::uint32_t properties_offset;
  std::uint32_t properties_size;
};

probe::Fd listener(unsigned group) {
  probe::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = group;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

std::string value_of(std::string_view properties, std::string_view key) {
  while (!properties.empty()) {
    const std::string_view part = properties.substr(0, properties.find('\0'));
    if (part.starts_with(key) && part.substr(key.size()).starts_with('='))
      return std::string(part.substr(key.size() + 1));
    properties.remove_prefix(std::min(part.size() + 1, properties.size()));
  }
  return {};
}

// The properties of a message: all of a kernel's, what the header points at of udev's.
std::string_view properties_of(std::string_view message, unsigned group) {
  if (group == kKernelGroup) return message;
  UdevHeader header{};
  if (message.size() < sizeof header) return {};
  std::memcpy(&header, message.data(), sizeof header);
  if (std::strncmp(header.prefix, "libudev", sizeof header.prefix) != 0) return {};
  if (header.properties_offset > message.size()) return {};
  return message.substr(header.properties_offset, header.properties_size);
}

void print_pending(const char* name, unsigned group, const probe::Fd& fd) {
  std::array<char, 8192> buffer{};
  for (;;) {
    const ssize_t size = recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) return;
    const std::string_view properties =
        properties_of({buffer.data(), static_cast<std::size_t>(size)}, group);
    printf("%s %s %s %s\n", name, value_of(properties, "ACTION").c_str(),
           value_of(properties, "SUBSYSTEM").c_str(), value_of(properties, "DEVPATH").c_str());
  }
}

}  // namespace

int run_listen(std::span<const std::string> arguments) {
  const probe::Fd kernel = listener(kKernelGroup);
  const probe::Fd udev = listener(kUdevGroup);
  if (!kernel.ok() || !udev.ok()) {
    perror("netlink socket");
    return 1;
  }
  const probe::WriteOutcome outcome = probe::write_file(arguments[0] + "/create", arguments[1]);
  print_pending("kernel", kKernelGroup, kernel);
  print_pending("udev", kUdevGroup, udev);
  printf("write %ld %s\n", outcome.value, probe::errno_name(outcome.error).c_str());
  return outcome.failed() ? 1 : 0;
}

}  // namespace helper
