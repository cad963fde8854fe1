// What holds for everything that the loader returns, whatever it was given.
#pragma once

#include <map>
#include <set>
#include <string>

#include "sim/base/limits.h"
#include "sim/config/loader.h"
#include "sim/config/text.h"
#include "sim/model/configuration.h"
#include "sim/model/verdict.h"

namespace mdevsim::config {

// The first invariant of a parent that does not hold; empty: all do.
inline std::string broken_invariant(const ParentSpec& parent) {
  std::set<std::string> ids;
  std::uint64_t pool_units = 0;
  for (const TypeSpec& type : parent.types) {
    if (check_file_name(type.id)) return "a type's id is no file name";
    if (!ids.insert(type.id).second) return "a type's id is there twice";
    if (type.name.empty() || type.name.size() >= kShowBytesMax) return "a type's name does not fit";
    if (type.description &&
        (type.description->empty() || type.description->size() >= kShowBytesMax))
      return "a description does not fit";
    if (parent.pool ? type.units == 0 || (type.units > parent.pool->units && parent.pool->units > 0)
                    : type.units != 0)
      return "units do not suit the pool";
    if (type.exhausted == Errc::ok) return "an exhausted type succeeds";
    std::uint64_t count = 0;
    for (const InstanceSpec& instance : type.instances) count += instance.count;
    if (type.max_instances && count > *type.max_instances) return "more instances than the limit";
    pool_units += count * type.units;
    for (const VendorAttribute& attribute : type.attributes) {
      if (check_file_name(attribute.group) || check_file_name(attribute.name))
        return "an attribute is no file";
    }
  }
  if (parent.types.empty()) return "a parent without types";
  if (parent.pool && pool_units > parent.pool->units) return "more instances than the pool holds";
  return {};
}

inline std::string broken_invariant(const PciFunctionSpec& function) {
  if (function.class_code > 0xffffff) return "a class of more than 24 bits";
  if (function.config_bytes != 256 && function.config_bytes != 4096)
    return "a configuration space of another size";
  if (function.secondary_bus && *function.secondary_bus <= function.address.bus)
    return "a bridge leads backwards";
  if (function.parent && function.driver.empty()) return "a parent without a driver";
  if (!function.driver.empty() && check_file_name(function.driver))
    return "a driver's name is no file name";
  unsigned next = 0;
  for (const BarSpec& bar : function.bars) {
    if (bar.index < next || bar.index > 6) return "BARs overlap";
    if (bar.size == 0 || (bar.size & (bar.size - 1)) != 0) return "a BAR's size is no power of two";
    if (bar.base % bar.size != 0) return "a BAR is not aligned";
    next = bar.index + (bar.kind == BarKind::memory64 ? 2U : 1U);
  }
  return {};
}

// Parents that are shared are looked at once; but a uuid in one would be there twice.
class ParentsOfHost {
 public:
  std::string add(const ParentSpec* parent) {
    if (parent == nullptr) return {};
    const auto [known, is_new] = named_.emplace(parent, false);
    if (!is_new) return known->second ? "a shared parent names a uuid" : "";
    for (const TypeSpec& type : parent->types) {
      for (const InstanceSpec& instance : type.instances) {
        if (!instance.uuid) continue;
        known->second = true;
        if (!uuids_.insert(*instance.uuid).second) return "a uuid is there twice";
      }
    }
    return broken_invariant(*parent);
  }

 private:
  std::map<const ParentSpec*, bool> named_;  // whether instances have uuids of their own
  std::set<Uuid> uuids_;
};

inline std::string broken_invariant(const HostSpec& host) {
  if (check_file_name(host.name)) return "a host's name is no file name";
  ParentsOfHost parents;
  const PciFunctionSpec* before = nullptr;
  for (const PciFunctionSpec& function : host.functions) {
    if (before != nullptr && !(before->address < function.address)) {
      return "functions are not sorted, or there twice";
    }
    before = &function;
    if (std::string broken = broken_invariant(function); !broken.empty()) return broken;
    if (std::string broken = parents.add(function.parent.get()); !broken.empty()) return broken;
  }
  std::set<std::string> names;
  for (const VirtualDeviceSpec& device : host.virtual_devices) {
    if (check_file_name(device.class_name) || check_file_name(device.name)) {
      return "a virtual device's name is no file name";
    }
    if (!names.insert(device.name).second) return "a virtual device is there twice";
    if (std::string broken = parents.add(device.parent.get()); !broken.empty()) return broken;
  }
  return {};
}

// Every version is what its own text says, and one device of it can replace the other.
inline std::string broken_invariant(const model::DeviceModel& model) {
  for (const model::Version& version : model.versions()) {
    const auto parsed =
        model::parse_configuration(model, "version=" + std::to_string(version.number));
    if (!parsed || *parsed != version.configuration) return "a version is not what it is called";
    const auto full = model::to_full_text(model, version.configuration);
    if (version.number == model.newest() && full.size() <= kConfigurationBytesMax &&
        !model::parse_configuration(model, full))
      return "a version's values are refused";
    const model::Device device{model, version.configuration};
    if (model::decide(device, device).answer != model::Answer::identical)
      return "a version is not itself";
  }
  return {};
}

inline std::string broken_invariant(const Loaded& loaded) {
  if (loaded.configuration.has_value() != loaded.diagnostics.empty())
    return "neither hosts nor diagnostics, or both";
  for (const Diagnostic& problem : loaded.diagnostics) {
    if (problem.message.empty() || problem.help.empty())
      return "a diagnostic without reason or help";
    if (render(problem, true).find('\0') != std::string::npos)
      return "a diagnostic with a NUL byte";
  }
  if (!loaded.configuration) return {};
  if (!loaded.configuration->catalog) return "no catalog";
  if (loaded.configuration->hosts.empty() && loaded.configuration->catalog->models().empty())
    return "neither a host nor a model";
  for (const model::DeviceModel& model : loaded.configuration->catalog->models()) {
    if (std::string broken = broken_invariant(model); !broken.empty()) return broken;
  }
  std::set<std::string> names;
  for (const HostSpec& host : loaded.configuration->hosts) {
    if (!names.insert(host.name).second) return "a host is there twice";
    if (std::string broken = broken_invariant(host); !broken.empty()) return broken;
  }
  return {};
}

}  // namespace mdevsim::config
