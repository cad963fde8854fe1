// A configuration parameter of a device model: something that changes the guest-visible hardware
// interface or the representation of the device's state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/model/value.h"

namespace mdevsim::model {

// Versions of a device model, both ends included.
struct Versions {
  std::uint32_t since = 1;
  std::uint32_t until = UINT32_MAX;

  bool contains(std::uint32_t version) const { return since <= version && version <= until; }
  friend bool operator==(const Versions&, const Versions&) = default;
};

// " since version 3", " in versions 3 to 7"; empty for all versions.
std::string to_text(const Versions& versions);

// One value, or a range of ints, that a parameter may have in some of the versions.
struct Allowed {
  Value least;
  Value most;  // the same as `least` but for a range
  Versions versions;

  bool contains(const Value& value) const;
  friend bool operator==(const Allowed&, const Allowed&) = default;
};

struct Parameter {
  std::string name;
  ValueKind kind = ValueKind::boolean;
  std::vector<Allowed> allowed;  // empty: every value of the kind
  std::optional<Value> off;      // nothing: the parameter cannot be disabled
  Value initial;                 // when nothing else is asked for
  Versions versions;             // that have the parameter
  std::string description;
  std::vector<std::string> requires_active;  // names of parameters that must not be off beside it

  // Whether a device of that version may have the value.
  bool accepts(const Value& value, std::uint32_t version) const;

  // Neither absent nor off: what a target must be given too.
  bool is_active(const Value& value) const { return !value.is_absent() && value != off; }

  // "0, 32 or 64-256": what accepts() takes in that version.
  std::string allowed_text(std::uint32_t version) const;
};

// What is wrong with a name; nothing: it can name a parameter.
std::optional<std::string> check_parameter_name(std::string_view name);

}  // namespace mdevsim::model
