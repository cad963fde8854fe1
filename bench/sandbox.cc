#include "bench/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/fatal.h"

namespace mdevsim::bench {
namespace {

void write_file(const char* path, const std::string& text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text.data(), text.size()) < 0) fatal("cannot write", path);
  close(file);
}

void become_root_of_own_user_namespace(uid_t uid, gid_t gid) {
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", fmt::format("0 {} 1", uid));
  write_file("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

void mount_private_parts(const std::string& scratch) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    fatal("cannot make the mounts private", "/");
  if (mount("mdevsim-bench", scratch.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0)
    fatal("cannot mount a tmpfs", scratch);
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    fatal("cannot mount the new PID namespace's proc", "/proc");
}

// Returns when the child has ended or we are told to end, which ends the child.
int wait_for_child_or_signal(pid_t child, const sigset_t& awaited) {
  int signal_number = 0;
  while (sigwait(&awaited, &signal_number) == 0) {
    if (signal_number != SIGCHLD) kill(child, SIGKILL);  // and with it its PID namespace
    int status = 0;
    if (waitpid(child, &status, signal_number == SIGCHLD ? WNOHANG : 0) != child) continue;
    if (signal_number != SIGCHLD) return 128 + signal_number;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return 1;
}

}  // namespace

int run_in_sandbox(const std::function<int(const std::string& scratch)>& body) {
  std::string scratch = "/tmp/mdevsim-bench-XXXXXX";
  if (mkdtemp(scratch.data()) == nullptr) fatal("cannot make a directory", scratch);

  sigset_t awaited;
  sigset_t before;
  sigemptyset(&awaited);
  for (const int number : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&awaited, number);
  sigprocmask(SIG_BLOCK, &awaited, &before);

  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  const int flags =
      CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | (uid == 0 ? 0 : CLONE_NEWUSER) | SIGCHLD;
  const pid_t child = static_cast<pid_t>(syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0));
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    if (uid != 0) become_root_of_own_user_namespace(uid, gid);
    mount_private_parts(scratch);
    const int status = body(scratch);
    std::fflush(nullptr);
    _exit(status);
  }
  const int clone_errno = errno;
  int status = 1;
  if (child > 0) status = wait_for_child_or_signal(child, awaited);
  rmdir(scratch.c_str());
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) {
    errno = clone_errno;
    fatal("cannot make namespaces", "run as root, or allow unprivileged user namespaces");
  }
  return status;
}

}  // namespace mdevsim::bench
