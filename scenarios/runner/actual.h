// What a step really led to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/runner/scenario.h"
#include "scenarios/runner/text_rule.h"
#include "scenarios/runner/wire.h"

namespace mdevsim::scenario {

struct Actual {
  int error = 0;                     // errno; 0: none
  bool timed_out = false;            // it had not ended, or what was waited for had not come
  bool is_cut = false;               // there was more output, which was not kept
  std::optional<int> status{};       // of a command
  std::string output{};              // what was read, or the command's standard output
  std::string diagnostics{};         // the command's standard error
  std::vector<std::string> names{};  // of a directory, or the events that were heard
  std::uint32_t count = 0;           // of names, or of the events that are as they should be

  // The rest is not on the wire: what the step's own process cannot tell.
  std::string log{};             // what the simulated hosts said meanwhile
  std::string limit{};           // which time was over, if not the step's own
  std::string hindrance{};       // why its process has told nothing
  bool has_lost_events = false;  // they came faster than they were taken
};

void write(WireWriter& out, const Actual& actual);
Actual read_actual(WireReader& in);

// How a step ended, in a word: "ok", "ENOSPC", "status 3", "timeout"; "killed" when somebody has
// killed its process.
std::string ending(const Actual& actual);

// Everything in which it differs from what was expected; empty when the expectation is met.
std::vector<Mismatch> check(const Step& step, const Actual& actual);

// The same for all copies of a step, where its expectation counts how many end how.
std::vector<Mismatch> check_outcomes(const Step& step, const std::vector<Actual>& copies);

}  // namespace mdevsim::scenario
