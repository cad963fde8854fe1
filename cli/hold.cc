// mdevsim hold: keeps a simulated device open, as a guest does that uses it. Its `remove` then
// waits, as in the kernel.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/commands.h"
#include "cli/options.h"
#include "fusefs/launch/exit_status.h"
#include "fusefs/launch/fd.h"

namespace mdevsim::cli {
namespace po = boost::program_options;
namespace {

std::string hint(int error, const std::string& device) {
  if (error == ENOENT || error == ENOTDIR) {
    return "it is no simulated device; they are in SYSROOT/kernel/mdevsim/devices, named by uuid "
           "or "
           "PCI address";
  }
  if (error == ENODEV) return "the device has just been removed";
  return fmt::format("cannot open {}/hold: {}", device, std::strerror(error));
}

// Until SIGTERM, SIGINT or SIGHUP.
int wait_to_be_ended() {
  sigset_t ends;
  ::sigemptyset(&ends);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&ends, signal);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  fmt::print("held\n");
  std::fflush(stdout);
  int signal = 0;
  ::sigwait(&ends, &signal);
  return kExitOk;
}

int hold_while_running(std::span<char*> command) {
  const pid_t child = ::fork();
  if (child == 0) {
    const std::vector<char*> words = [&] {
      std::vector<char*> all(command.begin(), command.end());
      all.push_back(nullptr);
      return all;
    }();
    ::execvp(words[0], words.data());
    const int error = errno;
    fmt::print(stderr, "mdevsim: error: cannot run '{}': {}\n", words[0], std::strerror(error));
    ::_exit(launch::exit_status_of_exec_errno(error));
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child < 0 ? kExitFailed : launch::exit_status_of(status);
}

}  // namespace

int hold_main(std::span<char*> args) {
  const auto dashes = std::find_if(args.begin(), args.end(),
                                   [](const char* word) { return std::strcmp(word, "--") == 0; });
  const auto before = static_cast<std::size_t>(dashes - args.begin());
  Syntax syntax;
  syntax.usage = "mdevsim hold DEVICE [-- COMMAND [ARGUMENT...]]";
  syntax.purpose =
      "Keeps a simulated device open, as a guest does that uses it: a write to its `remove` then\n"
      "waits. DEVICE is SYSROOT/kernel/mdevsim/devices/<uuid or PCI address>. Prints 'held' when "
      "it\n"
      "has it and keeps it until it is ended; with COMMAND, while COMMAND runs, whose exit status\n"
      "it then ends with.";
  syntax.options.add_options()("device", po::value<std::string>());
  syntax.positional.add("device", 1);
  syntax.required = {"device"};
  const Arguments given = parse_arguments(syntax, args.first(before));
  if (given.exit_status) return *given.exit_status;
  const std::string device = given.text("device");
  const launch::Fd hold(::open((device + "/hold").c_str(), O_RDONLY | O_CLOEXEC));
  if (!hold.is_open()) {
    fmt::print(stderr, "mdevsim: error: cannot hold {}: {}\n", device, hint(errno, device));
    return kExitFailed;
  }
  const auto command = dashes == args.end() ? std::span<char*>() : args.subspan(before + 1);
  return command.empty() ? wait_to_be_ended() : hold_while_running(command);
}

}  // namespace mdevsim::cli
