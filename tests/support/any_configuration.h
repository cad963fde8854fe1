// Generators for property tests: models with hundreds of versions, and what their devices can be.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "sim/model/configuration.h"
#include "tests/support/sample_models.h"

namespace mdevsim::testing {

using model::Configuration;

// A family of its own for each seed; few of them, since each is built once.
inline const DeviceModel& any_family() {
  static const std::vector<DeviceModel> families = [] {
    std::vector<DeviceModel> made;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      ModelSpec spec = family_spec();
      spec.family->seed = seed;
      made.push_back(built(spec));
    }
    return made;
  }();
  return families[*rc::gen::inRange<std::size_t>(0, families.size())];
}

// A version, with any of its parameters overridden by what it allows; what does not fit together is
// tried again.
inline Configuration any_configuration(const DeviceModel& model) {
  std::string text;
  if (*rc::gen::arbitrary<bool>())
    text = "version=" + std::to_string(*rc::gen::inRange(1U, model.newest() + 1));
  const std::uint32_t version = model.version_of(*model::parse_configuration(model, text));
  for (const Parameter& parameter : model.parameters()) {
    if (!parameter.versions.contains(version) || !*rc::gen::arbitrary<bool>()) continue;
    Value value = Value::boolean(*rc::gen::arbitrary<bool>());
    if (!parameter.allowed.empty()) {
      const Allowed item = *rc::gen::elementOf(parameter.allowed);
      value = item.least;
      if (value.kind == ValueKind::integer)
        value = Value::integer(*rc::gen::inRange(item.least.number, item.most.number + 1));
    }
    const std::string longer =
        text + (text.empty() ? "" : ",") + parameter.name + "=" + to_text(value);
    if (model::parse_configuration(model, longer)) text = longer;
  }
  return *model::parse_configuration(model, text);
}

}  // namespace mdevsim::testing
