#include "fusefs/launch/mount.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "fusefs/launch/command_process.h"
#include "fusefs/launch/exit_status.h"
#include "fusefs/launch/mounting.h"
#include "fusefs/launch/server_process.h"

namespace mdevsim::launch {
namespace {

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr),
                                                             &std::free);
  return resolved ? std::string(resolved.get()) : std::string();
}

bool has_capability(unsigned capability) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets = {};
  return ::syscall(SYS_capget, &header, sets.data()) == 0 &&
         (sets[capability / 32].effective & (1U << (capability % 32))) != 0;
}

// An absolute path of the directory, which must be free.
Outcome<std::string> check_directory(const std::string& directory) {
  const std::string path = real_path(directory);
  struct stat status = {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) {
    if (errno == ENOTCONN) {
      return failed(directory + " is what a mount whose server has gone left behind: " +
                    "fusermount3 -u " + directory);
    }
    return failed(with_errno("cannot mount on " + directory) + "; make the directory first");
  }
  if (!S_ISDIR(status.st_mode)) return failed(directory + " is not a directory: name one");
  if (is_mounted_by_us(read_file("/proc/self/mountinfo"), path)) {
    return failed("a simulated host is mounted on " + directory +
                  " already: unmount it first (fusermount3 -u " + directory + ")");
  }
  return path;
}

Done check_machine() {
  if (!Fd(::open("/dev/fuse", O_RDWR | O_CLOEXEC)).is_open()) {
    return machine_cannot(fuse_hint(errno));
  }
  if (has_capability(CAP_SYS_ADMIN)) return {};
  if (find_program("fusermount3").empty()) {
    return machine_cannot(
        "mounting needs CAP_SYS_ADMIN or the program fusermount3: install the package fuse3, or "
        "use mdevsim run, which needs neither");
  }
  return {};
}

ServerOptions server_options(const MountOptions& options, const std::string& directory) {
  ServerOptions server;
  server.host_file = options.host_file;
  server.host = options.host;
  server.mount_point = directory;
  server.events = options.events;
  server.log_level = options.log_level;
  server.trace = options.trace;
  server.allow_other = options.allow_other;
  server.foreground = options.foreground;
  return server;
}

// Copies what the server says to our stderr until it serves or ends.
void relay_until_ready(const Fd& said, const ServerProcess& server) {
  std::array<pollfd, 2> fds{pollfd{server.ready_fd(), POLLIN, 0}, pollfd{said.get(), POLLIN, 0}};
  for (;;) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if ((fds[1].revents & POLLIN) != 0) {
      std::array<char, 4096> text;
      const ssize_t count = ::read(said.get(), text.data(), text.size());
      if (count > 0 && ::write(STDERR_FILENO, text.data(), static_cast<std::size_t>(count)) < 0) {
        return;
      }
    } else if (fds[1].revents != 0) {
      fds[1].fd = -1;
    }
    const bool has_answered = fds[0].revents != 0;
    if (has_answered && ((fds[0].revents & POLLIN) != 0 || fds[1].fd < 0)) return;
  }
}

Done mount_in_background(const MountOptions& options, const std::string& directory) {
  Pipe said = make_pipe();
  auto server =
      ServerProcess::start(server_options(options, directory), said.write_end.get(), false);
  if (!server) return tl::unexpected(server.error());
  said.write_end.close();
  relay_until_ready(said.read_end, *server);
  if (Done ready = server->wait_until_ready(); !ready) return ready;
  server->release();
  return {};
}

Done mount_in_foreground(const MountOptions& options, const std::string& directory) {
  auto server = ServerProcess::start(server_options(options, directory), STDERR_FILENO, true);
  if (!server) return tl::unexpected(server.error());
  sigset_t watched = forwarded_signals();
  ::sigaddset(&watched, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &watched, nullptr);
  const Fd signals(::signalfd(-1, &watched, SFD_CLOEXEC));
  if (Done ready = server->wait_until_ready(); !ready) return ready;
  notify_supervisor("READY=1\nSTATUS=Serving on " + directory);
  int status = 0;
  while (::waitpid(server->pid(), &status, WNOHANG) == 0) {
    signalfd_siginfo signal = {};
    if (::read(signals.get(), &signal, sizeof(signal)) != sizeof(signal)) continue;
    if (signal.ssi_signo != SIGCHLD) {
      notify_supervisor("STOPPING=1");
      ::kill(server->pid(), SIGTERM);
    }
  }
  server->has_ended();
  if (status == 0) return {};
  return failed("the simulated host on " + directory + " is gone: its server " +
                describe_end(status));
}

}  // namespace

Done mount_tree(const MountOptions& options) {
  if (Done machine = check_machine(); !machine) return machine;
  const auto directory = check_directory(options.directory);
  if (!directory) return tl::unexpected(directory.error());
  return options.foreground ? mount_in_foreground(options, *directory)
                            : mount_in_background(options, *directory);
}

void notify_supervisor(const std::string& state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path == nullptr || std::strlen(path) >= sizeof(address.sun_path)) return;
  std::strcpy(address.sun_path, path);
  const std::size_t length = std::strlen(path);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
}

}  // namespace mdevsim::launch
