// Configurations as text: `version=1`, `version=2,rx-filter-size=64`, `rx-filter-size=0`.
//
// A version gives every parameter its value, what stands beside it overrides; without a version the
// parameters are those of the newest, with their initial values. The order does not matter. Bools
// are on or off (1 and 0 are read too); an empty value, or the model's disable_string, disables the
// parameter.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"
#include "sim/model/device_model.h"

namespace mdevsim::model {

// Errors, each with parameter, value and rule: not_supported for a version that the model does not
// have, else invalid.
Result<Configuration> parse_configuration(const DeviceModel& model, std::string_view text);

// One parameter's value, in a device of that version of the model: what stands behind the `=`.
// Errors: invalid, with parameter, value and rule.
Result<Value> parse_setting(const DeviceModel& model, const Parameter& parameter,
                            std::string_view text, std::uint32_t version);

// The version's own configuration. Errors: as of `version=TEXT` in a configuration.
Result<Configuration> version_configuration(const DeviceModel& model, std::string_view number);

// The configuration with one parameter changed. What parameters require of each other is not looked
// at. Errors: invalid, with parameter, value and rule.
Result<Configuration> with_value(const DeviceModel& model, Configuration from,
                                 std::size_t parameter, const Value& value);

// The configuration with these parameters active and all others off. One that was off gets the
// value of its version, else its initial one, else, when it is a bool, the other one. Errors:
// invalid for an unknown name, one that is there twice, one that cannot be disabled, and one that
// is off whichever way.
Result<Configuration> with_active(const DeviceModel& model, Configuration from,
                                  const std::vector<std::string_view>& names);

// The names of the parameters that are neither absent nor off, sorted.
std::vector<std::string_view> active_names(const DeviceModel& model,
                                           const Configuration& configuration);

// Why no device of the model can be that: a value that its version does not have or allow, or
// something off that another parameter needs. Nothing when it can.
std::optional<Error> check_configuration(const DeviceModel& model,
                                         const Configuration& configuration);

// The canonical form: the version first, then what differs from it, sorted by name; without a
// version, every parameter. parse_configuration makes the same of it.
std::string to_text(const DeviceModel& model, const Configuration& configuration);

// Every parameter that is there, sorted by name, and no version.
std::string to_full_text(const DeviceModel& model, const Configuration& configuration);

// The newest version's; for a model without versions, all initial values.
Configuration latest_configuration(const DeviceModel& model);

}  // namespace mdevsim::model
