#include "sim/model/description.h"

#include <fmt/format.h>

#include <utility>

#include "sim/base/limits.h"
#include "sim/model/model_name.h"

namespace mdevsim::model {
namespace {

// Without versions, a range of values or an off value: the parameter is what it is.
Parameter fixed_parameter(std::string_view name, Value value) {
  Parameter parameter;
  parameter.name = std::string(name);
  parameter.kind = value.kind;
  parameter.initial = std::move(value);
  return parameter;
}

Value value_of(std::string_view name, std::string_view text, const DeviceModel& target) {
  const auto place = target.find_parameter(name);
  const auto value =
      place ? parse_value(target.parameters()[*place].kind, text) : std::optional<Value>();
  return value ? *value : Value::string(std::string(text));
}

}  // namespace

std::string describe(const Device& device) {
  std::string text = fmt::format("{}@", without_scheme(device.model.name()));
  bool first = true;
  for (std::size_t i = 0; i < device.configuration.values.size(); ++i) {
    const Parameter& parameter = device.model.parameters()[i];
    const Value& value = device.configuration.values[i];
    if (!parameter.is_active(value)) continue;
    text += fmt::format("{}{}={}", first ? "" : ",", parameter.name, to_text(value));
    first = false;
  }
  return text;
}

Result<DescribedDevice> read_description(std::string_view text, const DeviceModel& target) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return fail(Errc::invalid, "it is no MODEL@PARAMETER=VALUE,…");
  ModelSpec spec;
  spec.name = std::string(text.substr(0, at));
  text.remove_prefix(at + 1);
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (comma != std::string_view::npos && text.empty())
      return fail(Errc::invalid, "nothing stands behind the last comma");
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || spec.parameters.size() == kParametersMax)
      return fail(Errc::invalid, fmt::format("\"{}\" is no PARAMETER=VALUE", part));
    const std::string_view name = part.substr(0, equals);
    spec.parameters.push_back(
        fixed_parameter(name, value_of(name, part.substr(equals + 1), target)));
  }
  TRY_SET(DeviceModel model, DeviceModel::build(std::move(spec)));
  Configuration configuration;
  for (const Parameter& parameter : model.parameters())
    configuration.values.push_back(parameter.initial);
  return DescribedDevice{std::move(model), std::move(configuration)};
}

}  // namespace mdevsim::model
