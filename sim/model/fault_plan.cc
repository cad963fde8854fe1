#include "sim/model/fault_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "sim/base/limits.h"

namespace mdevsim::model {
namespace {

bool fits(const std::string& pattern, std::string_view text) {
  return pattern.empty() || matches_pattern(pattern, text);
}

bool is_of(const FaultRule& rule, std::string_view operation) {
  return rule.point == FaultPoint::operation &&
         (rule.operation == "*" || rule.operation == operation);
}

}  // namespace

Result<std::uint32_t> FaultPlan::add(std::vector<FaultRule> rules) {
  if (rules.size() > kFaultRulesMax - rules_.size()) {
    return fail(Errc::no_memory, fmt::format("a host has at most {} rules", kFaultRulesMax));
  }
  const std::uint32_t first = next_id_;
  for (FaultRule& rule : rules) {
    Random random(rule.seed);
    rules_.push_back({next_id_++, std::move(rule), random});
  }
  return first;
}

bool FaultPlan::remove(std::uint32_t id) {
  return std::erase_if(rules_, [id](const Entry& entry) { return entry.id == id; }) > 0;
}

bool FaultPlan::has_operations() const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [](const Entry& entry) { return entry.rule.point == FaultPoint::operation; });
}

bool FaultPlan::awaits(std::string_view operation) const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [&](const Entry& entry) { return is_of(entry.rule, operation); });
}

bool FaultPlan::asks_for_command(std::string_view operation) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const Entry& entry) {
    return is_of(entry.rule, operation) && !entry.rule.command.empty();
  });
}

bool FaultPlan::matches(const FaultRule& rule, const FaultOccurrence& occurrence) {
  if (rule.point != occurrence.point) return false;
  if (rule.point == FaultPoint::operation && !is_of(rule, occurrence.operation)) return false;
  return fits(rule.path, occurrence.path) && fits(rule.command, occurrence.command) &&
         fits(rule.device, occurrence.device) && fits(rule.action, occurrence.action);
}

bool FaultPlan::strikes(Entry& entry) {
  const FaultRule& rule = entry.rule;
  const std::uint64_t number = entry.seen++;
  if (rule.times && entry.struck >= *rule.times) return false;
  if (number < rule.after || rule.every == 0) return false;
  if ((number - rule.after + 1) % rule.every != 0) return false;
  if (rule.probability < 1) {
    constexpr double kSteps = 9007199254740992.0;  // 2^53: all that a double can tell apart
    const double drawn = static_cast<double>(entry.random.next() >> 11) / kSteps;
    if (drawn >= rule.probability) return false;
  }
  ++entry.struck;
  return true;
}

FaultDecision FaultPlan::decide(const FaultOccurrence& occurrence) {
  for (Entry& entry : rules_) {
    if (!matches(entry.rule, occurrence) || !strikes(entry)) continue;
    return {.rule = entry.id,
            .errc = entry.rule.errc,
            .delay_ms = entry.rule.delay_ms,
            .instance = entry.rule.instance,
            .event = entry.rule.event};
  }
  return {};
}

std::string FaultPlan::text() const {
  std::string out;
  for (const Entry& entry : rules_) {
    fmt::format_to(std::back_inserter(out), "id={} {} seen={} struck={}\n", entry.id,
                   to_string(entry.rule), entry.seen, entry.struck);
  }
  return out;
}

}  // namespace mdevsim::model
