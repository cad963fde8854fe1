// The fault plan of a host: its rules, what they have seen, and what they decide. Pure: the same
// rules, asked in the same order, decide the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/random.h"
#include "sim/base/result.h"
#include "sim/model/fault_rule.h"

namespace mdevsim::model {

// Something that is about to begin. What does not apply to its point is empty.
struct FaultOccurrence {
  FaultPoint point = FaultPoint::operation;
  std::string_view operation = {};
  std::string_view path = {};
  std::string_view command = {};
  std::string_view device = {};
  std::string_view action = {};
};

// What becomes of it; as it is by default, nothing happens.
struct FaultDecision {
  std::uint32_t rule = 0;  // the id of the rule that decided; 0: none
  std::optional<Errc> errc;
  std::uint32_t delay_ms = 0;
  InstanceFate instance = InstanceFate::stays;
  EventFate event = EventFate::sent;
};

class FaultPlan {
 public:
  // All or none. Gives the first one's id; ids are counted from 1 and not used again. ENOMEM beyond
  // kFaultRulesMax.
  Result<std::uint32_t> add(std::vector<FaultRule> rules);
  bool remove(std::uint32_t id);
  void clear() { rules_.clear(); }
  bool empty() const { return rules_.empty(); }

  // Whether some rule waits for operations: for this one, and for those of a certain command.
  bool has_operations() const;
  bool awaits(std::string_view operation) const;
  bool asks_for_command(std::string_view operation) const;

  // Counts the occurrence. Rules are asked in the order of their ids; the first that strikes
  // decides, and those behind it do not see this occurrence.
  FaultDecision decide(const FaultOccurrence& occurrence);

  // A line for each rule: "id=1 at=create errno=ENOSPC times=1 seen=4 struck=1".
  std::string text() const;

 private:
  struct Entry {
    std::uint32_t id = 0;
    FaultRule rule;
    Random random;
    std::uint64_t seen = 0;
    std::uint64_t struck = 0;
  };
  static bool matches(const FaultRule& rule, const FaultOccurrence& occurrence);
  static bool strikes(Entry& entry);

  std::uint32_t next_id_ = 1;
  std::vector<Entry> rules_;
};

}  // namespace mdevsim::model
