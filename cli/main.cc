// mdevsim: dispatches to the subcommand.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"

namespace mdevsim::cli {
namespace {

struct Command {
  std::string_view name;
  std::string_view help;
  int (*function)(std::span<char*> args);
};

constexpr Command kCommands[] = {
    {"run", "run a command that sees the simulated host as its /sys", run_main},
    {"mount", "mount the bare tree of a simulated host on a directory", mount_main},
    {"test", "run scenario files and tell which cases fail", test_main},
    {"check", "tell every problem of host files", check_main},
    {"compat", "tell whether one device can take another's state, and what to change", compat_main},
    {"migrate", "move the state of a running device to another host", migrate_main},
    {"hold", "keep a simulated device open, as a guest does that uses it", hold_main},
    {"trace", "show the requests that a simulated host has answered", trace_main},
    {"vendor-tool", "tell and set a simulated device's configuration, as a vendor's tool does",
     vendor_tool_main},
    {"fault", "list, add and remove rules of what goes wrong in a running host", fault_main},
    {"doctor", "tell what of mdevsim works on this machine", doctor_main},
};

void print_help(std::FILE* out) {
  fmt::print(out,
             "usage: mdevsim COMMAND [ARGUMENT...]\n\n"
             "Simulates hosts with mediated devices: any program sees their /sys.\n\ncommands:\n");
  for (const Command& command : kCommands) {
    fmt::print(out, "  {:<11} {}\n", command.name, command.help);
  }
  fmt::print(out, "\nmdevsim COMMAND --help tells the options of a command.\n");
}

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

int unknown_command(std::string_view name) {
  const auto* nearest = std::min_element(std::begin(kCommands), std::end(kCommands),
                                         [&](const Command& a, const Command& b) {
                                           return distance(name, a.name) < distance(name, b.name);
                                         });
  const bool is_near = distance(name, nearest->name) <= std::max<std::size_t>(2, name.size() / 3);
  fmt::print(stderr, "mdevsim: error: there is no command '{}'{}\n", name,
             is_near ? fmt::format("; did you mean '{}'?", nearest->name)
                     : std::string("; mdevsim --help lists them"));
  return kExitUsage;
}

// Whoever starts us may have closed the standard streams, whose numbers other files would then get,
// or may ignore SIGCHLD, without which the end of a child cannot be seen.
void mend_what_was_inherited() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDWR));
  }
  ::signal(SIGCHLD, SIG_DFL);
}

int dispatch(std::span<char*> args) {
  if (args.size() < 2) {
    print_help(stderr);
    return kExitUsage;
  }
  const std::string_view name = args[1];
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(stdout);
    return kExitOk;
  }
  if (name == "--version") {
    fmt::print("mdevsim {}\n", MDEVSIM_VERSION);
    return kExitOk;
  }
  for (const Command& command : kCommands) {
    if (command.name == name) return command.function(args.subspan(2));
  }
  return unknown_command(name);
}

}  // namespace
}  // namespace mdevsim::cli

int main(int argc, char** argv) {
  try {
    mdevsim::cli::mend_what_was_inherited();
    return mdevsim::cli::dispatch({argv, static_cast<std::size_t>(argc)});
  } catch (const std::exception& error) {
    fmt::print(stderr, "mdevsim: error: {}\n", error.what());
    return mdevsim::cli::kExitFailed;
  }
}
