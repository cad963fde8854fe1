#include "fusefs/uevent/sender.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "fusefs/uevent/message.h"
#include "sim/base/check.h"
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

// Messages that leave in one system call. What they consist of must outlive send().
template <std::size_t kMax>
class Outbox {
 public:
  explicit Outbox(std::uint32_t groups) : to_(address(groups)) {}

  void add(std::span<const iovec> parts) {
    CHECK(count_ < kMax && parts.size() <= 2);
    std::copy(parts.begin(), parts.end(), parts_[count_].begin());
    msghdr& header = messages_[count_].msg_hdr;
    header.msg_name = &to_;
    header.msg_namelen = sizeof to_;
    header.msg_iov = parts_[count_].data();
    header.msg_iovlen = parts.size();
    ++count_;
  }

  // The errno of the first that failed; the others are sent all the same.
  int send(int socket) {
    int failed = 0;
    for (unsigned sent = 0; sent < count_;) {
      const int result = ::sendmmsg(socket, messages_.data() + sent, count_ - sent, 0);
      if (result > 0) {
        sent += static_cast<unsigned>(result);
        continue;
      }
      if (errno == EINTR) continue;
      // ECONNREFUSED: nobody listens.
      if (failed == 0 && errno != ECONNREFUSED) failed = errno;
      ++sent;
    }
    return failed;
  }

 private:
  sockaddr_nl to_;
  std::array<std::array<iovec, 2>, kMax> parts_{};
  std::array<mmsghdr, kMax> messages_{};
  unsigned count_ = 0;
};

// What is in the socket, several messages a system call.
template <std::size_t kMax>
class Inbox {
 public:
  struct Received {
    std::string_view bytes;
    bool from_kernel = false;
    bool broadcast = false;
  };

  // Receives without waiting; how many, or the error number negated.
  int receive(int socket) {
    for (std::size_t i = 0; i < kMax; ++i) {
      parts_[i] = {buffers_[i].data(), buffers_[i].size()};
      msghdr& header = messages_[i].msg_hdr;
      header = {};
      header.msg_name = &from_[i];
      header.msg_namelen = sizeof from_[i];
      header.msg_iov = &parts_[i];
      header.msg_iovlen = 1;
    }
    const int count = ::recvmmsg(socket, messages_.data(), kMax, MSG_DONTWAIT, nullptr);
    return count < 0 ? -errno : count;
  }
  Received at(std::size_t i) const {
    return {.bytes = {buffers_[i].data(), messages_[i].msg_len},
            .from_kernel = from_[i].nl_pid == 0,
            .broadcast = (from_[i].nl_groups & kKernelGroup) != 0};
  }

 private:
  // A uevent is never longer, and what else may come need not be read whole.
  std::array<std::array<char, kUeventBytesMax + 64>, kMax> buffers_;
  std::array<iovec, kMax> parts_{};
  std::array<sockaddr_nl, kMax> from_{};
  std::array<mmsghdr, kMax> messages_{};
};

iovec part_of(const void* bytes, std::size_t size) { return {const_cast<void*>(bytes), size}; }
iovec part_of(const std::string& text) { return part_of(text.data(), text.size()); }

