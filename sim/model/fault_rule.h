// What is to go wrong, where and when: one rule, and how it is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/errc.h"
#include "sim/base/result.h"

namespace mdevsim::model {

// What a rule waits for. An operation is a request for a file; the others are what devices go
// through, however that was asked for.
enum class FaultPoint : std::uint8_t {
  operation,
  create,  // of an instance
  remove,  // of an instance
  bind,    // of a device to a driver, also by a probe
  unbind,
  save,   // a device gives its state
  load,   // a device takes a state
  event,  // an event is about to be sent
};

enum class EventFate : std::uint8_t { sent, lost, doubled, late };

enum class InstanceFate : std::uint8_t {
  stays,
  vanishes,  // it is removed by nobody's request
  stuck,     // the kernel's bug: the removal fails and takes the file `remove` away for good
  untyped,   // as in the kernel, it is there a while before the links to and from its type are
};

struct FaultRule {
  // Where. Patterns have * and ?; an empty one matches everything.
  FaultPoint point = FaultPoint::operation;
  std::string operation;  // a name of kFaultOperations, or "*"
  std::string path;       // of the operation's file, or of the event's device
  std::string command;    // of the process that asks for an operation
  std::string device;     // a uuid or a PCI address; of all points but operations and events
  std::string action;     // of an event: "add"

  // What: an errno without anything done, and so on. At least one.
  std::optional<Errc> errc;
  std::uint32_t delay_ms = 0;  // of the answer, or of an event that comes late
  InstanceFate instance = InstanceFate::stays;
  EventFate event = EventFate::sent;

  // When: from the occurrence behind the first `after` on, every `every`-th, with a probability,
  // and no more than `times` times. 0 times, every 0th, probability 0: never.
  std::uint64_t after = 0;
  std::uint64_t every = 1;
  double probability = 1;
  std::optional<std::uint64_t> times;
  std::uint64_t seed = 0;  // of the probability

  bool operator==(const FaultRule&) const = default;
};

// The operations that rules can name. (The kernel takes no error for the release of a file.)
std::vector<std::string_view> fault_operations();
// The keys of a rule, in the order in which rules are shown.
std::vector<std::string_view> fault_keys();

// Why something cannot be part of a rule, and what to write instead.
struct FaultProblem {
  std::string why;
  std::string help;
};

// Sets one key: "errno" to "EBUSY", "delay" to "50ms".
std::optional<FaultProblem> set_fault_key(FaultRule& rule, std::string_view key,
                                          std::string_view value);
// What is wrong with the rule as a whole.
std::optional<FaultProblem> check_fault(const FaultRule& rule);

// "at=create errno=ENOSPC times=1". EINVAL, and why.
Result<FaultRule> parse_fault(std::string_view line);
// The same the other way round; what is as it would be without being written is not.
std::string to_string(const FaultRule& rule);

// Whether the text is the pattern's: * stands for any number of characters, ? for one.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace mdevsim::model
