#include "fusefs/launch/host_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

#include "fusefs/launch/compose.h"
#include "fusefs/launch/composed_sys.h"
#include "fusefs/launch/exit_status.h"
#include "fusefs/launch/mounting.h"
#include "fusefs/launch/namespaces.h"
#include "fusefs/launch/server_process.h"
#include "fusefs/launch/udevd_role.h"

namespace mdevsim::launch {
namespace {

constexpr std::size_t kDescriptorsMax = 3;  // the tree, and two listeners
constexpr std::size_t kMessageBytesMax = 4096;

// One message with descriptors: the first byte tells what it is.
constexpr char kReady = 'r';
constexpr char kFailed = 'f';  // then the cause, as a byte, and the message

using Descriptors = std::vector<int>;

bool send_message(int socket, std::string text, const Descriptors& descriptors) {
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsMax * sizeof(int))> control{};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    const std::size_t bytes = descriptors.size() * sizeof(int);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

// Empty when the peer has gone.
std::string receive_message(int socket, std::vector<Fd>& descriptors) {
  std::string text(kMessageBytesMax, '\0');
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsMax * sizeof(int))> control{};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t number = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < number; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      descriptors.emplace_back(fd);
    }
  }
  return text;
}

// What the keeping process has, once the host is there.
struct Kept {
  ServerProcess server;
  std::optional<UdevdRole> udevd;
  Fd tree;
  UeventListener kernel_events;
  UeventListener udev_events;
};

class Keeper {
 public:
  Keeper(const HostProcessOptions& options, int connection)
      : options_(options), connection_(connection) {}

  [[noreturn]] void live() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "mdevsim-host");
    ::dup2(options_.error_fd, STDERR_FILENO);
    ::signal(SIGPIPE, SIG_IGN);
    auto kept = options_.runs_programs ? prepare_composed() : prepare_bare();
    if (!kept) {
      std::string text{kFailed, static_cast<char>(kept.error().cause)};
      text += kept.error().message.substr(0, kMessageBytesMax - text.size());
      send_message(connection_, std::move(text), {});
      ::_exit(1);
    }
    Descriptors descriptors{kept->tree.get()};
    if (options_.has_uevents || options_.runs_programs) {
      descriptors.push_back(kept->kernel_events.fd());
      descriptors.push_back(kept->udev_events.fd());
    }
    if (!send_message(connection_, std::string(1, kReady), descriptors)) ::_exit(1);
    kept->tree.close();
    kept->kernel_events = {};
    kept->udev_events = {};
    ::_exit(supervise(*kept));
  }

 private:
  Outcome<ServerProcess> start_server(int fuse_fd, bool has_uevents) const {
    ServerOptions server;
    server.program = options_.server;
    server.host_file = "-";
    server.input_fd = options_.host_text_fd;
    server.host = options_.host;
    server.fuse_fd = fuse_fd;
    server.events = has_uevents ? "both" : "none";
    server.allow_other = true;
    server.log_level = options_.log_level;
    return ServerProcess::start(server, STDERR_FILENO, true);
  }

  // Before anything can be sent.
  Done listen(Kept& kept) const {
    auto kernel = UeventListener::open(UeventGroup::kernel);
    if (!kernel) return tl::unexpected(kernel.error());
    kept.kernel_events = std::move(*kernel);
    auto udev = UeventListener::open(UeventGroup::udev);
    if (!udev) return tl::unexpected(udev.error());
    kept.udev_events = std::move(*udev);
    return {};
  }

  Outcome<Kept> prepare_bare() const {
    auto namespaces = enter_namespaces(
        {.private_network = options_.has_uevents, .in_user_namespace = options_.in_user_namespace});
    if (!namespaces) return tl::unexpected(namespaces.error());
    Fd fuse(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.is_open()) return machine_cannot(fuse_hint(errno));
    Fd tree = mount_fuse_detached(fuse.get());
    if (!tree.is_open()) return machine_cannot(with_errno("cannot mount FUSE in this namespace"));
    auto server = start_server(fuse.get(), options_.has_uevents);
    if (!server) return tl::unexpected(server.error());
    fuse.close();  // held by the server alone, so that its death ends all requests
    if (Done ready = server->wait_until_ready(); !ready) return tl::unexpected(ready.error());
    Kept kept{std::move(*server), {}, std::move(tree), {}, {}};
    if (!options_.has_uevents) return kept;
    if (Done done = listen(kept); !done) return tl::unexpected(done.error());
    return kept;
  }

  Outcome<Kept> prepare_composed() const {
    auto namespaces = enter_namespaces({.in_user_namespace = options_.in_user_namespace});
    if (!namespaces) return tl::unexpected(namespaces.error());
    auto stage = Stage::open();
    if (!stage) return tl::unexpected(stage.error());
    auto fuse = stage->mount_simulated();
    if (!fuse) return tl::unexpected(fuse.error());
    auto server = start_server(fuse->get(), true);
    if (!server) return tl::unexpected(server.error());
    fuse->close();
    // While the server loads its file.
    if (Done done = stage->mount_real(true); !done) return tl::unexpected(done.error());
    const auto real = stage->list_real();
    if (!real) return tl::unexpected(real.error());
    if (Done ready = server->wait_until_ready(); !ready) return tl::unexpected(ready.error());
    Kept kept{std::move(*server), {}, {}, {}, {}};
    const std::string simulated = Stage::path_of("simulated");
    kept.tree = Fd(::open_tree(AT_FDCWD, simulated.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (!kept.tree.is_open()) return failed(with_errno("cannot take up the simulated tree"));
    const ComposedSys composed{
        .compose = {}, .private_network = true, .is_root = !namespaces->has_user_namespace};
    if (Done done = compose_sys(*stage, composed, *real); !done) {
      return tl::unexpected(done.error());
    }
    if (Done done = listen(kept); !done) return tl::unexpected(done.error());
    auto udevd = UdevdRole::open();
    if (!udevd) return tl::unexpected(udevd.error());
    kept.udevd.emplace(std::move(*udevd));
    if (Done done = stage->finish(); !done) return tl::unexpected(done.error());
    return kept;
  }

  // Until the starter lets go, or the server is gone.
  int supervise(Kept& kept) const {
    const Fd server_end(static_cast<int>(::syscall(SYS_pidfd_open, kept.server.pid(), 0)));
    for (;;) {
      std::vector<pollfd> fds{{connection_, POLLIN, 0}, {server_end.get(), POLLIN, 0}};
      const int timeout = kept.udevd ? kept.udevd->prepare(fds) : -1;
      if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR) return 1;
      if (fds[0].revents != 0) return tell_end("ended badly", kept.server.stop());
      if (fds[1].revents != 0) {
        int status = 0;
        ::waitpid(kept.server.pid(), &status, 0);
        kept.server.has_ended();
        tell_end("is gone", status);
        return 1;
      }
      if (kept.udevd) kept.udevd->step();
    }
  }

  int tell_end(const char* what, int server_status) const {
    if (server_status == 0) return 0;
    ::dprintf(STDERR_FILENO, "mdevsim: error: the simulated host%s%s %s: its server %s\n",
              options_.host.empty() ? "" : " ", options_.host.c_str(), what,
              describe_end(server_status).c_str());
    return 1;
  }

  const HostProcessOptions& options_;
  int connection_;
};

}  // namespace

