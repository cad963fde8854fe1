#include "fusefs/launch/namespaces.h"

#include <fcntl.h>
#include <net/if.h>
#include <pwd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "fusefs/launch/fd.h"
#include "fusefs/launch/mounting.h"
#include "fusefs/launch/subid.h"

namespace mdevsim::launch {
namespace {

struct IdRanges {
  std::string user_arguments;   // of newuidmap, behind the pid
  std::string group_arguments;  // of newgidmap
};

std::optional<IdRanges> find_id_ranges(uid_t user, gid_t group) {
  const passwd* entry = ::getpwuid(user);
  const std::string name = entry != nullptr ? entry->pw_name : std::string();
  const auto users = find_subid_range(read_file("/etc/subuid"), name, user);
  const auto groups = find_subid_range(read_file("/etc/subgid"), name, user);
  if (!users || !groups) return std::nullopt;
  return IdRanges{id_map_arguments(user, *users), id_map_arguments(group, *groups)};
}

bool run_quietly(const std::string& program, const std::string& pid, const std::string& arguments) {
  std::vector<std::string> words{program, pid};
  for (std::size_t at = 0; at < arguments.size();) {
    const std::size_t space = std::min(arguments.find(' ', at), arguments.size());
    words.push_back(arguments.substr(at, space - at));
    at = space + 1;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ::dup2(null.get(), STDERR_FILENO);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

// newuidmap must be run from outside of the new user namespace: by a child forked before it is
// made.
class IdMapper {
 public:
  explicit IdMapper(const IdRanges& ranges) : go_(make_pipe()) {
    const std::string target = std::to_string(::getpid());
    child_ = ::fork();
    if (child_ != 0) {
      go_.read_end.close();
      return;
    }
    go_.write_end.close();
    char word = 0;
    if (::read(go_.read_end.get(), &word, 1) != 1) ::_exit(1);
    const bool mapped = run_quietly("newuidmap", target, ranges.user_arguments) &&
                        run_quietly("newgidmap", target, ranges.group_arguments);
    ::_exit(mapped ? 0 : 1);
  }
  ~IdMapper() { finish(false); }
  IdMapper(const IdMapper&) = delete;
  IdMapper& operator=(const IdMapper&) = delete;

  bool map() { return finish(true); }

 private:
  bool finish(bool go) {
    if (child_ <= 0) return false;
    const char word = 'g';
    const bool told = go && ::write(go_.write_end.get(), &word, 1) == 1;
    go_.write_end.close();
    int status = 0;
    const bool ended = ::waitpid(child_, &status, 0) == child_;
    child_ = -1;
    return told && ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  Pipe go_;
  pid_t child_ = -1;
};

bool write_file(const char* path, const std::string& text) {
  const Fd fd(::open(path, O_WRONLY | O_CLOEXEC));
  return fd.is_open() &&
         ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Without subordinate ids: one id, the caller's, which is 0 inside.
Done map_single_id(uid_t user, gid_t group) {
  const bool mapped = write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") &&
                      write_file("/proc/self/setgroups", "deny") &&
                      write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
  if (!mapped) return machine_cannot(with_errno("cannot map this user's id into a user namespace"));
  return {};
}

std::string user_namespace_hint(int error) {
  const std::string what = std::string("cannot make a user namespace: ") + std::strerror(error);
  if (error == ENOSPC || error == EUSERS) {
    return what + "; sysctl user.max_user_namespaces must not be 0";
  }
  return what +
         "; as root it works without one; else allow them (sysctl "
         "kernel.unprivileged_userns_clone=1 "
         "or kernel.apparmor_restrict_unprivileged_userns=0), or give the container CAP_SYS_ADMIN";
}

Outcome<Namespaces> enter_user_namespace() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  Namespaces entered;
  entered.has_user_namespace = true;
  std::optional<IdMapper> mapper;
  if (const auto ranges = find_id_ranges(user, group)) mapper.emplace(*ranges);
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return machine_cannot(user_namespace_hint(errno));
  }
  if (mapper && mapper->map()) {
    entered.has_id_range = true;
  } else if (Done mapped = map_single_id(user, group); !mapped) {
    return tl::unexpected(mapped.error());
  }
  return entered;
}

// The kernel tells its own uevents to every network namespace that the first user namespace owns,
// so that the machine's real devices would be heard inside. Root's private network is therefore
// owned by a user namespace of its own, made by a child in passing; root itself stays where it is.
class NetworkOwner {
 public:
  NetworkOwner() : to_child_(make_pipe()), from_child_(make_pipe()) {
    child_ = ::fork();
    if (child_ == 0) live();
    to_child_.read_end.close();
    from_child_.write_end.close();
  }
  ~NetworkOwner() {
    to_child_.write_end.close();
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }
  NetworkOwner(const NetworkOwner&) = delete;
  NetworkOwner& operator=(const NetworkOwner&) = delete;

  // Moves this process into the child's network namespace; false where the machine does not let it.
  bool enter() {
    if (child_ <= 0 || !heard() || !map_all_ids() || !tell() || !heard()) return false;
    const std::string path = "/proc/" + std::to_string(child_) + "/ns/net";
    const Fd network(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return network.is_open() && ::setns(network.get(), CLONE_NEWNET) == 0;
  }

 private:
  [[noreturn]] void live() {
    to_child_.write_end.close();
    char word = 0;
    const int from = to_child_.read_end.get();
    const int to = from_child_.write_end.get();
    const bool made = ::unshare(CLONE_NEWUSER) == 0 && ::write(to, "u", 1) == 1 &&
                      ::read(from, &word, 1) == 1 && ::unshare(CLONE_NEWNET) == 0 &&
                      ::write(to, "n", 1) == 1;
    if (made) (void)!::read(from, &word, 1);  // until the parent has entered
    ::_exit(0);
  }
  bool heard() {
    char word = 0;
    return ::read(from_child_.read_end.get(), &word, 1) == 1;
  }
  bool tell() { return ::write(to_child_.write_end.get(), "g", 1) == 1; }
  // As many ids as this root has itself: all of them, or a container's share.
  bool map_all_ids() const {
    const std::string process = "/proc/" + std::to_string(child_);
    for (const char* map : {"0 0 4294967295", "0 0 65536", "0 0 1"}) {
      if (write_file((process + "/uid_map").c_str(), map)) {
        return write_file((process + "/gid_map").c_str(), map);
      }
    }
    return false;
  }

  Pipe to_child_;
  Pipe from_child_;
  pid_t child_ = -1;
};

bool enter_network_namespace(bool has_user_namespace) {
  if (!has_user_namespace && NetworkOwner().enter()) return true;
  return ::unshare(CLONE_NEWNET) == 0;
}

Done raise_loopback() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  struct ifreq request = {};
  std::strcpy(request.ifr_name, "lo");
  if (!socket.is_open() || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) {
    return failed(with_errno("cannot find the private network's loopback interface"));
  }
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    return failed(with_errno("cannot raise the private network's loopback interface"));
  }
  return {};
}

}  // namespace

Outcome<Namespaces> enter_namespaces(const NamespaceOptions& options) {
  Namespaces entered{.has_user_namespace = options.in_user_namespace};
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0) {
    auto outcome = enter_user_namespace();
    if (!outcome) return outcome;
    entered = *outcome;
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return machine_cannot(
        with_errno("cannot make the mount namespace private (a security module may forbid it)"));
  }
  if (!options.private_network) return entered;
  if (!enter_network_namespace(entered.has_user_namespace)) {
    return machine_cannot(with_errno("cannot make a network namespace; --net host does without"));
  }
  if (Done raised = raise_loopback(); !raised) return tl::unexpected(raised.error());
  return entered;
}

}  // namespace mdevsim::launch
