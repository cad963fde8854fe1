// Device models for tests.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/model/configuration.h"
#include "sim/model/device_model.h"

namespace mdevsim::testing {

using model::Allowed;
using model::DeviceModel;
using model::ModelSpec;
using model::Parameter;
using model::Value;
using model::ValueKind;
using model::Versions;

inline Parameter bool_parameter(std::string name, Versions versions = {}) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.kind = ValueKind::boolean;
  parameter.off = parameter.initial = Value::boolean(false);
  parameter.versions = versions;
  return parameter;
}

// Numbers from 0, which is off, to `most`.
inline Parameter int_parameter(std::string name, std::int64_t most, Versions versions = {}) {
  Parameter parameter = bool_parameter(std::move(name), versions);
  parameter.kind = ValueKind::integer;
  parameter.off = parameter.initial = Value::integer(0);
  parameter.allowed = {{Value::integer(0), Value::integer(most), {}}};
  return parameter;
}

// A text that cannot be disabled.
inline Parameter text_parameter(std::string name, const std::vector<std::string>& allowed) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.kind = ValueKind::string;
  parameter.initial = Value::string(allowed.front());
  for (const std::string& text : allowed)
    parameter.allowed.push_back({Value::string(text), Value::string(text), {}});
  return parameter;
}

// The discussion's network card: rss since version 2, larger filters since version 3.
inline ModelSpec my_nic_spec() {
  ModelSpec spec;
  spec.name = "https://vendor-a.com/my-nic";
  Parameter filter = int_parameter("rx-filter-size", 64, {.since = 2});
  filter.allowed.push_back({Value::integer(65), Value::integer(256), {.since = 3}});
  spec.parameters = {bool_parameter("rss", {.since = 2}), filter};
  spec.versions = {
      {1, {}},
      {2, {{"rss", Value::boolean(true)}}},
      {3, {{"rss", Value::boolean(true)}, {"rx-filter-size", Value::integer(64)}}},
  };
  return spec;
}

// Every kind of parameter, a dependency, values and parameters that come and go, 300 versions.
inline ModelSpec family_spec() {
  ModelSpec spec;
  spec.name = "vendor-b.com/family";
  Parameter hash = text_parameter("hash", {"none", "toeplitz", "xor"});
  hash.off = Value::string("none");
  hash.requires_active = {"rss"};
  Parameter ring = text_parameter("ring", {"split", "packed"});
  ring.allowed[1].versions.since = 100;
  Parameter filter = int_parameter("filter", 64, {.since = 20});
  filter.allowed.push_back({Value::integer(65), Value::integer(256), {.since = 150}});
  spec.parameters = {bool_parameter("rss"), hash, ring, filter,
                     bool_parameter("legacy", {.until = 200})};
  spec.family = model::FamilySpec{300, {{"rss", {Value::boolean(true)}, 3, 0}}, 7};
  return spec;
}

inline DeviceModel built(ModelSpec spec) {
  auto model = DeviceModel::build(std::move(spec));
  if (!model) throw std::runtime_error(model.error().why);
  return std::move(*model);
}

}  // namespace mdevsim::testing
