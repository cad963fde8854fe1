// Configurations as text: `version=1`, `version=2,rx-filter-size=64`, `rx-filter-size=0`.
//
// A version gives every parameter its value, what stands beside it overrides; without a version the
// parameters are those of the newest, with their initial values. The order does not matter. Bools
// are on or off (1 and 0 are read too); an empty value, or the model's disable_string, disables the
// parameter.
#pragma once

#include <string>
#include <string_view>

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

// The canonical form: the version first, then what differs from it, sorted by name; without a
// version, every parameter. parse_configuration makes the same of it.
std::string to_text(const DeviceModel& model, const Configuration& configuration);

// Every parameter that is there, sorted by name, and no version.
std::string to_full_text(const DeviceModel& model, const Configuration& configuration);

// The newest version's; for a model without versions, all initial values.
Configuration latest_configuration(const DeviceModel& model);

}  // namespace mdevsim::model
