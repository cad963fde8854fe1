#include "tests/oracle/probe/uevents.h"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace probe {
namespace {

constexpr unsigned kKernelGroup = 1;

// The parts of a message with `|` behind each; what the kernel counts is replaced.
std::string readable(std::string_view message) {
  std::string shown;
  while (!message.empty()) {
    const std::string_view part = message.substr(0, message.find('\0'));
    if (part.starts_with("SEQNUM=")) {
      shown += "SEQNUM=N";
    } else if (part.starts_with("MAJOR=")) {
      shown += "MAJOR=M";
    } else {
      shown += part;
    }
    shown += "|";
    message.remove_prefix(std::min(part.size() + 1, message.size()));
  }
  return shown;
}

}  // namespace

UeventListener::UeventListener(const Report& out, int patience_ms,
                               std::vector<std::string> prefixes)
    : socket_(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT)),
      patience_ms_(patience_ms),
      prefixes_(std::move(prefixes)) {
  if (!socket_.ok()) {
    out.line("socket", {-1, errno});
    return;
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kKernelGroup;
  const Outcome bound = attempt([&] {
    return bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
  if (!bound.failed()) return;
  out.line("bind", bound);
  socket_.reset();
}

UeventListener::UeventListener(const Report& out, const Target& target)
    : UeventListener(out, target.patience_ms,
                     {target.without_root(target.parent), "/devices/virtual/vfio/", "/bus/mdev"}) {}

bool UeventListener::wait(int timeout_ms) const {
  pollfd polled{socket_.get(), POLLIN, 0};
  return socket_.ok() && poll(&polled, 1, timeout_ms) > 0;
}

// A message begins with ACTION@DEVPATH.
bool UeventListener::concerns(std::string_view message) const {
  const std::string_view path = message.substr(std::min(message.find('@'), message.size() - 1) + 1);
  return prefixes_.empty() ||
         std::any_of(prefixes_.begin(), prefixes_.end(),
                     [&](const auto& prefix) { return path.starts_with(prefix); });
}

void UeventListener::report_pending(const Report& out, const std::string& tag) const {
  if (!socket_.ok()) return;
  int index = 0;
  while (wait(patience_ms_)) {
    std::array<char, 8192> buffer{};
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    const Outcome got = attempt([&] {
      return recvfrom(socket_.get(), buffer.data(), buffer.size(), 0,
                      reinterpret_cast<sockaddr*>(&sender), &sender_size);
    });
    if (got.failed()) return out.line(text("%s[%d]", tag.c_str(), index), got);
    const std::string_view message(buffer.data(), static_cast<std::size_t>(got.value));
    if (!concerns(message)) continue;
    out.value(text("%s[%d]", tag.c_str(), index++), sender.nl_pid, readable(message));
  }
  if (index == 0) out.value(tag + " none", 0);
}

}  // namespace probe
