#include "fusefs/launch/command_process.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fusefs/launch/exit_status.h"
#include "fusefs/launch/mounting.h"

namespace mdevsim::launch {
namespace {

constexpr int kForwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

// Tells a signal that the launcher passes on from one that a terminal or a user has sent to the
// whole process group, the command included.
constexpr int kForwardedMark = 0x6d646576;

// init's first word on the status pipe.
enum class Start : std::int32_t { ready = 0x1001, no_proc = 0x1002, no_fork = 0x1003 };

template <typename T>
bool send_value(const Fd& fd, T value) {
  return ::write(fd.get(), &value, sizeof(value)) == static_cast<ssize_t>(sizeof(value));
}

[[noreturn]] void execute(const CommandOptions& options) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const std::string& variable : options.environment) {
    ::putenv(
        const_cast<char*>(variable.c_str()));  // NOLINT: putenv keeps the pointer, exec follows
  }
  std::vector<char*> argv;
  for (const std::string& word : options.words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::sigprocmask(SIG_SETMASK, &options.signal_mask, nullptr);
  ::execvp(argv[0], argv.data());
  const int error = errno;
  ::dprintf(STDERR_FILENO, "mdevsim: error: cannot run '%s': %s\n", argv[0], std::strerror(error));
  ::_exit(exit_status_of_exec_errno(error));
}

// Keeps the standard streams and `kept`; what else was inherited is the command's.
void close_others(std::array<int, 3> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = STDERR_FILENO + 1;
  for (const int fd : kept) {
    const auto keep = static_cast<unsigned>(fd);
    if (keep > first) ::close_range(first, keep - 1, 0);
    first = std::max(first, keep + 1);
  }
  ::close_range(first, ~0U, 0);
}

// Without a PID namespace: descendants are ours to end, since orphans come to us.
void end_descendants() {
  const std::string children = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  for (;;) {
    const std::string pids = read_file(children);
    for (const char* at = pids.c_str(); *at != '\0';) {
      char* end = nullptr;
      const long pid = std::strtol(at, &end, 10);
      if (end == at) break;
      if (pid > 1) ::kill(static_cast<pid_t>(pid), SIGKILL);
      at = end + std::strspn(end, " \n");
    }
    if (::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) return;
  }
}

class Init {
 public:
  Init(pid_t command, Fd status, Fd lifeline, bool is_first)
      : command_(command),
        status_(std::move(status)),
        lifeline_(std::move(lifeline)),
        is_first_(is_first) {
    sigset_t signals = forwarded_signals();
    ::sigaddset(&signals, SIGCHLD);
    signals_ = Fd(::signalfd(-1, &signals, SFD_CLOEXEC));
    ::signal(SIGPIPE, SIG_IGN);  // the launcher may have gone when it is told the end
    close_others({status_.get(), lifeline_.get(), signals_.get()});
  }

  [[noreturn]] void live() {
    std::array<pollfd, 2> fds{pollfd{signals_.get(), POLLIN, 0}, pollfd{lifeline_.get(), 0, 0}};
    for (;;) {
      if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) finish(kExitOwnFailure);
      if (fds[1].revents != 0) finish(kExitOwnFailure);  // the launcher has gone, or wants the end
      if (fds[0].revents != 0) take_signal();
    }
  }

 private:
  [[noreturn]] void finish(int exit_status) {
    send_value(status_, std::int32_t{exit_status});
    status_.close();
    if (!is_first_) end_descendants();
    ::_exit(exit_status);
  }

  void take_signal() {
    signalfd_siginfo signal = {};
    if (::read(signals_.get(), &signal, sizeof(signal)) != sizeof(signal)) return;
    if (signal.ssi_signo == SIGCHLD) {
      collect();
    } else if (signal.ssi_code == SI_QUEUE && signal.ssi_int == kForwardedMark) {
      ::kill(command_, static_cast<int>(signal.ssi_signo));
    }
  }

  void collect() {
    int status = 0;
    while (true) {
      const pid_t ended = ::waitpid(-1, &status, WNOHANG);
      if (ended <= 0) return;
      if (ended == command_) finish(exit_status_of(status));
    }
  }

  pid_t command_;
  Fd status_;
  Fd lifeline_;
  Fd signals_;
  bool is_first_;
};

[[noreturn]] void be_init(const CommandOptions& options, Fd status, Fd lifeline, bool is_first) {
  ::prctl(PR_SET_NAME, "mdevsim-init");
  if (is_first) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (::mount("proc", "/proc", "proc", kFlags, nullptr) != 0) {
      send_value(status, Start::no_proc);
      ::_exit(0);
    }
  } else {  // it outlives a killed launcher until it has ended all descendants
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  const pid_t command = ::fork();
  if (command == 0) execute(options);
  send_value(status, command > 0 ? Start::ready : Start::no_fork);
  if (command < 0) ::_exit(0);
  Init(command, std::move(status), std::move(lifeline), is_first).live();
}

}  // namespace

sigset_t forwarded_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : kForwarded) ::sigaddset(&set, signal);
  return set;
}

Outcome<CommandProcess> CommandProcess::start(const CommandOptions& options) {
  for (const bool is_first : {true, false}) {
    Pipe status = make_pipe();
    Pipe lifeline = make_pipe();
    if (!status.read_end.is_open() || !lifeline.read_end.is_open()) {
      return failed(with_errno("cannot make a pipe"));
    }
    // Works as fork does: no thread, no stack of its own. The mount namespace is for the new /proc.
    const unsigned long flags = SIGCHLD | (is_first ? CLONE_NEWPID | CLONE_NEWNS : 0);
    const auto init = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0));
    if (init == 0) {
      status.read_end.close();
      lifeline.write_end.close();
      be_init(options, std::move(status.write_end), std::move(lifeline.read_end), is_first);
    }
    if (init < 0 && is_first) continue;
    if (init < 0) return failed(with_errno("cannot start a process"));
    status.write_end.close();
    Start start{};
    const ssize_t count = ::read(status.read_end.get(), &start, sizeof(start));
    if (count == sizeof(start) && start == Start::ready) {
      return CommandProcess(init, is_first, std::move(status.read_end),
                            std::move(lifeline.write_end));
    }
    ::waitpid(init, nullptr, 0);
    if (!is_first || start == Start::no_fork) break;
  }
  return failed("cannot start the command's process");
}

void CommandProcess::forward(int signal) const {
  sigval mark = {};
  mark.sival_int = kForwardedMark;
  ::sigqueue(init_, signal, mark);
}

void CommandProcess::end() {
  lifeline_.close();
  if (has_pid_namespace_) ::kill(init_, SIGKILL);
}

}  // namespace mdevsim::launch
