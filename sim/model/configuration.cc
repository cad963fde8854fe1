#include "sim/model/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "sim/base/limits.h"
#include "sim/model/family.h"
#include "sim/model/rules.h"

namespace mdevsim::model {
namespace {

constexpr std::string_view kVersionKey = "version";

// A key and its value; both point into the text.
using Setting = std::pair<std::string_view, std::string_view>;

Result<std::vector<Setting>> split(std::string_view text) {
  std::vector<Setting> settings;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const std::size_t equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return fail(Errc::invalid,
                  fmt::format("\"{}\" is no NAME=VALUE: write version=2,rss=on", part));
    }
    const std::string_view key = part.substr(0, equals);
    for (const Setting& setting : settings) {
      if (setting.first == key) return fail(Errc::invalid, fmt::format("`{}` is set twice", key));
    }
    settings.emplace_back(key, part.substr(equals + 1));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return fail(Errc::invalid, "nothing stands behind the last comma");
  }
  return settings;
}

std::string versions_text(const DeviceModel& model) {
  if (model.versions().empty()) return "it has no versions";
  const std::uint32_t first = model.versions().front().number;
  if (first == model.newest()) return fmt::format("it has version {} alone", first);
  return fmt::format("its versions are from {} to {}", first, model.newest());
}

Result<const Version*> version_named(const DeviceModel& model, std::string_view text) {
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || stop != text.data() + text.size() ||
      (error != std::errc{} && error != std::errc::result_out_of_range)) {
    return fail(Errc::invalid, fmt::format("`version`: \"{}\" is no number", text));
  }
  const Version* version = error == std::errc{} ? model.find_version(number) : nullptr;
  if (version == nullptr) {
    return fail(Errc::not_supported, fmt::format("`version`: {} has no version {}: {}",
                                                 model.name(), text, versions_text(model)));
  }
  return version;
}

Error refused(const Parameter& parameter, std::string_view why) {
  return {Errc::invalid, fmt::format("`{}`: {}", parameter.name, why)};
}

std::optional<Error> wrong_value(const Parameter& parameter, const Value& value,
                                 std::uint32_t version) {
  if (!parameter.versions.contains(version))
    return refused(parameter, why_missing(parameter, version));
  if (!parameter.accepts(value, version))
    return refused(parameter, why_not_allowed(parameter, value, version));
  return std::nullopt;
}

std::optional<Error> unmet(const DeviceModel& model, const Configuration& configuration) {
  for (std::size_t i = 0; i < configuration.values.size(); ++i) {
    const auto other =
        unmet_requirement(model.parameters(), model.required(), configuration.values, i);
    if (!other) continue;
    return Error{Errc::invalid, fmt::format("`{}={}`: {}", model.parameters()[i].name,
                                            to_text(configuration.values[i]),
                                            why_unmet(model.parameters()[*other].name))};
  }
  return std::nullopt;
}

// What a parameter becomes that is only said to be active.
Result<Value> active_value(const DeviceModel& model, const Configuration& of, std::size_t place) {
  const Parameter& parameter = model.parameters()[place];
  const Version* const version = of.version ? model.find_version(*of.version) : nullptr;
  std::vector<Value> candidates;
  if (version != nullptr) candidates.push_back(version->configuration.values[place]);
  candidates.push_back(parameter.initial);
  if (parameter.kind == ValueKind::boolean && parameter.off)
    candidates.push_back(Value::boolean(parameter.off->number == 0));
  for (const Value& value : candidates) {
    if (parameter.is_active(value) && parameter.accepts(value, model.version_of(of))) return value;
  }
  return tl::unexpected(refused(parameter, "nothing says what it should be: write its value"));
}

void append(std::string& out, std::string_view key, std::string_view value) {
  if (!out.empty()) out += ',';
  out.append(key).append("=").append(value);
}

}  // namespace

Result<Value> parse_setting(const DeviceModel& model, const Parameter& parameter,
                            std::string_view text, std::uint32_t version) {
  const auto refuse = [&](std::string_view why) { return tl::unexpected(refused(parameter, why)); };
  if (!parameter.versions.contains(version)) return refuse(why_missing(parameter, version));
  const bool disables =
      text.empty() || (!model.disable_string().empty() && text == model.disable_string());
  if (disables && parameter.off) return *parameter.off;
  if (text.empty()) return refuse("it cannot be disabled: the model has no off value");
  auto value = parse_value(parameter.kind, text);
  if (!value) return refuse(fmt::format("\"{}\" is not {}", text, kind_syntax(parameter.kind)));
  if (auto fault = wrong_value(parameter, *value, version))
    return tl::unexpected(std::move(*fault));
  return std::move(*value);
}

