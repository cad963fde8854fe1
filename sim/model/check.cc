#include "sim/model/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sim/base/limits.h"
#include "sim/model/check_state.h"
#include "sim/model/family.h"
#include "sim/model/model_name.h"
#include "sim/model/rules.h"

namespace mdevsim::model {
namespace {

using Place = Fault::Place;

class Checker {
 public:
  explicit Checker(const ModelSpec& spec) : spec_(spec) {}

  std::vector<Fault> run() {
    if (const auto fault = check_model_name(spec_.name)) {
      add({.place = Place::name,
           .why = fmt::format("the model's name {}", *fault),
           .help = "write a domain and a path, such as \"vendor-a.com/my-nic\""});
    }
    check_unique();
    for (const Parameter& parameter : spec_.parameters) check_parameter(parameter);
    check_disable_string();
    check_dependencies();
    check_family();
    if (faults_.empty()) check_versions();
    check_state(spec_, faults_);
    return std::move(faults_);
  }

 private:
  void add(Fault fault) { faults_.push_back(std::move(fault)); }

  const Parameter* find(const std::string& name) const {
    const auto found = std::find_if(spec_.parameters.begin(), spec_.parameters.end(),
                                    [&](const Parameter& p) { return p.name == name; });
    return found == spec_.parameters.end() ? nullptr : &*found;
  }

  std::uint32_t newest() const {
    std::uint32_t newest = spec_.family ? spec_.family->count : 0;
    for (const VersionSpec& version : spec_.versions) newest = std::max(newest, version.number);
    return std::max(newest, 1U);
  }

  void check_unique();
  void check_parameter(const Parameter& parameter);
  void check_value(const Parameter& parameter, Place place, std::size_t index, const Value& value,
                   std::string_view what);
  void check_standing_value(const Parameter& parameter, Place place, const Value& value,
                            std::string_view what);
  void check_disable_string();
  void check_dependencies();
  void check_family();
  void check_pattern(std::size_t index);
  void check_versions();
  void check_listed(const VersionSpec& version);
  void check_full(std::uint32_t version, const std::vector<Value>& values,
                  const VersionSpec* listed);

