#include "fusefs/sysfs/interfaces/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "fusefs/sysfs/interfaces/table.h"
#include "sim/base/limits.h"

namespace mdevsim::sysfs::interfaces {
namespace {

// strtol(text, NULL, 10) != 0: an optional sign and the digits at the front.
bool is_nonzero_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  return text.substr(0, end).find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

Owner owner_of(const View& view) {
  switch (view.node.kind()) {
    case Kind::type_interfaces:
      return Owner::type;
    case Kind::instance_interfaces:
      return Owner::instance;
    default:
      return Owner::function;
  }
}

ObjectRef object_of(const View& view) {
  switch (owner_of(view)) {
    case Owner::type:
      return {ObjectRef::Type::mdev_type, view.object()};
    case Owner::instance:
      return {ObjectRef::Type::instance, view.object()};
    case Owner::function:
      break;
  }
  return {ObjectRef::Type::pci_function, view.object()};
}

Subject subject_of(const View& view) {
  return {owner_of(view), object_of(view), *view.state.modelled(object_of(view))};
}

NodeId owner_node(const View& view) {
  return view.other(owner_kind(view.node.kind()), view.object());
}

bool has(const View& view, Interface one) {
  return view.state.modelled_spec(object_of(view))->interfaces.has(one);
}

bool shows_parameters(const View& view) {
  constexpr Interface kThatDo[] = {Interface::type_attributes, Interface::create_parameters,
                                   Interface::version_per_type, Interface::config_params,
                                   Interface::software_version};
  return std::any_of(std::begin(kThatDo), std::end(kThatDo),
                     [&](Interface one) { return has(view, one); });
}

bool takes_parameters(const View& view) {
  if (has(view, Interface::type_attributes)) return true;
  return owner_of(view) != Owner::type &&
         (has(view, Interface::config_params) || has(view, Interface::software_version));
}

bool has_parameter(const View& view) {
  const auto modelled = view.state.modelled(object_of(view));
  return place_of(view) < modelled->configuration->values.size() &&
         !modelled->configuration->values[place_of(view)].is_absent();
}

void parameter_name(const View& view, std::string& out) {
  out += view.state.modelled_spec(object_of(view))->model->parameters()[place_of(view)].name;
}

Errc line(std::string& out, std::string_view text) {
  if (text.size() + 1 > kShowBytesMax) return Errc::overflow;
  out.append(text).append("\n");
  return Errc::ok;
}

Result<std::string_view> written_line(std::string_view bytes) {
  if (bytes.size() >= kShowBytesMax)
    return fail(Errc::invalid, fmt::format("more than {} bytes were written", kShowBytesMax - 1));
  if (bytes.find('\0') != std::string_view::npos) return fail(Errc::invalid, "the text has a NUL");
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  return bytes;
}

std::string numeric_text(const model::Value& value) {
  if (value.kind == model::ValueKind::boolean) return value.number != 0 ? "1" : "0";
  return to_text(value);
}

Result<model::Value> parse_lenient(const Subject& subject, std::size_t place,
                                   std::string_view bytes) {
  TRY_SET(const std::string_view text, written_line(bytes));
  const model::DeviceModel& model = subject.device_model();
  const model::Parameter& parameter = subject.parameter(place);
  const bool disables = text.empty() || text == model.disable_string();
  if (parameter.kind == model::ValueKind::boolean && !disables)
    return model::Value::boolean(is_nonzero_number(text));
  return model::parse_setting(model, parameter, text, model.version_of(subject.configuration()));
}

Result<model::Value> parse_strict(const Subject& subject, std::size_t place,
                                  std::string_view bytes) {
  TRY_SET(const std::string_view text, written_line(bytes));
  const model::Parameter& parameter = subject.parameter(place);
  auto value = model::parse_value(parameter.kind, text);
  const bool is_numeric_bool =
      parameter.kind == model::ValueKind::boolean && (text == "1" || text == "0");
  if (!value || is_numeric_bool) {
    return fail(Errc::invalid, fmt::format("`{}`: \"{}\" is not {}", parameter.name, text,
                                           kind_syntax(parameter.kind)));
  }
  return std::move(*value);
}

Errc version_show(const View& view, std::string& out) {
  const Subject subject = subject_of(view);
  return line(out, std::to_string(subject.device_model().version_of(subject.configuration())));
}

Errc parameter_show(const View& view, std::string& out) {
  return line(out, numeric_text(subject_of(view).value(place_of(view))));
}

Command set_configuration(const Subject& subject, model::Configuration configuration) {
  auto shared = std::make_shared<const model::Configuration>(std::move(configuration));
  if (subject.is_type()) return SetTypeConfiguration{TypeId(subject.object.id), std::move(shared)};
  return ConfigureDevice{subject.object, std::move(shared)};
}

Result<Command> set_value(const Subject& subject, std::size_t place, const model::Value& value) {
  TRY_SET(model::Configuration changed,
          model::with_value(subject.device_model(), subject.configuration(), place, value));
  return set_configuration(subject, std::move(changed));
}

}  // namespace mdevsim::sysfs::interfaces