Result<Configuration> parse_configuration(const DeviceModel& model, std::string_view text) {
  if (text.size() > kConfigurationBytesMax) {
    return fail(Errc::invalid,
                fmt::format("a configuration has at most {} bytes", kConfigurationBytesMax));
  }
  TRY_SET(std::vector<Setting> settings, split(text));
  Configuration configuration;
  const auto named = std::find_if(settings.begin(), settings.end(),
                                  [](const Setting& s) { return s.first == kVersionKey; });
  if (named != settings.end()) {
    TRY_SET(const Version* version, version_named(model, named->second));
    configuration = version->configuration;
    settings.erase(named);
  } else {
    configuration.values = resolve(model.parameters(), {model.newest(), {}});
  }
  const std::uint32_t version = model.version_of(configuration);
  for (const auto& [key, value] : settings) {
    const auto place = model.find_parameter(key);
    if (!place) {
      return fail(Errc::invalid, fmt::format("`{}`: {} has no such parameter", key, model.name()));
    }
    TRY_SET(configuration.values[*place],
            parse_setting(model, model.parameters()[*place], value, version));
  }
  if (auto fault = unmet(model, configuration)) return tl::unexpected(std::move(*fault));
  return configuration;
}

Result<Configuration> version_configuration(const DeviceModel& model, std::string_view number) {
  TRY_SET(const Version* version, version_named(model, number));
  return version->configuration;
}

Result<Configuration> with_value(const DeviceModel& model, Configuration from,
                                 std::size_t parameter, const Value& value) {
  if (auto fault = wrong_value(model.parameters()[parameter], value, model.version_of(from)))
    return tl::unexpected(std::move(*fault));
  from.values[parameter] = value;
  return from;
}

Result<Configuration> with_active(const DeviceModel& model, Configuration from,
                                  const std::vector<std::string_view>& names) {
  std::vector<bool> is_named(model.parameters().size(), false);
  for (const std::string_view name : names) {
    const auto place = model.find_parameter(name);
    if (!place || from.values[*place].is_absent())
      return fail(Errc::invalid, fmt::format("`{}`: there is no such parameter", name));
    if (is_named[*place]) return fail(Errc::invalid, fmt::format("`{}` is there twice", name));
    is_named[*place] = true;
  }
  for (std::size_t i = 0; i < from.values.size(); ++i) {
    const Parameter& parameter = model.parameters()[i];
    if (parameter.is_active(from.values[i]) == is_named[i]) continue;
    if (is_named[i]) {
      TRY_SET(from.values[i], active_value(model, from, i));
    } else if (parameter.off) {
      from.values[i] = *parameter.off;
    } else {
      return fail(Errc::invalid, fmt::format("`{}`: it cannot be disabled", parameter.name));
    }
  }
  if (auto fault = check_configuration(model, from)) return tl::unexpected(std::move(*fault));
  return from;
}

std::vector<std::string_view> active_names(const DeviceModel& model,
                                           const Configuration& configuration) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < configuration.values.size(); ++i) {
    if (model.parameters()[i].is_active(configuration.values[i]))
      names.push_back(model.parameters()[i].name);
  }
  return names;
}

std::optional<Error> check_configuration(const DeviceModel& model,
                                         const Configuration& configuration) {
  const std::uint32_t version = model.version_of(configuration);
  if (configuration.values.size() != model.parameters().size())
    return Error{Errc::invalid, "it is a configuration of another model"};
  for (std::size_t i = 0; i < configuration.values.size(); ++i) {
    const Parameter& parameter = model.parameters()[i];
    if (configuration.values[i].is_absent() && !parameter.versions.contains(version)) continue;
    if (auto fault = wrong_value(parameter, configuration.values[i], version)) return fault;
  }
  return unmet(model, configuration);
}

std::string to_text(const DeviceModel& model, const Configuration& configuration) {
  const Version* version =
      configuration.version ? model.find_version(*configuration.version) : nullptr;
  if (version == nullptr) return to_full_text(model, configuration);
  std::string text = fmt::format("{}={}", kVersionKey, version->number);
  for (std::size_t i = 0; i < configuration.values.size(); ++i) {
    const Value& value = configuration.values[i];
    if (value != version->configuration.values[i])
      append(text, model.parameters()[i].name, to_text(value));
  }
  return text;
}

std::string to_full_text(const DeviceModel& model, const Configuration& configuration) {
  std::string text;
  for (std::size_t i = 0; i < configuration.values.size(); ++i) {
    const Value& value = configuration.values[i];
    if (!value.is_absent()) append(text, model.parameters()[i].name, to_text(value));
  }
  return text;
}

Configuration latest_configuration(const DeviceModel& model) {
  if (!model.versions().empty()) return model.versions().back().configuration;
  return {std::nullopt, resolve(model.parameters(), {model.newest(), {}})};
}

}  // namespace mdevsim::model
