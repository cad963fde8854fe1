#include "tests/oracle/probe/uevents.h"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

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

UeventListener::UeventListener(const Report& out, int patience_ms)
    : socket_(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT)),
      patience_ms_(patience_ms) {
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

bool UeventListener::wait(int timeout_ms) const {
  pollfd polled{socket_.get(), POLLIN, 0};
  return socket_.ok() && poll(&polled, 1, timeout_ms) > 0;
}

void UeventListener::drain(const Report& out, const std::string& tag, As as) const {
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
    const std::string id = text("%s[%d]", tag.c_str(), index++);
    if (got.failed()) return out.line(id, got);
    const std::string shown = readable({buffer.data(), static_cast<std::size_t>(got.value)});
    if (as == As::remark) {
      out.remark(id, sender.nl_pid, shown);
    } else {
      out.value(id, sender.nl_pid, shown);
    }
  }
  if (index == 0) out.value(tag + " none", 0);
}

void UeventListener::report_pending(const Report& out, const std::string& tag) const {
  drain(out, tag, As::line);
}

void UeventListener::remark_pending(const Report& out, const std::string& tag) const {
  drain(out, tag, As::remark);
}

}  // namespace probe
