#include "fusefs/launch/udevd_role.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <sstream>

#include "fusefs/launch/mounting.h"

namespace mdevsim::launch {
namespace {

constexpr char kDirectory[] = "/run/udev";
constexpr char kControl[] = "/run/udev/control";
constexpr char kVarlink[] = "/run/udev/io.systemd.Udev";
constexpr char kQueue[] = "/run/udev/queue";

constexpr unsigned kUdevGroup = 2;

// After the last listener has read the last event it still has to act on it.
constexpr std::int64_t kQuietMillis = 50;
// A listener that never reads, a stopped monitor perhaps, must not hold everybody up.
constexpr std::int64_t kPingMillisMax = 600;
constexpr int kLookMillis = 5;

// The layout of systemd's control messages: 16 bytes of version, the magic, the type, 256 bytes of
// argument.
constexpr std::uint32_t kControlMagic = 0xdead1dea;
constexpr std::size_t kMagicAt = 16;

// Varlink: a JSON object each way, ended by a NUL.
constexpr std::string_view kVarlinkDone("{\"parameters\":{}}\0", 18);
static_assert(kVarlinkDone.back() == '\0');

std::int64_t now_ms() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

Outcome<Fd> listen_at(const char* path, int type) {
  ::mkdir(kDirectory, 0755);
  Fd listener(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path);
  if (!listener.is_open() ||
      ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener.get(), 128) != 0) {
    return failed(with_errno(std::string("cannot listen on a private ") + path));
  }
  ::chmod(path, 0600);
  return listener;
}

Outcome<Fd> listen_for_events(std::uint32_t& port) {
  Fd monitor(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kUdevGroup;
  socklen_t length = sizeof(address);
  if (!monitor.is_open() ||
      ::bind(monitor.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(monitor.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return failed(with_errno("cannot listen for uevents"));
  }
  port = address.nl_pid;
  return monitor;
}

bool is_control_message(std::string_view message) {
  std::uint32_t magic = 0;
  if (message.size() < kMagicAt + sizeof(magic)) return false;
  std::memcpy(&magic, message.data() + kMagicAt, sizeof(magic));
  return magic == kControlMagic;
}

}  // namespace

bool has_unread_events(std::string_view netlink_table, std::uint32_t own_port) {
  std::istringstream lines{std::string(netlink_table)};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string socket;
    int protocol = 0;
    std::uint32_t port = 0;
    std::uint32_t groups = 0;
    std::uint64_t unread_bytes = 0;
    fields >> socket >> protocol >> port >> std::hex >> groups >> std::dec >> unread_bytes;
    if (!fields || protocol != NETLINK_KOBJECT_UEVENT || port == own_port) continue;
    if ((groups & kUdevGroup) != 0 && unread_bytes != 0) return true;
  }
  return false;
}

Outcome<UdevdRole> UdevdRole::open() {
  auto control = listen_at(kControl, SOCK_SEQPACKET);
  if (!control) return tl::unexpected(control.error());
  auto varlink = listen_at(kVarlink, SOCK_STREAM);
  if (!varlink) return tl::unexpected(varlink.error());
  std::uint32_t port = 0;
  auto monitor = listen_for_events(port);
  if (!monitor) return tl::unexpected(monitor.error());
  return UdevdRole(std::move(*control), std::move(*varlink), std::move(*monitor), port);
}

int UdevdRole::prepare(std::vector<pollfd>& fds) const {
  fds.push_back({control_.get(), POLLIN, 0});
  fds.push_back({varlink_.get(), POLLIN, 0});
  fds.push_back({monitor_.get(), POLLIN, 0});
  bool is_waiting = queue_shown_;
  for (const Ping& ping : pings_) {
    if (ping.is_asked) {
      is_waiting = true;
    } else {
      fds.push_back({ping.connection.get(), POLLIN, 0});
    }
  }
  return is_waiting ? kLookMillis : -1;
}

void UdevdRole::step() {
  const std::int64_t now = now_ms();
  take_events(now);
  take_pings(now);
  const bool is_asked = queue_shown_ || std::any_of(pings_.begin(), pings_.end(),
                                                    [](const Ping& ping) { return ping.is_asked; });
  if (is_asked && has_unread_events(read_file("/proc/thread-self/net/netlink"), port_)) {
    busy_at_ms_ = now;
  }
  answer_pings(now);
}

void UdevdRole::take_events(std::int64_t now) {
  std::array<char, 8192> message;
  bool is_any = false;
  for (;;) {
    const ssize_t count = ::recv(monitor_.get(), message.data(), message.size(), 0);
    if (count < 0 && errno != ENOBUFS && errno != EINTR)
      break;  // ENOBUFS: some were lost, they count too
    is_any = true;
  }
  if (!is_any) return;
  busy_at_ms_ = now;
  show_queue(true);
}

void UdevdRole::accept_pings(const Fd& listener, bool is_varlink, std::int64_t now) {
  for (;;) {
    Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.is_open()) break;
    pings_.push_back({std::move(connection), is_varlink, false, now});
  }
}

void UdevdRole::take_pings(std::int64_t now) {
  accept_pings(control_, false, now);
  accept_pings(varlink_, true, now);
  for (Ping& ping : pings_) {
    std::array<char, 512> message;
    while (!ping.is_asked) {
      const ssize_t count = ::recv(ping.connection.get(), message.data(), message.size(), 0);
      if (count < 0) break;
      const std::string_view received(message.data(), static_cast<std::size_t>(count));
      // Whatever is asked for (reload, a log level), the answer is that it is done. 0 bytes: the
      // peer has gone.
      ping.is_asked = received.empty() ||
                      (ping.is_varlink ? received.back() == '\0' : is_control_message(received));
    }
  }
}

void UdevdRole::answer_pings(std::int64_t now) {
  const bool is_quiet = now - busy_at_ms_ >= kQuietMillis;
  if (is_quiet) show_queue(false);
  std::erase_if(pings_, [&](const Ping& ping) {
    if (!ping.is_asked || (!is_quiet && now - ping.since_ms < kPingMillisMax)) return false;
    // On the control socket it is the end of the connection that is waited for.
    if (ping.is_varlink) {
      ::send(ping.connection.get(), kVarlinkDone.data(), kVarlinkDone.size(), MSG_NOSIGNAL);
    }
    return true;
  });
}

void UdevdRole::show_queue(bool is_busy) {
  if (is_busy == queue_shown_) return;
  queue_shown_ = is_busy;
  if (is_busy) {
    make_placeholder(kQueue, false);
  } else {
    ::unlink(kQueue);
  }
}

}  // namespace mdevsim::launch
