#include "sim/model/family.h"

#include <algorithm>

#include "sim/base/random.h"
#include "sim/model/rules.h"

namespace mdevsim::model {
namespace {

using Values = std::vector<Value>;

// The value that a pattern gives to a version; null: the initial one.
const Value* value_in(const PatternSpec& pattern, std::uint32_t version) {
  if (pattern.every != 0) return version % pattern.every == 0 ? &pattern.values.front() : nullptr;
  return &pattern.values[(version - 1) / pattern.hold % pattern.values.size()];
}

// Makes each version out of the one before it, as a vendor does.
class History {
 public:
  History(const std::vector<Parameter>& parameters, std::uint64_t seed, std::vector<bool> is_free)
      : parameters_(parameters),
        required_(required_places(parameters)),
        order_(dependency_order(required_)),
        is_free_(std::move(is_free)),
        random_(seed) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (is_free_[i]) free_.push_back(i);
    }
  }

  // What was there before stays, but for one parameter, and those that cannot be without it.
  void next(std::uint32_t version, Values& values) {
    for (const std::size_t i : free_) {
      if (!last_.empty() && parameters_[i].accepts(last_[i], version)) values[i] = last_[i];
    }
    settle(values);
    // Not every choice is a change: a value may be the only one, or need what is off.
    constexpr int kTriesMax = 16;
    for (int tries = 0; tries < kTriesMax && !last_.empty() && !free_.empty(); ++tries) {
      const std::size_t chosen = free_[random_.next() % free_.size()];
      if (values[chosen].is_absent()) continue;
      Values changed = values;
      changed[chosen] = any_value(parameters_[chosen], version);
      settle(changed);
      if (changed == values) continue;
      values = std::move(changed);
      break;
    }
    last_ = values;
  }

 private:
  Value any_value(const Parameter& parameter, std::uint32_t version) {
    std::vector<const Allowed*> items;
    for (const Allowed& item : parameter.allowed) {
      if (item.versions.contains(version)) items.push_back(&item);
    }
    if (!items.empty()) {
      const Allowed& item = *items[random_.next() % items.size()];
      return item.least == item.most ? item.least : any_number(item);
    }
    if (parameter.kind == ValueKind::boolean) return Value::boolean(random_.next() % 2 != 0);
    if (parameter.kind == ValueKind::integer)
      return Value::integer(static_cast<std::int64_t>(random_.next() % 256));
    return parameter.initial;
  }

  Value any_number(const Allowed& range) {
    const auto least = static_cast<std::uint64_t>(range.least.number);
    const std::uint64_t width = static_cast<std::uint64_t>(range.most.number) - least;
    const std::uint64_t random = random_.next();
    return Value::integer(
        static_cast<std::int64_t>(least + (width == UINT64_MAX ? random : random % (width + 1))));
  }

  // Turns off what requires something that is off.
  void settle(Values& values) const {
    for (const std::uint32_t i : order_) {
      if (is_free_[i] && parameters_[i].off && unmet_requirement(parameters_, required_, values, i))
        values[i] = *parameters_[i].off;
    }
  }

  const std::vector<Parameter>& parameters_;
  std::vector<std::vector<std::uint32_t>> required_;
  std::vector<std::uint32_t> order_;
  std::vector<bool> is_free_;      // the seed decides, for want of a pattern
  std::vector<std::size_t> free_;  // their places
  Random random_;
  Values last_;
};

struct PlacedPattern {
  std::size_t parameter;
  const PatternSpec* pattern;
};

std::vector<PlacedPattern> placed_patterns(const std::vector<Parameter>& parameters,
                                           const FamilySpec& family) {
  std::vector<PlacedPattern> placed;
  for (const PatternSpec& pattern : family.patterns) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].name == pattern.parameter) placed.push_back({i, &pattern});
    }
  }
  return placed;
}

}  // namespace

std::vector<Value> resolve(const std::vector<Parameter>& parameters, const VersionSpec& version) {
  Values values(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (!parameter.versions.contains(version.number)) continue;
    values[i] = parameter.initial;
    for (const auto& [name, value] : version.values) {
      if (name == parameter.name) values[i] = value;
    }
  }
  return values;
}

std::vector<std::vector<Value>> expand_family(const std::vector<Parameter>& parameters,
                                              const FamilySpec& family) {
  const std::vector<PlacedPattern> patterns = placed_patterns(parameters, family);
  std::vector<bool> is_free(parameters.size(), true);
  for (const PlacedPattern& placed : patterns) is_free[placed.parameter] = false;
  std::optional<History> history;
  if (family.seed) history.emplace(parameters, *family.seed, std::move(is_free));

  std::vector<Values> versions;
  versions.reserve(family.count);
  for (std::uint32_t number = 1; number <= family.count; ++number) {
    Values values = resolve(parameters, {number, {}});
    for (const auto& [parameter, pattern] : patterns) {
      const Value* value = value_in(*pattern, number);
      if (value != nullptr && !values[parameter].is_absent()) values[parameter] = *value;
    }
    if (history) history->next(number, values);
    versions.push_back(std::move(values));
  }
  return versions;
}

}  // namespace mdevsim::model
