#include "fusefs/launch/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "fusefs/launch/command_process.h"
#include "fusefs/launch/compose.h"
#include "fusefs/launch/composed_sys.h"
#include "fusefs/launch/exit_status.h"
#include "fusefs/launch/mounting.h"
#include "fusefs/launch/namespaces.h"
#include "fusefs/launch/server_process.h"
#include "fusefs/launch/udevd_role.h"

namespace mdevsim::launch {
namespace {

// The terminal is given back to our process group, in case a shell inside has taken it and could
// not return it: from within a PID namespace this group has no number.
class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    is_ours_ = fd_.is_open() && ::tcgetpgrp(fd_.get()) == ::getpgrp();
  }
  void take_back() const {
    if (!is_ours_ || ::tcgetpgrp(fd_.get()) == ::getpgrp()) return;
    sigset_t stop;
    ::sigemptyset(&stop);
    ::sigaddset(&stop, SIGTTOU);
    ::sigprocmask(SIG_BLOCK, &stop, nullptr);
    ::tcsetpgrp(fd_.get(), ::getpgrp());
  }

 private:
  Fd fd_;
  bool is_ours_ = false;
};

struct Prepared {
  ServerProcess server;
  UdevdRole udevd;
};

Outcome<Prepared> prepare(const RunOptions& options) {
  const auto program = find_server();
  if (!program) return tl::unexpected(program.error());
  // Asked before anything else, since inside of a new user namespace the answer would be less
  // clear.
  if (!Fd(::open("/dev/fuse", O_RDWR | O_CLOEXEC)).is_open()) {
    return machine_cannot(fuse_hint(errno));
  }
  auto namespaces = enter_namespaces({options.private_network});
  if (!namespaces) return tl::unexpected(namespaces.error());
  auto stage = Stage::open();
  if (!stage) return tl::unexpected(stage.error());
  auto fuse = stage->mount_simulated();
  if (!fuse) return tl::unexpected(fuse.error());

  ServerOptions server_options;
  server_options.program = *program;
  server_options.host_file = options.host_file;
  server_options.host = options.host;
  server_options.fuse_fd = fuse->get();
  server_options.events = options.events;
  server_options.log_level = options.log_level;
  server_options.trace = options.trace;
  server_options.allow_other = true;
  auto server = ServerProcess::start(server_options, STDERR_FILENO, true);
  if (!server) return tl::unexpected(server.error());
  fuse->close();  // held by the server alone, so that its death ends all requests

  // While the server loads its file.
  if (Done done = stage->mount_real(options.private_network); !done) {
    return tl::unexpected(done.error());
  }
  const auto real = stage->list_real();
  if (!real) return tl::unexpected(real.error());

  if (Done ready = server->wait_until_ready(); !ready) return tl::unexpected(ready.error());
  const ComposedSys composed{.compose = options.compose,
                             .private_network = options.private_network,
                             .is_root = !namespaces->has_user_namespace};
  if (Done done = compose_sys(*stage, composed, *real); !done) {
    return tl::unexpected(done.error());
  }
  auto udevd = UdevdRole::open();
  if (!udevd) return tl::unexpected(udevd.error());
  if (Done done = stage->finish(); !done) return tl::unexpected(done.error());
  return Prepared{std::move(*server), std::move(*udevd)};
}

// Watches over the command and the server until the command has ended.
class Supervisor {
 public:
  Supervisor(Prepared& prepared, CommandProcess& command, Fd signals)
      : prepared_(prepared), command_(command), signals_(std::move(signals)) {}

  int supervise() {
    look_after_server();  // its end may have come before its signal was watched for
    while (!exit_status_) {
      std::vector<pollfd> fds{{signals_.get(), POLLIN, 0}, {command_.status_fd(), POLLIN, 0}};
      const int timeout = prepared_.udevd.prepare(fds);
      if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR) break;
      if (fds[1].revents != 0) take_status();
      if (fds[0].revents != 0) take_signal();
      prepared_.udevd.step();
    }
    command_.end();
    // Stopped before the rest of the command's processes is waited for: one may hang in a request
    // that only the server's end will finish.
    const int server_status = prepared_.server.stop();
    while (::waitpid(command_.init_pid(), nullptr, 0) < 0 && errno == EINTR) {
    }
    return judge(server_status);
  }

 private:
  void take_status() {
    std::int32_t status = 0;
    if (::read(command_.status_fd(), &status, sizeof(status)) == sizeof(status)) {
      exit_status_ = status;
    } else {
      exit_status_ = 128 + SIGKILL;  // init was killed, and with it the command
    }
  }

  void take_signal() {
    signalfd_siginfo signal = {};
    if (::read(signals_.get(), &signal, sizeof(signal)) != sizeof(signal)) return;
    if (signal.ssi_signo == SIGCHLD) {
      look_after_server();
    } else if (signal.ssi_code <= 0) {  // else the terminal has sent it to the command as well
      command_.forward(static_cast<int>(signal.ssi_signo));
    }
  }

  void look_after_server() {
    int status = 0;
    if (!prepared_.server.is_running()) return;
    if (::waitpid(prepared_.server.pid(), &status, WNOHANG) != prepared_.server.pid()) return;
    prepared_.server.has_ended();
    std::fprintf(stderr,
                 "mdevsim: error: the simulated host is gone: its server %s; ending the command\n",
                 describe_end(status).c_str());
    exit_status_ = kExitOwnFailure;
  }

  int judge(int server_status) const {
    const int status = exit_status_.value_or(kExitOwnFailure);
    if (server_status == 0 || status == kExitOwnFailure) return status;
    std::fprintf(stderr, "mdevsim: error: at the end of the run its server %s\n",
                 describe_end(server_status).c_str());
    // What a command says whose host was killed under it is not its own answer.
    return status == 0 || WIFSIGNALED(server_status) ? kExitOwnFailure : status;
  }

  Prepared& prepared_;
  CommandProcess& command_;
  Fd signals_;
  std::optional<int> exit_status_;
};

}  // namespace

int run(const RunOptions& given) {
  RunOptions options = given;
  if (options.events.empty()) options.events = options.private_network ? "both" : "none";
  const Terminal terminal;
  auto prepared = prepare(options);
  if (!prepared) {
    print(prepared.error());
    return kExitOwnFailure;
  }
  CommandOptions command_options;
  command_options.words = options.command;
  // libudev refuses a /sys that is not a sysfs, unless told otherwise.
  command_options.environment = {"SYSTEMD_DEVICE_VERIFY_SYSFS=0", "MDEVSIM_SYS=/sys"};
  sigset_t watched = forwarded_signals();
  ::sigaddset(&watched, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &watched, &command_options.signal_mask);
  Fd signals(::signalfd(-1, &watched, SFD_CLOEXEC));
  auto command = CommandProcess::start(command_options);
  if (!command) {
    print(command.error());
    return kExitOwnFailure;
  }
  const int status = Supervisor(*prepared, *command, std::move(signals)).supervise();
  terminal.take_back();
  return status;
}

}  // namespace mdevsim::launch
