#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/base/limits.h"
#include "sim/config/read.h"
#include "sim/config/read_state.h"

namespace mdevsim::config {
namespace {

using Kind = Value::Kind;
using Place = model::Fault::Place;

constexpr std::string_view kModelExample = "[model.\"vendor-a.com/my-nic\"]";
constexpr std::string_view kParameterExample = "params.rss = { type = \"bool\", off = false }";
constexpr std::string_view kVersionExample = "versions.2 = { rss = true }";
constexpr std::string_view kStateExample = "state = { memory = \"64MiB\" }";
constexpr std::string_view kPatternExample =
    "pattern = [ { param = \"rss\", value = true, every = 3 } ]";
constexpr IntegerRange kVersionRange = {.least = 1, .most = UINT32_MAX - 1};

// A bool, an int or a string of TOML; whether the parameter is of that kind is checked with the
// model.
std::optional<model::Value> value_of(const Value& value, std::string_view what, Report& report) {
  switch (value.kind) {
    case Kind::boolean:
      return model::Value::boolean(value.boolean);
    case Kind::integer:
      return model::Value::integer(value.integer);
    case Kind::string:
      return model::Value::string(value.text);
    default:
      report.error(value.where,
                   fmt::format("{} is {}, not a value of a parameter", what, kind_name(value.kind)),
                   "write true, false, a number, or text in quotes");
      return std::nullopt;
  }
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

// "64-256"; both ends may be negative.
std::optional<model::Allowed> range_of(std::string_view text) {
  const std::size_t dash = text.find('-', 1);
  if (dash == std::string_view::npos) return std::nullopt;
  const auto least = number_of(text.substr(0, dash));
  const auto most = number_of(text.substr(dash + 1));
  if (!least || !most) return std::nullopt;
  return model::Allowed{model::Value::integer(*least), model::Value::integer(*most), {}};
}

void read_span(TableReader& table, model::Versions& versions) {
  table.integer("since", kVersionRange, versions.since);
  table.integer("until", kVersionRange, versions.until);
}

class ModelReader {
 public:
  ModelReader(const Member& member, bool complete, Report& report)
      : member_(member), complete_(complete), report_(report) {
    draft_.spec.name = member.key;
    draft_.where = member.where;
    draft_.complete = complete;
  }

  ModelDraft run() {
    TableReader table(member_.value, "a model", complete_, report_);
    read_device_api(table, draft_.spec.device_api);
    if (const auto text = table.text("description", "description = \"a network card\""))
      draft_.spec.description = text->value;
    if (const auto text = table.text("disable_string", "disable_string = \"none\"")) {
      draft_.spec.disable_string = text->value;
      at(Place::disable_string, text->where);
    }
    if (const Member* params = table.take("params", Kind::table, kParameterExample))
      read_parameters(*params);
    if (const Member* state = table.take("state", Kind::table, kStateExample))
      read_state(*state, complete_, draft_, report_);
    const std::size_t errors = report_.count();
    if (const Member* versions = table.take("versions", Kind::table, kVersionExample))
      read_versions(*versions);
    draft_.versions_read = report_.count() == errors;
    table.finish();
    return std::move(draft_);
  }

 private:
  void at(Place place, Region where, std::string parameter = {}, std::uint32_t version = 0,
          std::size_t index = 0) {
    draft_.places.emplace(ModelPlace{place, std::move(parameter), version, index}, where);
  }

  void read_parameters(const Member& params);
  std::optional<model::Parameter> read_parameter(const Member& member);
  std::optional<model::Allowed> read_allowed(const Value& item, model::ValueKind kind);
  bool read_allowed_items(TableReader& table, model::Parameter& parameter);
  bool read_requires(TableReader& table, model::Parameter& parameter);
  std::optional<model::Value> read_value(TableReader& table, std::string_view key, Place place,
                                         const std::string& parameter, bool& sound);
  void read_versions(const Member& versions);
  void read_version(const Member& member);
  void read_family(const Member& versions);
  std::optional<model::PatternSpec> read_pattern(const Value& item, std::size_t index);

  const Member& member_;
  bool complete_;
  Report& report_;
  ModelDraft draft_;
};

void ModelReader::read_parameters(const Member& params) {
  if (params.value.members.size() > kParametersMax) {
    report_.error(params.where,
                  fmt::format("a model can have at most {} parameters", kParametersMax),
                  "remove some of them");
  }
  for (const Member& member : params.value.members) {
    if (draft_.spec.parameters.size() == kParametersMax) break;
    if (member.value.kind != Kind::table) {
      report_kind(member.value, fmt::format("`{}`", member.key), Kind::table, kParameterExample,
                  report_);
      draft_.unread.push_back(member.key);
    } else if (auto parameter = read_parameter(member)) {
      at(Place::parameter, member.where, member.key);
      draft_.spec.parameters.push_back(std::move(*parameter));
    } else {
      draft_.unread.push_back(member.key);
    }
  }
}

std::optional<model::Value> ModelReader::read_value(TableReader& table, std::string_view key,
                                                    Place place, const std::string& parameter,
                                                    bool& sound) {
  const Member* member = table.take(key);
  if (member == nullptr) return std::nullopt;
  at(place, member->value.where, parameter);
  auto value = value_of(member->value, fmt::format("`{}`", key), report_);
  sound = sound && value.has_value();
  return value;
}

std::optional<model::Parameter> ModelReader::read_parameter(const Member& member) {
  const std::size_t errors = report_.count();
  TableReader table(member.value, "a parameter", complete_, report_);
  model::Parameter parameter;
  parameter.name = member.key;
  bool sound = true;
  const auto type = table.text("type", "type = \"bool\"");
  if (type) {
    const auto kind = model::kind_from_name(type->value);
    if (kind) {
      parameter.kind = *kind;
    } else {
      report_.error(type->where, "this is no type of a parameter", "write bool, int or string");
    }
  } else if (member.value.find("type") == nullptr) {
    table.missing("type", "write type = \"bool\", \"int\" or \"string\"");
  }
  sound = read_allowed_items(table, parameter) && sound;
  parameter.off = read_value(table, "off", Place::off, parameter.name, sound);
  const auto initial = read_value(table, "initial", Place::initial, parameter.name, sound);
  read_span(table, parameter.versions);
  for (const std::string_view key : {"until", "since"}) {
    if (const Member* bound = member.value.find(key))
      at(Place::versions, bound->value.where, parameter.name);
  }
  if (const auto text = table.text("description", "description = \"spreads packets over queues\""))
    parameter.description = text->value;
  sound = read_requires(table, parameter) && sound;
  table.finish();
  if (initial) {
    parameter.initial = *initial;
  } else if (parameter.off) {
    parameter.initial = *parameter.off;
  } else if (member.value.find("initial") == nullptr && member.value.find("off") == nullptr) {
    table.missing("initial",
                  "write `off`, the value that disables it and that it has at first, or, if it "
                  "cannot be disabled, `initial`");
  }
  if (!sound || !type || report_.count() != errors || parameter.initial.is_absent())
    return std::nullopt;
  return parameter;
}

std::optional<model::Allowed> ModelReader::read_allowed(const Value& item, model::ValueKind kind) {
  if (item.kind == Kind::table) {
    TableReader table(item, "an allowed value", complete_, report_);
    const Member* value = table.take("value");
    model::Versions versions;
    read_span(table, versions);
    table.finish();
    if (value == nullptr) {
      table.missing("value", "write { value = \"64-256\", since = 3 }");
      return std::nullopt;
    }
    if (value->value.kind == Kind::table) {
      report_kind(value->value, "`value`", Kind::integer, "{ value = 64, since = 3 }", report_);
      return std::nullopt;
    }
    auto allowed = read_allowed(value->value, kind);
    if (allowed) allowed->versions = versions;
    return allowed;
  }
  if (item.kind == Kind::string && kind == model::ValueKind::integer) {
    auto range = range_of(item.text);
    if (!range) {
      report_.error(item.where, fmt::format("\"{}\" is no range of numbers", printable(item.text)),
                    "write \"64-256\", or one number without quotes");
    }
    return range;
  }
  auto value = value_of(item, "an item of `allowed`", report_);
  if (!value) return std::nullopt;
  return model::Allowed{*value, *value, {}};
}

bool ModelReader::read_allowed_items(TableReader& table, model::Parameter& parameter) {
  constexpr std::string_view kExample = "allowed = [0, 32, \"64-256\"]";
  const Member* allowed = table.take("allowed", Kind::array, kExample);
  if (allowed == nullptr) return true;
  const auto& items = allowed->value.items;
  if (items.empty() || items.size() > kAllowedMax) {
    report_.error(allowed->value.where,
                  items.empty() ? std::string("nothing is allowed")
                                : fmt::format("`allowed` has more than {} items", kAllowedMax),
                  items.empty() ? "remove the key to allow every value of the type"
                                : "write ranges, such as \"64-256\"");
    return false;
  }
  bool sound = true;
  for (const Value& item : items) {
    auto read = read_allowed(item, parameter.kind);
    sound = sound && read.has_value();
    if (!read) continue;
    at(Place::allowed, item.where, parameter.name, 0, parameter.allowed.size());
    parameter.allowed.push_back(std::move(*read));
  }
  return sound;
}

bool ModelReader::read_requires(TableReader& table, model::Parameter& parameter) {
  constexpr std::string_view kExample = "requires = [\"rss\"]";
  const Member* names = table.take("requires", Kind::array, kExample);
  if (names == nullptr) return true;
  bool sound = true;
  for (const Value& item : names->value.items) {
    if (item.kind != Kind::string) {
      report_kind(item, "an item of `requires`", Kind::string, kExample, report_);
      sound = false;
      continue;
    }
    at(Place::requires_active, item.where, parameter.name, 0, parameter.requires_active.size());
    parameter.requires_active.push_back(item.text);
  }
  return sound;
}

// 1, 2, 3, as the keys of a table; nothing for other words.
std::optional<std::uint32_t> version_number(std::string_view key) {
  const auto number = number_of(key);
  if (!number || *number < kVersionRange.least || *number > kVersionRange.most || key[0] == '0')
    return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

void ModelReader::read_versions(const Member& versions) {
  bool has_family = false;
  for (const Member& member : versions.value.members) {
    if (member.key == "count" || member.key == "seed" || member.key == "pattern") {
      has_family = true;
    } else {
      read_version(member);
    }
  }
  if (has_family) read_family(versions);
  const std::size_t count =
      draft_.spec.versions.size() + (draft_.spec.family ? draft_.spec.family->count : 0);
  if (count > kVersionsMax) {
    report_.error(versions.where, fmt::format("a model can have at most {} versions", kVersionsMax),
                  "remove some of them");
    draft_.spec.versions.clear();
  }
}

void ModelReader::read_version(const Member& member) {
  const auto number = version_number(member.key);
  if (!number) {
    report_.error(member.where, fmt::format("`{}` is no number of a version", member.key),
                  fmt::format("number them from 1, as in {}; a family of versions has `count`, "
                              "`seed` and `pattern`",
                              kVersionExample));
    return;
  }
  if (member.value.kind != Kind::table) {
    report_kind(member.value, fmt::format("version {}", *number), Kind::table, kVersionExample,
                report_);
    return;
  }
  model::VersionSpec version;
  version.number = *number;
  at(Place::version, member.where, {}, *number);
  for (const Member& setting : member.value.members) {
    auto value = value_of(setting.value, fmt::format("`{}`", setting.key), report_);
    if (!value) continue;
    at(Place::version_value, setting.where, setting.key, *number);
    version.values.emplace_back(setting.key, std::move(*value));
  }
  draft_.spec.versions.push_back(std::move(version));
}

void ModelReader::read_family(const Member& versions) {
  TableReader table(versions.value, "a family of versions", complete_, report_);
  model::FamilySpec family;
  at(Place::family, versions.where);
  const bool counted = table.integer("count", {.least = 1, .most = kVersionsMax}, family.count);
  std::uint64_t seed = 0;
  if (table.integer("seed", {}, seed)) family.seed = seed;
  const Member* patterns = table.take("pattern", Kind::array, kPatternExample);
  if (patterns != nullptr) {
    std::size_t index = 0;
    for (const Value& item : patterns->value.items) {
      auto pattern = read_pattern(item, index);
      if (!pattern) return;
      family.patterns.push_back(std::move(*pattern));
      ++index;
    }
  }
  if (versions.value.find("count") == nullptr) {
    report_.error(versions.where, "a family of versions has no `count`",
                  "write how many versions there are: versions.count = 500");
  } else if (counted && versions.value.find("seed") == nullptr &&
             versions.value.find("pattern") == nullptr) {
    report_.error(versions.value.find("count")->where,
                  "nothing makes the versions of the family differ",
                  fmt::format("add seed = 1, or {}", kPatternExample));
  } else if (counted) {
    draft_.spec.family = std::move(family);
  }
}

std::optional<model::PatternSpec> ModelReader::read_pattern(const Value& item, std::size_t index) {
  if (item.kind != Kind::table) {
    report_kind(item, "an item of `pattern`", Kind::table, kPatternExample, report_);
    return std::nullopt;
  }
  TableReader table(item, "a pattern", complete_, report_);
  model::PatternSpec pattern;
  const auto name = table.text("param", "param = \"rss\"");
  const Member* value = table.take("value");
  const Member* values = table.take("values", Kind::array, "values = [1, 2, 4]");
  table.integer("every", {.least = 1, .most = kVersionsMax}, pattern.every);
  table.integer("hold", {.least = 1, .most = kVersionsMax}, pattern.hold);
  table.finish();
  if (item.find("param") == nullptr) table.missing("param", "write param = \"rss\"");
  bool sound = name.has_value();
  const auto add = [&](const Value& written) {
    auto read = value_of(written, "a value of a pattern", report_);
    sound = sound && read.has_value();
    if (read) pattern.values.push_back(std::move(*read));
  };
  if (value != nullptr) add(value->value);
  if (values != nullptr) std::for_each(values->value.items.begin(), values->value.items.end(), add);
  if (!sound) return std::nullopt;
  pattern.parameter = name->value;
  at(Place::pattern, item.where, pattern.parameter, 0, index);
  const Member* written = value != nullptr ? value : values;
  at(Place::pattern_value, written != nullptr ? written->value.where : item.where,
     pattern.parameter, 0, index);
  return pattern;
}

}  // namespace

void read_models(const Member& models, bool complete, Drafts& drafts, Report& report) {
  for (const Member& member : models.value.members) {
    if (member.value.kind != Kind::table) {
      report_kind(member.value, fmt::format("`{}`", member.key), Kind::table, kModelExample,
                  report);
    } else if (drafts.models.size() == kModelsMax) {
      report.error(member.where, fmt::format("there can be at most {} models", kModelsMax),
                   "remove some of them");
      return;
    } else {
      drafts.models.push_back(ModelReader(member, complete, report).run());
    }
  }
}

}  // namespace mdevsim::config
