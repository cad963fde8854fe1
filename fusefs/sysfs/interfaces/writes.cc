#include "fusefs/sysfs/interfaces/writes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/model/configuration.h"

namespace mdevsim::sysfs::interfaces {
namespace {

using Directory = Write::Directory;
using Kind = WriteTarget::Kind;
using Steps = std::vector<model::Step>;
using Writes = std::vector<Write>;

// Bools are numbers in the interfaces of November 2020, words in the later documents.
std::string numeric(const model::Value& value) {
  if (value.kind == model::ValueKind::boolean) return value.number != 0 ? "1" : "0";
  return to_text(value);
}

void add_parameters(Writes& out, Directory directory, const Steps& steps) {
  for (const model::Step& step : steps)
    out.push_back({directory, step.parameter->name, numeric(*step.value)});
}

Writes by_parameters(const model::Device&, const Steps& steps) {
  Writes out;
  add_parameters(out, Directory::device, steps);
  return out;
}

// A name that is left out is disabled; what is set to another value is so in its own file.
Writes by_config_params(const model::Device& target, const Steps& steps) {
  const auto first_set = std::find_if(steps.begin(), steps.end(),
                                      [](const model::Step& step) { return !step.disables; });
  const Steps disabled(steps.begin(), first_set);
  Writes out;
  if (!disabled.empty()) {
    const auto left = model::apply(target.model, target.configuration, disabled);
    std::string names;
    for (const std::string_view name : active_names(target.model, left)) {
      if (!names.empty()) names += ' ';
      names += name;
    }
    out.push_back({Directory::device, "config_params", std::move(names)});
  }
  add_parameters(out, Directory::device, {first_set, steps.end()});
  return out;
}

Writes by_migration_info(const model::Device&, const Steps& steps) {
  Writes out;
  for (const model::Step& step : steps)
    out.push_back({Directory::device, "migration/" + step.parameter->name, to_text(*step.value)});
  return out;
}

// What was staged before does not count: all is said anew.
Writes by_migration_params(const model::Device& target, const Steps& steps) {
  if (steps.empty()) return {};
  Writes out = {{Directory::device, "migration/applied", "0"}};
  const auto wanted = model::apply(target.model, target.configuration, steps);
  for (std::size_t i = 0; i < wanted.values.size(); ++i) {
    if (wanted.values[i].is_absent()) continue;
    out.push_back({Directory::device, "migration/params/" + target.model.parameters()[i].name,
                   to_text(wanted.values[i])});
  }
  out.push_back({Directory::device, "migration/applied", "1"});
  return out;
}

// How an interface configures a device that exists; null: it does not.
struct Way {
  Interface interface;
  Writes (*of_device)(const model::Device& target, const Steps& steps);
};
// create-parameters and type-attributes have ways of their own to make a new device.
constexpr std::array kWays = {
    Way{Interface::create_parameters, nullptr},
    Way{Interface::type_attributes, by_parameters},
    Way{Interface::migration_info, by_migration_info},
    Way{Interface::config_params, by_config_params},
    Way{Interface::software_version, by_parameters},
    Way{Interface::migration_params, by_migration_params},
    Way{Interface::version_per_type, nullptr},
    Way{Interface::aggregation, nullptr},
    Way{Interface::migration_version, nullptr},
};
static_assert(kWays.size() == kInterfaceNames.size());

const Way& way_of(Interface interface) {
  return *std::find_if(kWays.begin(), kWays.end(),
                       [&](const Way& way) { return way.interface == interface; });
}

Write create(const WriteTarget& target, const std::string& behind = {}) {
  return {Directory::type, "create", std::string(target.uuid) + behind};
}

Write create_with(const WriteTarget& target, const Steps& steps) {
  const model::DeviceModel& model = target.device.model;
  const std::string text = to_text(model, model::apply(model, target.device.configuration, steps));
  return create(target, text.empty() ? text : "," + text);
}

// The version first: whatever the type was set to before is then known.
Writes set_type(const WriteTarget& target, const Steps& steps) {
  const auto& [model, configuration] = target.device;
  Writes out;
  const auto* version =
      configuration.version ? model.find_version(*configuration.version) : nullptr;
  if (version == nullptr) {
    add_parameters(out, Directory::type, steps);
  } else {
    const auto wanted = model::apply(model, configuration, steps);
    out.push_back({Directory::type, "version", std::to_string(version->number)});
    add_parameters(out, Directory::type,
                   model::decide({model, wanted}, {model, version->configuration}).steps);
  }
  out.push_back(create(target));
  return out;
}

}  // namespace

std::vector<Interface> configuring_interfaces(InterfaceSet interfaces, Kind kind) {
  std::vector<Interface> found;
  for (const Way& way : kWays) {
    const bool recreates = way.interface == Interface::create_parameters && kind != Kind::function;
    if (interfaces.has(way.interface) && (way.of_device != nullptr || recreates))
      found.push_back(way.interface);
  }
  // Another device in the place of one that exists is the last resort.
  if (kind == Kind::instance && !found.empty() && found[0] == Interface::create_parameters)
    std::rotate(found.begin(), found.begin() + 1, found.end());
  return found;
}

std::optional<std::vector<Write>> writes_of(Interface interface, const WriteTarget& target,
                                            const model::Verdict& verdict) {
  const Steps& steps = verdict.steps;
  if (target.kind == Kind::type && interface == Interface::create_parameters)
    return Writes{create_with(target, steps)};
  if (target.kind == Kind::type && interface == Interface::type_attributes)
    return set_type(target, steps);
  Writes out;
  if (target.kind == Kind::type) out.push_back(create(target));
  if (steps.empty()) return out;
  const Way& way = way_of(interface);
  if (way.of_device != nullptr) {
    Writes configuring = way.of_device(target.device, steps);
    std::move(configuring.begin(), configuring.end(), std::back_inserter(out));
    return out;
  }
  if (interface != Interface::create_parameters || target.kind != Kind::instance)
    return std::nullopt;
  return Writes{{Directory::device, "remove", "1"}, create_with(target, steps)};
}

}  // namespace mdevsim::sysfs::interfaces