  const ModelSpec& spec_;
  std::vector<Fault> faults_;
  std::vector<std::vector<std::uint32_t>> required_;
  std::set<std::pair<Place, std::string>> said_;  // of all versions: once
};

void Checker::check_unique() {
  std::set<std::string> names;
  for (const Parameter& parameter : spec_.parameters) {
    if (names.insert(parameter.name).second) continue;
    add({.place = Place::parameter,
         .parameter = parameter.name,
         .why = "the model has a parameter of this name already",
         .help = "give each parameter a name of its own"});
  }
  std::set<std::uint32_t> numbers = {0};
  for (const VersionSpec& version : spec_.versions) {
    if (numbers.insert(version.number).second) continue;
    add({.place = Place::version,
         .version = version.number,
         .why = version.number == 0 ? "versions are numbered from 1"
                                    : "the model has a version of this number already",
         .help = "give each version a number of its own, from 1"});
  }
}

void Checker::check_value(const Parameter& parameter, Place place, std::size_t index,
                          const Value& value, std::string_view what) {
  if (value.kind != parameter.kind) {
    add({.place = place,
         .parameter = parameter.name,
         .index = index,
         .why = fmt::format("{} is of kind {}, the parameter of kind {}", what,
                            kind_name(value.kind), kind_name(parameter.kind)),
         .help = parameter.kind == ValueKind::boolean   ? "write true or false"
                 : parameter.kind == ValueKind::integer ? "write a number, without quotes"
                                                        : "write text in quotes"});
  } else if (!is_plain_text(value.text)) {
    add({.place = place,
         .parameter = parameter.name,
         .index = index,
         .why = fmt::format("{} has a comma or a control character", what),
         .help = "commas separate the parameters of a configuration: use another character"});
  }
}

void Checker::check_parameter(const Parameter& parameter) {
  if (const auto fault = check_parameter_name(parameter.name)) {
    add({.place = Place::parameter,
         .parameter = parameter.name,
         .why = fmt::format("the parameter's name {}", *fault),
         .help = "use letters, digits, `-`, `_` and `.`, as in rx-filter-size"});
  }
  const std::size_t before = faults_.size();
  for (std::size_t i = 0; i < parameter.allowed.size(); ++i) {
    const Allowed& item = parameter.allowed[i];
    check_value(parameter, Place::allowed, i, item.least, "an allowed value");
    if (parameter.kind == ValueKind::integer && item.least.number > item.most.number) {
      add({.place = Place::allowed,
           .parameter = parameter.name,
           .index = i,
           .why = "the range ends before it begins",
           .help = "write the smaller number first"});
    }
  }
  if (parameter.off) check_value(parameter, Place::off, 0, *parameter.off, "the off value");
  check_value(parameter, Place::initial, 0, parameter.initial, "the initial value");
  const Versions& versions = parameter.versions;
  if (versions.since > versions.until || versions.since > newest()) {
    add({.place = Place::versions,
         .parameter = parameter.name,
         .why = versions.since > versions.until
                    ? std::string("`until` is before `since`, so no version has the parameter")
                    : fmt::format("no version has the parameter: the newest is {}", newest()),
         .help = fmt::format("write since = {} or less, or add versions", newest())});
  }
  if (faults_.size() != before) return;
  check_standing_value(parameter, Place::initial, parameter.initial, "initial");
  if (parameter.off) check_standing_value(parameter, Place::off, *parameter.off, "off");
}

// Initial and off values are allowed in every version that has the parameter.
void Checker::check_standing_value(const Parameter& parameter, Place place, const Value& value,
                                   std::string_view what) {
  const std::uint32_t last = std::min(parameter.versions.until, newest());
  std::set<std::uint32_t> changes = {parameter.versions.since};  // where `allowed` may change
  for (const Allowed& item : parameter.allowed) {
    changes.insert(item.versions.since);
    if (item.versions.until != UINT32_MAX) changes.insert(item.versions.until + 1);
  }
  for (const std::uint32_t version : changes) {
    if (version < parameter.versions.since || version > last || parameter.accepts(value, version))
      continue;
    add({.place = place,
         .parameter = parameter.name,
         .why = fmt::format("the {} value {}", what, why_not_allowed(parameter, value, version)),
         .help = "add it to `allowed`, for every version that has the parameter"});
    return;
  }
}

// It must not say anything else of a parameter that it disables.
void Checker::check_disable_string() {
  const std::string& text = spec_.disable_string;
  if (!is_plain_text(text)) {
    add({.place = Place::disable_string,
         .why = "the text that disables has a comma or a control character",
         .help = "write a word, such as disable_string = \"none\""});
  }
  if (text.empty()) return;
  for (const Parameter& parameter : spec_.parameters) {
    const auto value = parse_value(parameter.kind, text);
    if (!value || !parameter.off || value == parameter.off) continue;
    const bool is_taken = parameter.allowed.empty() ||
                          std::any_of(parameter.allowed.begin(), parameter.allowed.end(),
                                      [&](const Allowed& item) { return item.contains(*value); });
    if (!is_taken) continue;
    add({.place = Place::disable_string,
         .why = fmt::format("\"{}\" is a value that `{}` may have", text, parameter.name),
         .help = parameter.allowed.empty() ? "list what the parameter may be in its `allowed`"
                                           : "choose another word"});
  }
}

void Checker::check_dependencies() {
  bool known = true;
  for (const Parameter& parameter : spec_.parameters) {
    for (std::size_t i = 0; i < parameter.requires_active.size(); ++i) {
      const std::string& name = parameter.requires_active[i];
      if (find(name) != nullptr && name != parameter.name) continue;
      known = false;
      add({.place = Place::requires_active,
           .parameter = parameter.name,
           .index = i,
           .why = name == parameter.name
                      ? std::string("the parameter requires itself")
                      : fmt::format("the model has no parameter `{}` to require", name),
           .help = "name other parameters of the model, as in requires = [\"rss\"]"});
    }
    if (!parameter.requires_active.empty() && !parameter.off) {
      known = false;
      add({.place = Place::requires_active,
           .parameter = parameter.name,
           .why = "a parameter that cannot be disabled cannot require another",
           .help = "give it an `off` value, which it has while the other is off"});
    }
  }
  if (!known) return;
  required_ = required_places(spec_.parameters);
  const auto order = dependency_order(required_);
  for (std::uint32_t i = 0; i < required_.size(); ++i) {
    if (std::find(order.begin(), order.end(), i) != order.end()) continue;
    add({.place = Place::requires_active,
         .parameter = spec_.parameters[i].name,
         .why = "parameters require one another in a circle, and this is one of them",
         .help = "remove one of the names from a `requires`"});
    return;
  }
}

void Checker::check_pattern(std::size_t index) {
  const PatternSpec& pattern = spec_.family->patterns[index];
  const Parameter* parameter = find(pattern.parameter);
  const auto fault = [&](Place place, std::string why, std::string help) {
    add({.place = place,
         .parameter = pattern.parameter,
         .index = index,
         .why = std::move(why),
         .help = std::move(help)});
  };
  if (parameter == nullptr) {
    return fault(Place::pattern, fmt::format("the model has no parameter `{}`", pattern.parameter),
                 "name a parameter of the model's `params`");
  }
  for (std::size_t i = 0; i < index; ++i) {
    if (spec_.family->patterns[i].parameter == pattern.parameter)
      return fault(Place::pattern, "the parameter has a pattern already", "remove one of them");
  }
  if (pattern.values.empty() || (pattern.every == 0) == (pattern.hold == 0) ||
      (pattern.every != 0 && pattern.values.size() != 1)) {
    return fault(Place::pattern, "the pattern is neither of the two that there are",
                 "write { param = \"rss\", value = true, every = 3 } or "
                 "{ param = \"queues\", values = [1, 2, 4], hold = 50 }");
  }
  for (const Value& value : pattern.values) {
    const std::size_t before = faults_.size();
    check_value(*parameter, Place::pattern_value, index, value, "the pattern's value");
    if (faults_.size() != before) return;
  }
}

void Checker::check_family() {
  if (!spec_.family) return;
  for (std::size_t i = 0; i < spec_.family->patterns.size(); ++i) check_pattern(i);
}

void Checker::check_listed(const VersionSpec& version) {
  for (const auto& [name, value] : version.values) {
    const Parameter* parameter = find(name);
    std::string why;
    std::string help = "write a value that the parameter allows in this version";
    if (parameter == nullptr) {
      why = "the model has no such parameter";
      help = "describe it: params." + name + " = { type = \"bool\", off = false }";
    } else if (!parameter->versions.contains(version.number)) {
      why = why_missing(*parameter, version.number);
      help = "remove it here, or change `since` and `until` of the parameter";
    } else if (value.kind != parameter->kind) {
      why = fmt::format("the value is of kind {}, the parameter of kind {}", kind_name(value.kind),
                        kind_name(parameter->kind));
    } else if (!parameter->accepts(value, version.number)) {
      why = why_not_allowed(*parameter, value, version.number);
    } else {
      continue;
    }
    add({.place = Place::version_value,
         .parameter = name,
         .version = version.number,
         .why = fmt::format("`{}`: {}", name, why),
         .help = std::move(help)});
  }
}

void Checker::check_full(std::uint32_t version, const std::vector<Value>& values,
                         const VersionSpec* listed) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Parameter& parameter = spec_.parameters[i];
    std::string why;
    if (values[i].is_absent()) continue;
    if (!parameter.accepts(values[i], version)) {
      why = why_not_allowed(parameter, values[i], version);
    } else if (const auto other = unmet_requirement(spec_.parameters, required_, values, i)) {
      why = fmt::format("in version {} {}", version, why_unmet(spec_.parameters[*other].name));
    } else {
      continue;
    }
    const Place place = listed != nullptr ? Place::version_value : Place::pattern_value;
    std::size_t index = 0;
    if (listed == nullptr) {
      const auto& patterns = spec_.family->patterns;
      while (index < patterns.size() && patterns[index].parameter != parameter.name) ++index;
      if (!said_.emplace(place, parameter.name).second) continue;
    }
    add({.place = place,
         .parameter = parameter.name,
         .version = version,
         .index = index,
         .why = fmt::format("`{}`: {}", parameter.name, why),
         .help = "give it another value, or turn on what it needs"});
  }
}

void Checker::check_versions() {
  for (const VersionSpec& version : spec_.versions) {
    const std::size_t before = faults_.size();
    check_listed(version);
    if (faults_.size() == before)
      check_full(version.number, resolve(spec_.parameters, version), &version);
  }
  if (!spec_.family) return;
  std::uint32_t number = 0;
  for (const std::vector<Value>& values : expand_family(spec_.parameters, *spec_.family)) {
    ++number;
    const bool replaced = std::any_of(spec_.versions.begin(), spec_.versions.end(),
                                      [&](const VersionSpec& v) { return v.number == number; });
    if (!replaced) check_full(number, values, nullptr);
  }
}

}  // namespace

std::vector<Fault> check(const ModelSpec& spec) { return Checker(spec).run(); }

}  // namespace mdevsim::model
