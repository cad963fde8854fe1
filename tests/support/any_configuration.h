// Generators for property tests: device models of every shape, and what their devices can be.
#pragma once

#include <rapidcheck.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/model/configuration.h"
#include "tests/support/sample_models.h"

namespace mdevsim::testing {

using model::Configuration;

// Models with hundreds of versions, each of a seed of its own; few of them, since each is built
// once.
inline std::shared_ptr<const DeviceModel> any_family() {
  static const std::vector<std::shared_ptr<const DeviceModel>> families = [] {
    std::vector<std::shared_ptr<const DeviceModel>> made;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      ModelSpec spec = family_spec();
      spec.family->seed = seed;
      made.push_back(std::make_shared<const DeviceModel>(built(spec)));
    }
    return made;
  }();
  return families[*rc::gen::inRange<std::size_t>(0, families.size())];
}

// True once in `n` times.
inline bool once_in(int n) { return *rc::gen::inRange(0, n) == 0; }

inline Value any_value(ValueKind kind) {
  if (kind == ValueKind::boolean) return Value::boolean(*rc::gen::arbitrary<bool>());
  if (kind == ValueKind::integer) return Value::integer(*rc::gen::inRange(0, 100));
  return Value::string(*rc::gen::element<std::string>("none", "split", "packed", "x.y", "9"));
}

inline Versions any_versions(std::uint32_t newest) {
  Versions versions;
  if (once_in(3)) versions.since = *rc::gen::inRange(1U, newest + 1);
  if (once_in(3)) versions.until = *rc::gen::inRange(versions.since, newest + 1);
  return versions;
}

// The off and the initial value in all versions, and others in some.
inline std::vector<Allowed> any_allowed(const Parameter& parameter, std::uint32_t newest) {
  std::vector<Allowed> allowed = {{parameter.initial, parameter.initial, {}}};
  if (parameter.off && parameter.off != parameter.initial)
    allowed.push_back({*parameter.off, *parameter.off, {}});
  for (int more = *rc::gen::inRange(0, 4); more > 0; --more) {
    const Value least = any_value(parameter.kind);
    const bool is_range = parameter.kind == ValueKind::integer && once_in(2);
    allowed.push_back({least,
                       is_range ? Value::integer(least.number + *rc::gen::inRange(1, 200)) : least,
                       any_versions(newest)});
  }
  return allowed;
}

inline Parameter any_parameter(const std::vector<Parameter>& others, std::uint32_t newest) {
  Parameter parameter;
  parameter.name = "p-" + std::to_string(others.size());
  parameter.kind = *rc::gen::element(ValueKind::boolean, ValueKind::integer, ValueKind::string);
  parameter.versions = any_versions(newest);
  parameter.initial = any_value(parameter.kind);
  if (!once_in(4)) parameter.off = once_in(2) ? parameter.initial : any_value(parameter.kind);
  if (!once_in(4)) parameter.allowed = any_allowed(parameter, newest);
  if (!parameter.off) return parameter;
  for (const Parameter& other : others) {
    if (once_in(4)) parameter.requires_active.push_back(other.name);
  }
  return parameter;
}

inline ModelSpec any_spec() {
  ModelSpec spec;
  spec.name = "vendor-c.com/any";
  const auto newest = *rc::gen::inRange(1U, 30U);
  spec.family = model::FamilySpec{newest, {}, *rc::gen::inRange<std::uint64_t>(0, 1000)};
  for (int more = *rc::gen::inRange(1, 8); more > 0; --more)
    spec.parameters.push_back(any_parameter(spec.parameters, newest));
  return spec;
}

// A family, or a model that nobody would think of. What does not fit together is tried again.
inline std::shared_ptr<const DeviceModel> any_model() {
  if (once_in(4)) return any_family();
  for (int tries = 0; tries < 100; ++tries) {
    auto model = DeviceModel::build(any_spec());
    if (model) return std::make_shared<const DeviceModel>(std::move(*model));
  }
  throw std::runtime_error("no model fits together");
}

// A value of the parameter's kind that a version may or may not have.
inline Value any_value_of(const Parameter& parameter) {
  if (parameter.allowed.empty() || once_in(2)) return any_value(parameter.kind);
  const Allowed item = *rc::gen::elementOf(parameter.allowed);
  if (item.least == item.most) return item.least;
  return Value::integer(*rc::gen::inRange(item.least.number, item.most.number + 1));
}

// A version, with any of its parameters overridden by what it allows.
inline Configuration any_configuration(const DeviceModel& model) {
  std::string text;
  if (*rc::gen::arbitrary<bool>())
    text = "version=" + std::to_string(*rc::gen::inRange(1U, model.newest() + 1));
  auto fits = model::parse_configuration(model, text);
  if (!fits) {  // the initial values of the newest need not go together
    text = "version=" + std::to_string(model.newest());
    fits = model::parse_configuration(model, text);
  }
  const std::uint32_t version = model.version_of(*fits);
  for (const Parameter& parameter : model.parameters()) {
    if (!parameter.versions.contains(version) || !*rc::gen::arbitrary<bool>()) continue;
    const std::string longer =
        text + (text.empty() ? "" : ",") + parameter.name + "=" + to_text(any_value_of(parameter));
    if (model::parse_configuration(model, longer)) text = longer;
  }
  return *model::parse_configuration(model, text);
}

}  // namespace mdevsim::testing
