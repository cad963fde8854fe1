#include "fusefs/launch/uevent_listener.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace mdevsim::launch {
namespace {

constexpr int kBufferBytes = 16 << 20;
constexpr std::string_view kUdevPrefix("libudev\0", 8);
constexpr std::size_t kPropertiesOffsetAt = 16;  // behind prefix, magic and header size

// KEY=VALUE, each ended by a NUL.
UeventFields parse_fields(std::string_view text) {
  UeventFields fields;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    fields.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return fields;
}

}  // namespace

std::optional<UeventFields> parse_uevent(std::string_view message) {
  if (message.starts_with(kUdevPrefix)) {
    std::uint32_t offset = 0;
    if (message.size() < kPropertiesOffsetAt + sizeof(offset)) return std::nullopt;
    std::memcpy(&offset, message.data() + kPropertiesOffsetAt, sizeof(offset));
    if (offset > message.size()) return std::nullopt;
    return parse_fields(message.substr(offset));
  }
  const std::size_t end = message.find('\0');  // of ACTION@DEVPATH
  if (end == std::string_view::npos || message.substr(0, end).find('@') == std::string_view::npos) {
    return std::nullopt;
  }
  return parse_fields(message.substr(end + 1));
}

Outcome<UeventListener> UeventListener::open(UeventGroup group) {
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = static_cast<unsigned>(group);
  if (!socket.is_open() ||
      ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return failed(with_errno("cannot listen for uevents"));
  }
  for (const int option : {SO_RCVBUFFORCE, SO_RCVBUF}) {
    if (::setsockopt(socket.get(), SOL_SOCKET, option, &kBufferBytes, sizeof(kBufferBytes)) == 0) {
      break;
    }
  }
  return UeventListener(std::move(socket));
}

bool UeventListener::receive(std::vector<UeventFields>& out) {
  bool is_whole = true;
  std::array<char, 8192> message;
  for (;;) {
    const ssize_t count = ::recv(socket_.get(), message.data(), message.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == ENOBUFS) {
      is_whole = false;
      continue;
    }
    if (count < 0) return is_whole;
    auto fields = parse_uevent({message.data(), static_cast<std::size_t>(count)});
    if (fields) out.push_back(std::move(*fields));
  }
}

}  // namespace mdevsim::launch
