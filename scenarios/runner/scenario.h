// A scenario as plain records: what the file says, for one case, with every variable in its place.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/config/document.h"
#include "sim/config/source.h"

namespace mdevsim::scenario {

// What one step does. `create`, `remove`, `unbind` and their like are writes by another name.
enum class Verb : std::uint8_t { read, write, list, wait, event, run, steps, parallel };

// What a text has to be; all that is said must hold.
struct TextRule {
  std::optional<std::string> text{};  // exactly, but for a newline at the end that is left out here
  std::vector<std::string> regexes{};  // POSIX extended, each found somewhere in it
  std::vector<std::pair<std::string, config::Value>> json{};  // a JSON pointer and what is there

  bool is_empty() const { return !text && regexes.empty() && json.empty(); }
};

// A word that stands for an exit status of one of mdevsim's own commands.
struct Ending {
  std::string_view word;
  int status;
};

// What a step has to lead to. What is not said is not looked at, but for failure: a step that fails
// and was not expected to has not met its expectation.
struct Expectation {
  std::string error{};                              // an errno's symbol; empty: none
  std::vector<int> statuses{};                      // of a command, one of these; empty: 0
  std::span<const Ending> endings{};                // what its statuses are called, if anything
  TextRule output{};                                // what was read, or a command's standard output
  TextRule diagnostics{};                           // a command's standard error
  TextRule reason{};                                // what commands and hosts say about a refusal
  std::optional<std::vector<std::string>> names{};  // of a directory, all of them
  std::vector<std::string> has{};                   // of its names
  std::vector<std::string> lacks{};
  std::optional<std::uint32_t> count{};             // of names, or of events
  std::map<std::string, std::uint32_t> outcomes{};  // of all copies: how many ended how
  std::string others{};  // how the copies end that `outcomes` does not count
};

// When a case, or a step, is passed over.
struct SkipRule {
  std::vector<std::string> programs{};  // one of them is not installed
  bool unless_root = false;             // for an ordinary user
  std::vector<std::string> reasons{};   // is skipped, for what the file says of this case
};

struct Step {
  Verb verb = Verb::read;
  config::Region where;
  std::string name{};    // for people; made of the verb when the file gives none
  std::string action{};  // "create 83b8… of 0000:3b:00.0/nvidia-222", for reports
  std::string host{};    // empty: beside all hosts, which are directories of /sys there

  std::string path{};                // read, write, list, wait: below the host's /sys
  std::string text{};                // write
  bool gone = false;                 // wait: for the path to vanish
  std::vector<std::string> words{};  // run
  std::string input{};               // run: its standard input
  std::map<std::string, std::string> environment{};  // run
  std::map<std::string, std::string> fields{};       // event: patterns of the fields' values
  bool from_udev = false;                            // event: as udev passes it on
  std::vector<Step> steps{};                         // steps, parallel

  std::uint32_t copies = 1;    // in parallel
  std::uint32_t repeat = 1;    // one after another
  bool counts = false;         // `repeat` is given: {i} is the number of the repetition
  std::int64_t within_ms = 0;  // of a group 0: as long as the case
  std::string save{};          // the variable that gets what was read or printed
  Expectation expect{};
  SkipRule skip{};
};

// One run of a scenario: a combination of the matrix.
struct Case {
  std::string id{};      // "scenarios/race.toml[kernel=6.12,copies=4]"
  std::string key{};     // the same without folders: what shards are made by
  std::string file{};    // the scenario's path
  std::string folder{};  // the file's folder: where its commands run
  std::string description{};
  std::string host_text{};  // the host file of its hosts, self-contained but for includes
  std::shared_ptr<const config::Value> host_document{};  // the same as a tree
  std::vector<std::string> hosts{};                      // their names
  std::uint64_t seed = 1;
  std::int64_t timeout_ms = 0;
  bool has_own_timeout = true;  // false: it was given for this run
  SkipRule skip{};
  std::vector<Step> steps{};
  std::vector<Step> cleanup{};
};

}  // namespace mdevsim::scenario
