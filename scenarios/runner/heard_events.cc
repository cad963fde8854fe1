#include "scenarios/runner/heard_events.h"

#include <algorithm>
#include <string>

#include "scenarios/runner/text_rule.h"

namespace mdevsim::scenario {
namespace {

bool is_like(const launch::UeventFields& event, const Step& step) {
  return std::all_of(step.fields.begin(), step.fields.end(), [&](const auto& field) {
    const auto found = event.find(field.first);
    return found != event.end() && matches_pattern(field.second, found->second);
  });
}

std::string field_of(const launch::UeventFields& event, const char* key) {
  const auto found = event.find(key);
  return found == event.end() ? "?" : found->second;
}

}  // namespace

std::uint32_t count_events(const std::vector<launch::UeventFields>& heard, const Step& step) {
  return static_cast<std::uint32_t>(std::count_if(
      heard.begin(), heard.end(), [&](const auto& event) { return is_like(event, step); }));
}

Actual take_events(std::vector<launch::UeventFields>& heard, const Step& step) {
  Actual actual;
  for (const launch::UeventFields& event : heard)
    actual.names.push_back(field_of(event, "ACTION") + " " + field_of(event, "DEVPATH"));
  const bool takes_all = step.expect.count.has_value();
  std::erase_if(heard, [&](const launch::UeventFields& event) {
    const bool is_taken = (takes_all || actual.count == 0) && is_like(event, step);
    actual.count += is_taken ? 1 : 0;
    return is_taken;
  });
  return actual;
}

}  // namespace mdevsim::scenario
