#include "sim/model/device_model.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "sim/model/check.h"
#include "sim/model/family.h"
#include "sim/model/rules.h"

namespace mdevsim::model {

Result<DeviceModel> DeviceModel::build(ModelSpec spec) {
  if (const auto faults = check(spec); !faults.empty()) {
    std::string why = spec.name + ": ";
    if (!faults[0].parameter.empty()) why += "`" + faults[0].parameter + "`: ";
    return fail(Errc::invalid, why + faults[0].why);
  }
  DeviceModel model;
  model.name_ = std::move(spec.name);
  model.device_api_ = std::move(spec.device_api);
  model.description_ = std::move(spec.description);
  model.disable_string_ = std::move(spec.disable_string);
  model.state_ = std::move(spec.state);
  model.parameters_ = std::move(spec.parameters);
  std::sort(model.parameters_.begin(), model.parameters_.end(),
            [](const Parameter& a, const Parameter& b) { return a.name < b.name; });
  model.required_ = required_places(model.parameters_);
  model.dependency_order_ = model::dependency_order(model.required_);

  std::map<std::uint32_t, std::vector<Value>> versions;
  if (spec.family) {
    std::uint32_t number = 0;
    for (std::vector<Value>& values : expand_family(model.parameters_, *spec.family))
      versions[++number] = std::move(values);
  }
  for (const VersionSpec& version : spec.versions)
    versions[version.number] = resolve(model.parameters_, version);
  for (auto& [number, values] : versions) {
    model.versions_.push_back({number, {number, std::move(values)}, {}});
  }
  model.number_values();
  return model;
}

void DeviceModel::number_values() {
  distinct_values_.resize(parameters_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    std::map<std::tuple<ValueKind, std::int64_t, std::string>, std::uint32_t> ids;
    std::vector<Value>& distinct = distinct_values_[i];
    for (Version& version : versions_) {
      const Value& value = version.configuration.values[i];
      const auto [found, is_new] = ids.emplace(std::tuple(value.kind, value.number, value.text),
                                               static_cast<std::uint32_t>(distinct.size()));
      if (is_new) distinct.push_back(value);
      version.value_ids.push_back(found->second);
    }
  }
}

std::optional<std::size_t> DeviceModel::find_parameter(std::string_view name) const {
  const auto found = std::lower_bound(
      parameters_.begin(), parameters_.end(), name,
      [](const Parameter& parameter, std::string_view wanted) { return parameter.name < wanted; });
  if (found == parameters_.end() || found->name != name) return std::nullopt;
  return static_cast<std::size_t>(found - parameters_.begin());
}

const Version* DeviceModel::find_version(std::uint32_t number) const {
  const auto found = std::lower_bound(
      versions_.begin(), versions_.end(), number,
      [](const Version& version, std::uint32_t wanted) { return version.number < wanted; });
  return found == versions_.end() || found->number != number ? nullptr : &*found;
}

}  // namespace mdevsim::model
