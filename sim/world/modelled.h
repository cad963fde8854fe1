// What a host file says about the device model of a type or of a PCI function, and which proposed
// interfaces show it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sim/model/device_model.h"

namespace mdevsim {

// What was proposed for sysfs, by the names that host files use.
enum class Interface : std::uint8_t {
  type_attributes,    // writable version and parameters on the type, then create
  create_parameters,  // parameters behind the uuid in one write to create
  version_per_type,   // one type for each version; all is read-only
  aggregation,        // several units of a type in one instance
  config_params,      // the list of active parameters
  migration_info,     // migration_info.json and migration/<param>
  migration_params,   // migration/model, migration/applied and migration/params/
  migration_version,  // an opaque string to be written to the target
  software_version,   // software_version, compatible_* and dynamic_resources
};
inline constexpr std::array<std::string_view, 9> kInterfaceNames = {
    "type-attributes", "create-parameters", "version-per-type",  "aggregation",     "config_params",
    "migration-info",  "migration-params",  "migration_version", "software_version"};

class InterfaceSet {
 public:
  constexpr InterfaceSet() = default;
  constexpr void add(Interface one) { bits_ = static_cast<std::uint16_t>(bits_ | bit(one)); }
  constexpr bool has(Interface one) const { return (bits_ & bit(one)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

  friend constexpr bool operator==(InterfaceSet, InterfaceSet) = default;

 private:
  static constexpr std::uint16_t bit(Interface one) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(one));
  }
  std::uint16_t bits_ = 0;
};

// Configurations are shared and never changed: who asked for one may keep it without the lock.
using ConfigurationPtr = std::shared_ptr<const model::Configuration>;

// What is aggregated, and how many units one instance can have.
struct AggregateSpec {
  std::string unit;  // for people: "64MiB"
  std::uint32_t max = 1;
};

// Shared by everything that `repeat` makes equal. The model belongs to the host's catalog.
struct ModelledSpec {
  const model::DeviceModel* model = nullptr;  // never null
  ConfigurationPtr initial;                   // never null
  InterfaceSet interfaces;                    // empty: sysfs shows nothing of the model
  std::optional<AggregateSpec> aggregate;     // of types only
};

}  // namespace mdevsim
