#include "fusefs/launch/doctor.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "fusefs/launch/compose.h"
#include "fusefs/launch/fd.h"
#include "fusefs/launch/mounting.h"
#include "fusefs/launch/namespaces.h"
#include "fusefs/launch/server_process.h"

namespace mdevsim::launch {
namespace {

// What a trial in a child has found.
struct Trial {
  bool is_ok = false;
  std::string text;
};

// Runs `attempt` in a child, since it changes the process it runs in.
template <typename Attempt>
Trial try_in_child(Attempt attempt) {
  Pipe pipe = make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    const Trial trial = attempt();
    const std::string said = (trial.is_ok ? '+' : '-') + trial.text;
    ::_exit(::write(pipe.write_end.get(), said.data(), said.size()) < 0 ? 1 : 0);
  }
  pipe.write_end.close();
  std::string said;
  std::array<char, 4096> buffer;
  ssize_t count = 0;
  while ((count = ::read(pipe.read_end.get(), buffer.data(), buffer.size())) > 0) {
    said.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::waitpid(child, nullptr, 0);
  if (said.empty()) return {false, "the trial ended unexpectedly"};
  return {said[0] == '+', said.substr(1)};
}

Trial ok(std::string text) { return {true, std::move(text)}; }
Trial missing(std::string text) { return {false, std::move(text)}; }

Finding server() {
  const auto found = find_server();
  return {"server", Need::run, found.has_value(), found ? *found : found.error().message, ""};
}

Finding dev_fuse() {
  const bool is_ok = Fd(::open("/dev/fuse", O_RDWR | O_CLOEXEC)).is_open();
  const int error = errno;
  return {"/dev/fuse", Need::run, is_ok, is_ok ? "opens" : fuse_hint(error), ""};
}

Finding namespaces() {
  const Trial trial = try_in_child([] {
    const auto entered = enter_namespaces({false});
    if (!entered) return missing(entered.error().message);
    auto stage = Stage::open();
    if (!stage) return missing(stage.error().message);
    if (const auto fuse = stage->mount_simulated(); !fuse) return missing(fuse.error().message);
    return ok(entered->has_user_namespace ? "FUSE can be mounted in a user namespace"
                                          : "FUSE can be mounted in a mount namespace");
  });
  return {"mount namespace", Need::run, trial.is_ok, trial.text, ""};
}

Finding user_namespaces() {
  const Trial trial = try_in_child([] {
    if (::unshare(CLONE_NEWUSER) == 0) return ok("users who are not root can use mdevsim run");
    return missing(with_errno("users who are not root cannot use mdevsim run"));
  });
  return {"user namespaces", Need::feature, trial.is_ok, trial.text,
          trial.is_ok
              ? ""
              : "sysctl user.max_user_namespaces (not 0), kernel.unprivileged_userns_clone=1, "
                "kernel.apparmor_restrict_unprivileged_userns=0, where they exist"};
}

Finding private_network() {
  const Trial trial = try_in_child([] {
    const auto entered = enter_namespaces({true});
    if (!entered) return missing(entered.error().message);
    return ok("uevents reach only the command");
  });
  return {"network namespace", Need::run, trial.is_ok, trial.text,
          trial.is_ok ? "" : "mdevsim run --net host does without"};
}

Finding fresh_sysfs() {
  const Trial trial = try_in_child([] {
    if (const auto entered = enter_namespaces({true}); !entered) {
      return missing(entered.error().message);
    }
    if (::mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0 ||
        ::mount("sysfs", "/sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) ==
            0) {
      return ok("can be mounted: /sys/class/net shows the private network");
    }
    return missing(with_errno("cannot be mounted: there will be no /sys/class/net"));
  });
  return {"fresh sysfs", Need::feature, trial.is_ok, trial.text,
          trial.is_ok ? "" : "a container must not mask /sys (--security-opt unmask=/sys)"};
}

Trial try_proc() {
  if (const auto entered = enter_namespaces({false}); !entered) {
    return missing(entered.error().message);
  }
  const auto child = static_cast<pid_t>(
      ::syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (child < 0) return missing(with_errno("cannot make one"));
  if (child == 0) {
    ::_exit(::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0
                ? 0
                : errno);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status == 0) return ok("everything that the command started ends with it");
  errno = WEXITSTATUS(status);
  return missing(
      with_errno("/proc cannot be mounted: processes that leave the command's tree while "
                 "mdevsim is being killed may survive"));
}

Finding pid_namespace() {
  const Trial trial = try_in_child(try_proc);
  return {"PID namespace", Need::feature, trial.is_ok, trial.text,
          trial.is_ok ? "" : "a container must not mask /proc (--security-opt unmask=/proc)"};
}

// The kernel sends a message that root of the network namespace gives it on to all who listen to
// the kernel's events.
Trial try_uevents() {
  if (const auto entered = enter_namespaces({true}); !entered) {
    return missing(entered.error().message);
  }
  const Fd listener(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
  const Fd sender(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;
  ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
  struct {
    nlmsghdr header = {};
    char text[64] = "change@/mdevsim\0ACTION=change\0DEVPATH=/mdevsim\0SUBSYSTEM=mdev";
  } message;
  message.header.nlmsg_len = sizeof(message);
  message.header.nlmsg_type = NLMSG_MIN_TYPE;
  message.header.nlmsg_flags = NLM_F_REQUEST;
  address.nl_groups = 0;
  ::sendto(sender.get(), &message, sizeof(message), 0, reinterpret_cast<sockaddr*>(&address),
           sizeof(address));
  pollfd waiting{listener.get(), POLLIN, 0};
  if (::poll(&waiting, 1, 1000) == 1) return ok("the kernel passes uevents on in the namespace");
  return missing("the kernel does not pass uevents on: only udev's own events will be heard");
}

Finding uevents() {
  const Trial trial = try_in_child(try_uevents);
  return {"kernel uevents", Need::feature, trial.is_ok, trial.text,
          trial.is_ok ? "" : "needs Linux 4.18 or newer"};
}

Finding subordinate_ids() {
  if (::geteuid() == 0) {
    return {"subordinate ids", Need::feature, true, "not needed by root", ""};
  }
  const Trial trial = try_in_child([] {
    const auto entered = enter_namespaces({false});
    if (!entered) return missing(entered.error().message);
    if (entered->has_id_range) return ok("programs inside can change their user id");
    return missing("programs inside that change their user id, such as libvirtd, will fail to");
  });
  return {"subordinate ids", Need::feature, trial.is_ok, trial.text,
          trial.is_ok ? ""
                      : "install the package uidmap and give the user a range in /etc/subuid "
                        "and /etc/subgid (usermod --add-subuids, --add-subgids)"};
}

Finding fusermount() {
  const std::string path = find_program("fusermount3");
  return {"fusermount3", Need::feature, !path.empty(),
          path.empty() ? "missing: mdevsim mount works for root only" : path,
          path.empty() ? "install the package fuse3" : ""};
}

std::string first_line_of(const std::string& program, const char* argument) {
  Pipe pipe = make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe.write_end.get(), STDOUT_FILENO);
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ::dup2(null.get(), STDERR_FILENO);
    ::execl(program.c_str(), program.c_str(), argument, nullptr);
    ::_exit(127);
  }
  pipe.write_end.close();
  std::array<char, 1024> text;
  const ssize_t count = ::read(pipe.read_end.get(), text.data(), text.size());
  pipe.read_end.close();
  ::waitpid(child, nullptr, 0);
  const std::string said(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  return said.substr(0, said.find('\n'));
}

Finding io_uring() {
  const bool is_on = read_file("/sys/module/fuse/parameters/enable_uring").starts_with('Y');
  const auto path = find_server();
  const std::string version = path ? first_line_of(*path, "--version") : std::string("no server");
  return {"FUSE over io_uring", Need::optional, is_on,
          std::string(is_on ? "on in the kernel" : "off in the kernel, or not built in") + "; " +
              version,
          is_on ? ""
                : "echo 1 > /sys/module/fuse/parameters/enable_uring, with Linux 6.14 or newer; "
                  "the server needs libfuse 3.18 or newer"};
}

Finding address_space() {
  const std::string text = read_file("/proc/sys/vm/mmap_rnd_bits");
  const long bits = std::strtol(text.c_str(), nullptr, 10);
  const bool is_ok = bits <= 28;
  return {"vm.mmap_rnd_bits", Need::optional, is_ok,
          "is " + std::to_string(bits) + (is_ok ? "" : ": sanitizers may fail to start"),
          is_ok ? "" : "only to develop mdevsim: sysctl vm.mmap_rnd_bits=28, or setarch -R"};
}

Finding client(const char* name, const char* package) {
  const std::string path = find_program(name);
  return {name, Need::optional, !path.empty(), path.empty() ? "not installed" : path,
          path.empty() ? std::string("install the package ") + package : ""};
}

}  // namespace

std::vector<Finding> examine_machine() {
  return {server(),
          dev_fuse(),
          namespaces(),
          user_namespaces(),
          private_network(),
          fresh_sysfs(),
          pid_namespace(),
          uevents(),
          subordinate_ids(),
          fusermount(),
          io_uring(),
          address_space(),
          client("mdevctl", "mdevctl"),
          client("udevadm", "udev"),
          client("libvirtd", "libvirt-daemon-system")};
}

bool can_run(const std::vector<Finding>& findings) {
  return std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.is_ok || finding.need != Need::run;
  });
}

}  // namespace mdevsim::launch
