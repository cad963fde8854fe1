// A device model: what can exist. Frozen after it is built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"
#include "sim/model/spec.h"

namespace mdevsim::model {

// What a device of a model is: every parameter with its value.
struct Configuration {
  std::optional<std::uint32_t> version;  // it was asked for by; else the newest decides what exists
  std::vector<Value> values;  // one for each of the model's parameters, absent where the version
                              // does not have it

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

struct Version {
  std::uint32_t number = 1;
  Configuration configuration;
  std::vector<std::uint32_t> value_ids;  // of each parameter's value among its distinct ones
};

class DeviceModel {
 public:
  // Errors: what check() finds.
  static Result<DeviceModel> build(ModelSpec spec);

  const std::string& name() const { return name_; }  // as the file writes it
  const std::string& device_api() const { return device_api_; }
  const std::string& description() const { return description_; }
  const std::string& disable_string() const { return disable_string_; }  // empty: there is none

  const std::vector<Parameter>& parameters() const { return parameters_; }  // sorted by name
  std::optional<std::size_t> find_parameter(std::string_view name) const;

  const std::vector<Version>& versions() const { return versions_; }  // sorted by number
  const Version* find_version(std::uint32_t number) const;
  // The newest one's number; 1 for a model without versions.
  std::uint32_t newest() const { return versions_.empty() ? 1 : versions_.back().number; }
  // By which number a configuration's parameters exist and have their allowed values.
  std::uint32_t version_of(const Configuration& configuration) const {
    return configuration.version.value_or(newest());
  }

  // What its devices have to migrate; nothing: they cannot be migrated.
  const std::optional<StateSpec>& state() const { return state_; }

  // The places of what each parameter requires, and of all parameters, each behind what it
  // requires.
  const std::vector<std::vector<std::uint32_t>>& required() const { return required_; }
  const std::vector<std::uint32_t>& dependency_order() const { return dependency_order_; }

  // The values that a parameter has in the versions; Version::value_ids are places in it.
  const std::vector<Value>& distinct_values(std::size_t parameter) const {
    return distinct_values_[parameter];
  }

 private:
  void number_values();

  std::string name_;
  std::string device_api_;
  std::string description_;
  std::string disable_string_;
  std::vector<Parameter> parameters_;
  std::vector<Version> versions_;
  std::optional<StateSpec> state_;
  std::vector<std::vector<std::uint32_t>> required_;
  std::vector<std::uint32_t> dependency_order_;
  std::vector<std::vector<Value>> distinct_values_;
};

}  // namespace mdevsim::model
