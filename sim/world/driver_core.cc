// What drivers/base/{bus,dd}.c, drivers/pci/pci-driver.c and vfio-pci's probe and remove do.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/check.h"
#include "sim/world/change.h"

namespace mdevsim {
namespace {

bool matches_id(const PciFunction& function, const PciId& id) {
  constexpr std::uint32_t kAny = 0xffffffff;
  const PciFunctionSpec& spec = function.spec;
  return (id.vendor == kAny || id.vendor == spec.vendor) &&
         (id.device == kAny || id.device == spec.device) &&
         (id.subsystem_vendor == kAny || id.subsystem_vendor == spec.subsystem_vendor) &&
         (id.subsystem_device == kAny || id.subsystem_device == spec.subsystem_device) &&
         ((id.class_code ^ spec.class_code) & id.class_mask) == 0;
}

bool any_matches(const PciFunction& function, const std::vector<PciId>& ids) {
  return std::any_of(ids.begin(), ids.end(),
                     [&](const PciId& id) { return matches_id(function, id); });
}

}  // namespace

// pci_match_device: an override names the one driver that may have the device.
bool Change::matches(const PciFunction& function, const Driver& driver) const {
  if (!function.driver_override.empty()) return function.driver_override == driver.name;
  return any_matches(function, driver.dynamic_ids) || any_matches(function, driver.ids);
}

void Change::operator()(const BindDriver& command) {
  const Driver& driver = state_.drivers[raw(command.driver)];
  // mdev_match() returns 0 always, so an mdev can never be bound by hand.
  const PciFunction* function =
      driver.bus == BusKind::pci ? state_.function_at(command.device) : nullptr;
  if (function == nullptr || !matches(*function, driver)) {
    return fail_with(Errc::no_device, fmt::format("driver {} matches no device \"{}\"", driver.name,
                                                  command.device));
  }
  if (function->driver || function->unbinding) {
    return fail_with(Errc::busy, fmt::format("{} is bound already", command.device));
  }
  attach(state_.index_of(*function), command.driver);
}

void Change::operator()(const ProbeDevice& command) {
  if (command.bus == BusKind::mdev) {
    const auto uuid = Uuid::parse(command.device);
    const bool known = uuid && uuid->to_string() == command.device &&
                       state_.instances.find_uuid(*uuid) != InstanceId::none;
    if (!known)
      fail_with(Errc::no_device, fmt::format("no device \"{}\" on the bus", command.device));
    return;
  }
  const PciFunction* function = state_.function_at(command.device);
  if (function == nullptr) {
    return fail_with(Errc::no_device, fmt::format("no device \"{}\" on the bus", command.device));
  }
  probe(state_.index_of(*function));
}

void Change::probe(std::uint16_t index) {
  const PciFunction& function = state_.functions[index];
  if (function.driver || function.unbinding) return;
  for (std::size_t i = 0; i < state_.drivers.size(); ++i) {
    if (state_.drivers[i].bus != BusKind::pci || !matches(function, state_.drivers[i])) continue;
    return attach(index, DriverId(static_cast<std::uint32_t>(i)));
  }
}

void Change::attach(std::uint16_t index, DriverId driver) {
  PciFunction& function = state_.functions[index];
  function.driver = driver;
  function.last_driver = driver;
  appeared(ref(function), Facet::driver_link);
  if (state_.drivers[raw(driver)].vfio) attach_vfio(function);
  if (function.spec.parent && state_.drivers[raw(driver)].name == function.spec.driver) {
    register_parent(add_parent(function.spec.parent, index, std::nullopt, function.spec.driver));
  }
  event(Action::bind, ref(function), driver);
}

void Change::attach_vfio(PciFunction& function) {
  IommuGroup& group = state_.groups.at(function.group);
  if (group.vfio_users++ == 0) {
    group.vfio_binding = BindingId(state_.next_object++);
    group.vfio_minor = state_.vfio_minors.take();
    state_.group_of_binding[raw(group.vfio_binding)] = function.group;
    appeared(ref(function), Facet::vfio_group);
    event(Action::add, {ObjectRef::Type::vfio_group, raw(group.vfio_binding)});
  }
  function.vfio_binding = BindingId(state_.next_object++);
  function.vfio_number = state_.vfio_numbers.take();
  state_.function_of_binding[raw(function.vfio_binding)] = state_.index_of(function);
  state_.function_of_vfio[function.vfio_number] = state_.index_of(function);
  appeared(ref(function), Facet::vfio_device);
  event(Action::add, {ObjectRef::Type::vfio_device, raw(function.vfio_binding)});
}

void Change::detach_vfio_device(PciFunction& function) {
  const std::uint32_t binding = raw(function.vfio_binding);
  state_.migratable->drop(ref(function));
  vanished({ObjectRef::Type::vfio_device, binding}, Facet::vfio_device);
  event(Action::remove, {ObjectRef::Type::vfio_device, binding});
  state_.departed_bindings[binding] = {state_.index_of(function), function.vfio_number, 0};
  state_.function_of_binding.erase(binding);
  state_.function_of_vfio.erase(function.vfio_number);
  state_.vfio_numbers.give_back(function.vfio_number);
  function.vfio_binding = BindingId::none;
}

void Change::detach_vfio_group(PciFunction& function) {
  IommuGroup& group = state_.groups.at(function.group);
  if (--group.vfio_users > 0) return;
  const std::uint32_t binding = raw(group.vfio_binding);
  vanished({ObjectRef::Type::vfio_group, binding}, Facet::vfio_group);
  event(Action::remove, {ObjectRef::Type::vfio_group, binding});
  state_.departed_bindings[binding] = {state_.index_of(function), function.group, group.vfio_minor};
  state_.group_of_binding.erase(binding);
  state_.vfio_minors.give_back(group.vfio_minor);
  group.vfio_binding = BindingId::none;
}

void Change::operator()(const UnbindDriver& command) {
  const Driver& driver = state_.drivers[raw(command.driver)];
  if (driver.bus == BusKind::mdev) return unbind_instance(command.driver, command.device);
  const PciFunction* function = state_.function_at(command.device);
  if (function == nullptr || function->driver != command.driver || function->unbinding) {
    return fail_with(Errc::no_device,
                     fmt::format("driver {} has no device \"{}\"", driver.name, command.device));
  }
  std::deque<Step> steps;
  begin_unbind(state_.index_of(*function), steps);
  start(std::move(steps));
}

// device_release_driver: the links go first, then the driver lets go of the device, which may have
// to wait.
void Change::begin_unbind(std::uint16_t index, std::deque<Step>& steps) {
  PciFunction& function = state_.functions[index];
  if (!function.driver || function.unbinding) return;
  function.unbinding = true;
  vanished(ref(function), Facet::driver_link);
  if (function.parent) {
    Parent& parent = state_.parents[raw(*function.parent)];
    parent.unregistering = true;
    std::vector<InstanceId> children;
    for (const auto& [type, use] : parent.types_in_use) {
      for (InstanceId id = use.first; id != InstanceId::none;
           id = state_.instances.find(id)->next) {
        children.push_back(id);
      }
    }
    std::sort(children.begin(), children.end());
    for (const InstanceId child : children) {
      steps.emplace_back(TakeDownInstance{child});
      steps.emplace_back(FinishInstance{child});
    }
    steps.emplace_back(UnregisterParent{*function.parent});
  }
  if (function.vfio_binding != BindingId::none && has_removed_vfio_device_early()) {
    detach_vfio_device(function);
  }
  steps.emplace_back(FinishFunctionUnbind{index});
}

bool Change::perform(const FinishFunctionUnbind& step) {
  PciFunction& function = state_.functions[step.function];
  if (!function.unbinding) return true;
  if (function.holds > 0) return false;
  const bool vfio = state_.drivers[raw(*function.driver)].vfio;
  if (function.vfio_binding != BindingId::none) detach_vfio_device(function);
  if (vfio) detach_vfio_group(function);
  function.driver.reset();
  function.unbinding = false;
  event(Action::unbind, ref(function));
  return true;
}

void Change::unbind_instance(DriverId driver, std::string_view name) {
  const auto uuid = Uuid::parse(name);
  const InstanceId id =
      uuid && uuid->to_string() == name ? state_.instances.find_uuid(*uuid) : InstanceId::none;
  Instance* instance = id == InstanceId::none ? nullptr : state_.instances.find(id);
  const bool bound_here = instance != nullptr && instance->bound && !instance->unbinding &&
                          !instance->removing &&
                          state_.parent_of(instance->type)->mdev_driver == driver;
  if (!bound_here) {
    return fail_with(Errc::no_device, fmt::format("driver {} has no device \"{}\"",
                                                  state_.drivers[raw(driver)].name, name));
  }
  instance->unbinding = true;
  vanished(ref(id), Facet::driver_link);
  if (has_removed_vfio_device_early()) take_down_vfio_device(id);
  start({FinishInstanceUnbind{id}});
}

void Change::operator()(const SetAutoprobe& command) {
  state_.autoprobe[static_cast<std::size_t>(command.bus)] = command.on;
}

void Change::operator()(const SetDriverOverride& command) {
  const PciFunction* function = state_.function(command.function);
  if (function == nullptr) return fail_with(Errc::no_device, "the function is gone");
  state_.functions[state_.index_of(*function)].driver_override = command.driver;
}

void Change::operator()(const AddDynamicId& command) {
  Driver& driver = state_.drivers[raw(command.driver)];
  const auto same = [&](const PciId& id) {
    return id.vendor == command.id.vendor && id.device == command.id.device;
  };
  if (std::any_of(driver.dynamic_ids.begin(), driver.dynamic_ids.end(), same) ||
      std::any_of(driver.ids.begin(), driver.ids.end(), same)) {
    return fail_with(Errc::exists, fmt::format("driver {} knows this id", driver.name));
  }
  driver.dynamic_ids.push_back(command.id);
  for (std::size_t i = 0; i < state_.functions.size(); ++i) {
    PciFunction& function = state_.functions[i];
    if (!function.present || function.driver || function.unbinding) continue;
    if (matches(function, driver)) attach(static_cast<std::uint16_t>(i), command.driver);
  }
}

void Change::operator()(const RemoveDynamicId& command) {
  Driver& driver = state_.drivers[raw(command.driver)];
  const auto at =
      std::find_if(driver.dynamic_ids.begin(), driver.dynamic_ids.end(), [&](const PciId& id) {
        return id.vendor == command.id.vendor && id.device == command.id.device;
      });
  if (at == driver.dynamic_ids.end()) {
    return fail_with(Errc::no_device,
                     fmt::format("driver {} was never given this id", driver.name));
  }
  driver.dynamic_ids.erase(at);
}

void Change::operator()(const SynthesizeEvent& command) {
  std::optional<DriverId> driver;
  if (command.object.type == ObjectRef::Type::instance) {
    const Instance* instance = state_.instances.find(InstanceId(command.object.id));
    if (instance == nullptr) return fail_with(Errc::no_device, "the instance is gone");
    if (instance->bound) driver = state_.parent_of(instance->type)->mdev_driver;
  } else if (command.object.type == ObjectRef::Type::pci_function) {
    const PciFunction* function = state_.function(FunctionId(command.object.id));
    if (function == nullptr) return fail_with(Errc::no_device, "the function is gone");
    driver = function->driver;
  }
  std::vector<std::pair<std::string, std::string>> extra = {{"SYNTH_UUID", command.uuid}};
  for (const auto& [key, value] : command.arguments) extra.emplace_back("SYNTH_ARG_" + key, value);
  event(command.action, command.object, driver, std::move(extra));
}

void Change::operator()(const SetKnob& command) {
  state_.knobs[{command.object, command.knob}] = command.value;
}

}  // namespace mdevsim
