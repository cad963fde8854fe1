#include "fusefs/uevent/sender.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "fusefs/uevent/message.h"
#include "sim/base/limits.h"

namespace mdevsim::uevent {
namespace {

// Bits of sockaddr_nl::nl_groups.
constexpr std::uint32_t kKernelGroup = 1;
constexpr std::uint32_t kUdevGroup = 2;

// The kernel takes any type that is not one of netlink's own.
constexpr std::uint16_t kMessageType = NLMSG_MIN_TYPE;

struct AudienceRow {
  Audience audience;
  std::string_view name;
  bool kernel;
  bool udev;
};
constexpr std::array kAudiences = {
    AudienceRow{Audience::none, "none", false, false},
    AudienceRow{Audience::kernel, "kernel", true, false},
    AudienceRow{Audience::udev, "udev", false, true},
    AudienceRow{Audience::both, "both", true, true},
};

const AudienceRow& row_of(Audience audience) {
  return kAudiences[static_cast<std::size_t>(audience)];
}

Errc errc_of_socket(int reason) {
  return reason == EPERM || reason == EACCES ? Errc::not_permitted : Errc::io;
}

tl::unexpected<Error> socket_failure(std::string_view what, int reason) {
  return fail(errc_of_socket(reason),
              fmt::format("{}: {}{}", what, std::strerror(reason),
                          reason == EPERM ? "; root, or root of the network namespace's user "
                                            "namespace, may (mdevsim run makes one)"
                                          : ""));
}

sockaddr_nl address(std::uint32_t groups) {
  sockaddr_nl out{};
  out.nl_family = AF_NETLINK;
  out.nl_groups = groups;
  return out;
}

// netlink's structures begin the messages that carry them.
template <typename Header>
Header header_of(std::string_view bytes) {
  Header header{};
  std::memcpy(&header, bytes.data(), std::min(sizeof header, bytes.size()));
  return header;
}

struct Received {
  std::string_view bytes;
  bool from_kernel = false;
  bool broadcast = false;
};

// The next message; the error number negated when there is none.
ssize_t receive(int socket, int flags, std::array<char, 8192>& buffer, Received& out) {
  sockaddr_nl from{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const ssize_t size = ::recvmsg(socket, &message, flags);
  if (size < 0) return -errno;
  out.bytes = {buffer.data(), static_cast<std::size_t>(size)};
  out.from_kernel = from.nl_pid == 0;
  out.broadcast = (from.nl_groups & kKernelGroup) != 0;
  return size;
}

}  // namespace

std::optional<Audience> audience_from_name(std::string_view name) {
  for (const AudienceRow& row : kAudiences) {
    if (row.name == name) return row.audience;
  }
  return std::nullopt;
}

Result<std::unique_ptr<Sender>> Sender::open(Audience audience) {
  const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
  if (socket < 0) return socket_failure("cannot open a socket for uevents", errno);
  std::unique_ptr<Sender> sender;
  // It hears the kernel's broadcasts itself, and so learns their SEQNUMs.
  sockaddr_nl self = address(row_of(audience).kernel ? kKernelGroup : 0);
  socklen_t length = sizeof self;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&self), sizeof self) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&self), &length) != 0) {
    const int reason = errno;
    ::close(socket);
    return socket_failure("cannot bind a socket for uevents", reason);
  }
  return std::unique_ptr<Sender>(new Sender(audience, socket, self.nl_pid));
}

Sender::~Sender() { ::close(socket_); }

Result<std::uint64_t> Sender::send(const sysfs::Uevent& uevent) {
  std::uint64_t seqnum = last_seqnum_ + 1;
  if (row_of(audience_).kernel) {
    TRY_SET(seqnum, send_to_kernel_group(kernel_payload(uevent)));
  }
  last_seqnum_ = seqnum;
  if (row_of(audience_).udev) return send_to_udev_group(uevent, seqnum);
  return seqnum;
}

Result<std::uint64_t> Sender::send_to_kernel_group(const std::string& payload) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + payload.size());
  header.nlmsg_type = kMessageType;
  header.nlmsg_flags = NLM_F_REQUEST;  // without NLM_F_ACK only a refusal is answered
  header.nlmsg_seq = ++requests_;
  header.nlmsg_pid = port_;
  if (header.nlmsg_len > kUeventBytesMax) {
    return fail(Errc::no_memory, fmt::format("the uevent {} is longer than {} bytes",
                                             payload.c_str(), kUeventBytesMax));
  }
  sockaddr_nl kernel = address(0);
  std::array<iovec, 2> parts = {iovec{&header, sizeof header},
                                iovec{const_cast<char*>(payload.data()), payload.size()}};
  msghdr message{};
  message.msg_name = &kernel;
  message.msg_namelen = sizeof kernel;
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (::sendmsg(socket_, &message, 0) < 0) {
    return socket_failure("the kernel refused a uevent", errno);
  }
  return await_broadcast(payload, header.nlmsg_seq);
}

// The kernel has put the broadcast, or its refusal, into the socket before sendmsg(2) returned.
// What lies before it are the kernel's other events since the last call, which are nothing to us.
Result<std::uint64_t> Sender::await_broadcast(const std::string& payload, std::uint32_t request) {
  std::array<char, 8192> buffer;
  for (;;) {
    Received received;
    const ssize_t size = receive(socket_, MSG_DONTWAIT, buffer, received);
    if (size == -EINTR || size == -ENOBUFS) continue;  // ENOBUFS: other events did not fit
    // Without a broadcast of ours (the socket was full) the event still went to everybody else.
    if (size == -EAGAIN) return last_seqnum_ + 1;
    if (size < 0) return socket_failure("no answer to a uevent", static_cast<int>(-size));
    if (!received.from_kernel) continue;
    if (received.broadcast) {
      const std::uint64_t seqnum = seqnum_of_broadcast(received.bytes, payload);
      if (seqnum != 0) return seqnum;
      continue;
    }
    const auto header = header_of<nlmsghdr>(received.bytes);
    if (header.nlmsg_type != NLMSG_ERROR) continue;
    const auto answer = header_of<nlmsgerr>(received.bytes.substr(sizeof header));
    if (answer.msg.nlmsg_seq == request && answer.error != 0)
      return socket_failure("the kernel refused a uevent", -answer.error);
  }
}

Result<std::uint64_t> Sender::send_to_udev_group(const sysfs::Uevent& uevent,
                                                 std::uint64_t seqnum) {
  const std::string message = udev_message(uevent, seqnum);
  sockaddr_nl listeners = address(kUdevGroup);
  const ssize_t sent = ::sendto(socket_, message.data(), message.size(), 0,
                                reinterpret_cast<sockaddr*>(&listeners), sizeof listeners);
  // ECONNREFUSED: nobody listens.
  if (sent < 0 && errno != ECONNREFUSED) {
    return socket_failure("cannot send a uevent to the udev group", errno);
  }
  return seqnum;
}

}  // namespace mdevsim::uevent
