// What a file says about a device model: plain records, in the file's order, not checked yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/model/parameter.h"
#include "sim/model/state_spec.h"

namespace mdevsim::model {

// A version is an alias of a full configuration: the values here, the initial ones for the rest.
struct VersionSpec {
  std::uint32_t number = 1;
  std::vector<std::pair<std::string, Value>> values;
};

// How a parameter goes through the versions of a family.
struct PatternSpec {
  std::string parameter;
  std::vector<Value> values;
  // Either values[0] in every version whose number is a multiple of it, …
  std::uint32_t every = 0;
  // … or each of the values for that many versions, then the next; after the last, the first again.
  std::uint32_t hold = 0;
};

// Versions 1 to `count` by a rule.
struct FamilySpec {
  std::uint32_t count = 1;
  std::vector<PatternSpec> patterns;
  // With a seed, each version differs from the one before in one parameter that has no pattern.
  std::optional<std::uint64_t> seed;
};

struct ModelSpec {
  std::string name;
  std::string device_api = "vfio-pci";
  std::string description;
  // What disables a parameter, beside the empty text and its off value; empty: nothing does.
  std::string disable_string;
  std::vector<Parameter> parameters;
  std::optional<FamilySpec> family;
  std::optional<StateSpec> state;     // nothing: its devices cannot be migrated
  std::vector<VersionSpec> versions;  // each takes the place of the family's of the same number
};

}  // namespace mdevsim::model
