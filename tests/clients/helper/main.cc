// mdevsim-test-helper: see commands.h.
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/clients/helper/commands.h"

namespace {

struct Command {
  const char* name;
  int (*run)(std::span<const std::string>);
  std::size_t arguments;
  const char* usage;
};

constexpr Command kCommands[] = {
    {"race", helper::run_race, 3, "race same|different TYPE PROCESSES"},
    {"removals", helper::run_removals, 3, "removals PARENT TYPE ROUNDS"},
    {"listen", helper::run_listen, 2, "listen TYPE UUID"},
    {"write", helper::run_write, 1, "write FILE"},
    {"soak", helper::run_soak, 4, "soak SECONDS PARENT TYPE ASLEEP_SECONDS"},
};

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  for (const Command& command : kCommands) {
    if (words.size() == command.arguments + 1 && words[0] == command.name) {
      return command.run(std::span(words).subspan(1));
    }
  }
  for (const Command& command : kCommands) {
    fprintf(stderr, "usage: mdevsim-test-helper %s\n", command.usage);
  }
  return 2;
}
