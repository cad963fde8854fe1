// What the tests of clients need from inside a simulated host and no Debian package offers: each
// function is a subcommand of mdevsim-test-helper, prints its findings, and returns the exit
// status.
#pragma once

#include <span>
#include <string>

namespace helper {

// race same|different TYPE PROCESSES: that many processes create at once; prints how often each
// result came.
int run_race(std::span<const std::string> arguments);

// removals PARENT TYPE ROUNDS: eight processes at once look one instance up and remove it, on
// processors that have enough to do besides, so that some are stopped in between; prints in how
// many rounds its name was still there when all were done.
int run_removals(std::span<const std::string> arguments);

// listen TYPE UUID: writes `create` and prints the messages that are in the sockets of both groups
// by then.
int run_listen(std::span<const std::string> arguments);

// write FILE: writes what is on standard input, in one write(), and prints the result: "36 -" or
// "-1 EINVAL".
int run_write(std::span<const std::string> arguments);

// soak SECONDS PARENT TYPE ASLEEP_SECONDS: creates, reads, removes, walks and notifies in many
// processes; ends with 1 when something is left over or gives an errno that it must not, or when a
// process sleeps uninterruptibly for longer than ASLEEP_SECONDS.
int run_soak(std::span<const std::string> arguments);

}  // namespace helper