// The errno of a refusal of this request or of a later one; 0 for any other message.
int refusal_in(std::string_view bytes, std::uint32_t first_request) {
  const auto header = header_of<nlmsghdr>(bytes);
  if (header.nlmsg_type != NLMSG_ERROR || bytes.size() < sizeof header) return 0;
  const auto answer = header_of<nlmsgerr>(bytes.substr(sizeof header));
  return answer.msg.nlmsg_seq >= first_request ? -answer.error : 0;
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

Result<std::uint64_t> Sender::send(std::span<const sysfs::Uevent* const> uevents) {
  Result<std::uint64_t> result = last_seqnum_;
  while (!uevents.empty()) {
    const auto together = uevents.first(std::min(uevents.size(), kTogether));
    uevents = uevents.subspan(together.size());
    Result<std::uint64_t> sent = send_together(together);
    if (result) result = std::move(sent);
  }
  return result;
}

Result<std::uint64_t> Sender::send_together(std::span<const sysfs::Uevent* const> uevents) {
  std::array<Outgoing, kTogether> outgoing;
  std::size_t count = 0;
  std::optional<Error> wrong;
  for (const sysfs::Uevent* uevent : uevents) {
    std::string payload = kernel_payload(*uevent);
    if (sizeof(nlmsghdr) + payload.size() > kUeventBytesMax) {
      wrong = Error{Errc::no_memory, fmt::format("it is longer than {} bytes", kUeventBytesMax)};
      continue;
    }
    outgoing[count] = {uevent, std::move(payload), ++requests_, last_seqnum_ + count + 1};
    ++count;
  }
  const std::span<Outgoing> events(outgoing.data(), count);
  if (events.empty()) return tl::unexpected(*wrong);
  if (row_of(audience_).kernel) {
    TRY_SET([[maybe_unused]] const std::size_t sent, send_to_kernel_group(events));
  }
  last_seqnum_ = events.back().seqnum;
  if (row_of(audience_).udev) {
    TRY_SET([[maybe_unused]] const std::size_t sent, send_to_udev_group(events));
  }
  if (wrong) return tl::unexpected(*wrong);
  return last_seqnum_;
}

Result<std::size_t> Sender::send_to_kernel_group(std::span<Outgoing> events) {
  std::array<nlmsghdr, kTogether> headers{};
  Outbox<kTogether> outbox(0);
  for (std::size_t i = 0; i < events.size(); ++i) {
    headers[i].nlmsg_len = static_cast<std::uint32_t>(sizeof headers[i] + events[i].payload.size());
    headers[i].nlmsg_type = kMessageType;
    headers[i].nlmsg_flags = NLM_F_REQUEST;  // without NLM_F_ACK only a refusal is answered
    headers[i].nlmsg_seq = events[i].request;
    headers[i].nlmsg_pid = port_;
    outbox.add(std::array{part_of(&headers[i], sizeof headers[i]), part_of(events[i].payload)});
  }
  const int failed = outbox.send(socket_);
  if (failed != 0) return socket_failure("the kernel refused a uevent", failed);
  return await_broadcasts(events);
}

// The kernel has put the broadcasts, or its refusals, into the socket before sendmmsg(2) returned.
// What lies between them are the kernel's other events since the last call, which are nothing to
// us.
Result<std::size_t> Sender::await_broadcasts(std::span<Outgoing> events) {
  thread_local Inbox<kTogether> inbox;
  std::size_t next = 0;
  while (next < events.size()) {
    const int count = inbox.receive(socket_);
    if (count == -EINTR || count == -ENOBUFS) continue;  // ENOBUFS: other events did not fit
    // Where the socket was full the event still went to everybody else, and has the next number.
    if (count == -EAGAIN) return next;
    if (count < 0) return socket_failure("no answer to a uevent", -count);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const auto received = inbox.at(i);
      if (!received.from_kernel) continue;
      if (!received.broadcast) {
        const int refused = refusal_in(received.bytes, events.front().request);
        if (refused != 0) return socket_failure("the kernel refused a uevent", refused);
        continue;
      }
      for (std::size_t event = next; event < events.size(); ++event) {
        const std::uint64_t seqnum = seqnum_of_broadcast(received.bytes, events[event].payload);
        if (seqnum == 0) continue;
        events[event].seqnum = seqnum;
        next = event + 1;
        break;
      }
    }
  }
  return next;
}

Result<std::size_t> Sender::send_to_udev_group(std::span<const Outgoing> events) {
  std::array<std::string, kTogether> messages;
  Outbox<kTogether> outbox(kUdevGroup);
  for (std::size_t i = 0; i < events.size(); ++i) {
    messages[i] = udev_message(*events[i].uevent, events[i].seqnum);
    outbox.add(std::array{part_of(messages[i])});
  }
  const int failed = outbox.send(socket_);
  if (failed != 0) return socket_failure("cannot send a uevent to the udev group", failed);
  return events.size();
}

}  // namespace mdevsim::uevent
