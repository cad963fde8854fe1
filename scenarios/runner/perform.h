// What a step does to a host, done in a process of its own: ordinary file operations, or a command.
#pragma once

#include <functional>
#include <string>

#include "fusefs/launch/failure.h"
#include "scenarios/runner/actual.h"
#include "scenarios/runner/scenario.h"

namespace mdevsim::scenario {

// Where a step is performed.
struct Place {
  int tree_fd = -1;                        // the root of the host's /sys; -1: beside all hosts
  std::function<launch::Done()> go_there;  // moves this process to where commands run
  std::string folder;                      // the working directory of commands
  std::string programs;                    // the folder of mdevsim itself, put first in their $PATH
  std::uint64_t seed = 0;
};

// Milliseconds of the monotonic clock.
std::int64_t now_ms();
// What the trace's times are compared with.
double seconds_since_1970();

// Performs read, write, list, wait or run, by `deadline_ms` of now_ms() where it is in our hands.
Actual perform(const Step& step, const Place& place, std::int64_t deadline_ms);

// What a file holds now, without waiting for more; empty when it cannot be read.
std::string read_at(int directory_fd, const char* path);

}  // namespace mdevsim::scenario
