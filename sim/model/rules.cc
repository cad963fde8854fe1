#include "sim/model/rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace mdevsim::model {

std::string why_missing(const Parameter& parameter, std::uint32_t version) {
  return fmt::format("version {} has no such parameter: it is there{}", version,
                     to_text(parameter.versions));
}

std::string why_not_allowed(const Parameter& parameter, const Value& value, std::uint32_t version) {
  return fmt::format(
      "{} is not allowed in version {}: it may be {}",
      value.kind == ValueKind::string ? fmt::format("\"{}\"", value.text) : to_text(value), version,
      parameter.allowed_text(version));
}

std::string why_unmet(std::string_view required) {
  return fmt::format("it needs `{}`, which is off", required);
}

std::vector<std::vector<std::uint32_t>> required_places(const std::vector<Parameter>& parameters) {
  std::vector<std::vector<std::uint32_t>> required(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    for (const std::string& name : parameters[i].requires_active) {
      const auto found = std::find_if(parameters.begin(), parameters.end(),
                                      [&](const Parameter& other) { return other.name == name; });
      required[i].push_back(static_cast<std::uint32_t>(found - parameters.begin()));
    }
  }
  return required;
}

std::vector<std::uint32_t> dependency_order(
    const std::vector<std::vector<std::uint32_t>>& required) {
  std::vector<std::uint32_t> order;
  std::vector<bool> placed(required.size(), false);
  for (bool grew = true; grew;) {
    grew = false;
    for (std::uint32_t i = 0; i < required.size(); ++i) {
      const bool ready = std::all_of(required[i].begin(), required[i].end(),
                                     [&](std::uint32_t other) { return placed[other]; });
      if (placed[i] || !ready) continue;
      placed[i] = grew = true;
      order.push_back(i);
    }
  }
  return order;
}

std::optional<std::uint32_t> unmet_requirement(
    const std::vector<Parameter>& parameters,
    const std::vector<std::vector<std::uint32_t>>& required, const std::vector<Value>& values,
    std::size_t parameter) {
  if (required[parameter].empty() || !parameters[parameter].is_active(values[parameter]))
    return std::nullopt;
  for (const std::uint32_t other : required[parameter]) {
    if (!parameters[other].is_active(values[other])) return other;
  }
  return std::nullopt;
}

}  // namespace mdevsim::model