Outcome<HostProcess> HostProcess::start(const HostProcessOptions& options) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return failed(with_errno("cannot make a socket"));
  }
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return failed(with_errno("cannot start a process"));
  if (pid == 0) {
    ours.close();
    Keeper(options, theirs.get()).live();
  }
  theirs.close();
  HostProcess host(pid, std::move(ours), Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  if (Done ready = host.take_ready(options); !ready) return tl::unexpected(ready.error());
  return host;
}

HostProcess::HostProcess(HostProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      has_ended_badly_(other.has_ended_badly_),
      connection_(std::move(other.connection_)),
      namespaces_(std::move(other.namespaces_)),
      has_network_(other.has_network_),
      tree_(std::move(other.tree_)),
      kernel_events_(std::move(other.kernel_events_)),
      udev_events_(std::move(other.udev_events_)) {}

Done HostProcess::take_ready(const HostProcessOptions& options) {
  std::vector<Fd> descriptors;
  const std::string text = receive_message(connection_.get(), descriptors);
  if (text.empty()) return failed("the process of a simulated host has ended while starting");
  if (text.front() != kReady) {
    return tl::unexpected<Failure>(
        Failure{static_cast<Failure::Cause>(text.at(1)), text.substr(2)});
  }
  has_network_ = options.has_uevents || options.runs_programs;
  if (descriptors.size() != (has_network_ ? 3U : 1U)) {
    return failed("the process of a simulated host gave too few descriptors");
  }
  tree_ = std::move(descriptors[0]);
  if (!has_network_) return {};
  kernel_events_ = UeventListener(std::move(descriptors[1]));
  udev_events_ = UeventListener(std::move(descriptors[2]));
  return {};
}

Done HostProcess::enter() const {
  if (::setns(namespaces_.get(), CLONE_NEWNS | (has_network_ ? CLONE_NEWNET : 0)) == 0) return {};
  return failed(with_errno("cannot enter the namespaces of a simulated host"));
}

void HostProcess::take_end(pid_t pid, int status) {
  if (pid != pid_ || pid_ <= 0) return;
  pid_ = -1;
  has_ended_badly_ = status != 0;
}

bool HostProcess::stop() {
  ::shutdown(connection_.get(), SHUT_RDWR);  // children of ours may hold copies
  connection_.close();
  while (pid_ > 0) {
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, 0);
    if (ended < 0 && errno == EINTR) continue;
    take_end(pid_, ended < 0 ? 1 : status);
  }
  return !has_ended_badly_;
}

}  // namespace mdevsim::launch
