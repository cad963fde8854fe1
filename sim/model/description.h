// A device as told by text, to whom does not have its model: the model's name and the parameters
// that are active, vendor-a.com/my-nic@rss=on,rx-filter-size=64. What is off does not matter to a
// target, and is left out.
#pragma once

#include <string>
#include <string_view>

#include "sim/base/result.h"
#include "sim/model/verdict.h"

namespace mdevsim::model {

std::string describe(const Device& device);

// Has what the text says and nothing else; a source for decide().
struct DescribedDevice {
  DeviceModel model;
  Configuration configuration;
};

// Values are of the kinds that the target's parameters have. Errors: invalid, for what is no
// description.
Result<DescribedDevice> read_description(std::string_view text, const DeviceModel& target);

}  // namespace mdevsim::model
