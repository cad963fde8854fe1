// What a device is as far as its state goes, as text in canonical form: a line `model NAME`, a line
// `KIND NAME=VALUE` for each active parameter, and a line `section NAME BYTES` for each section,
// parameters and sections sorted by name. Equal texts: a state of one is a state of the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"
#include "sim/model/verdict.h"
#include "sim/state/layout.h"

namespace mdevsim::state {

std::string identity_text(const model::Device& device, const Layout& layout);

// What a stream says of the device that it came from.
struct Identity {
  model::DeviceModel model;  // of the active parameters alone
  model::Configuration configuration;
  std::vector<Section> sections;  // in the stream's order; without their pages

  model::Device device() const { return {model, configuration}; }
};

// `text` may be anything. EFAULT when it is not what identity_text() makes.
Result<Identity> parse_identity(std::string_view text);

// The sections of the target that those of the source are, in the source's order. EFAULT when the
// verdict on the two is anything but that the state can be loaded as it is, or when their sections
// differ.
Result<std::vector<const Section*>> admit(const Identity& source, const model::Device& target,
                                          const Layout& layout);

}  // namespace mdevsim::state
