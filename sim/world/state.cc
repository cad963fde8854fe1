#include "sim/world/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/check.h"
#include "sim/base/limits.h"

namespace mdevsim {

const PciFunction* State::function(FunctionId id) const {
  const std::uint32_t index = raw(id) & 0xffff;
  if (index >= functions.size()) return nullptr;
  const PciFunction& found = functions[index];
  return found.present && found.generation == raw(id) >> 16 ? &found : nullptr;
}

FunctionId State::id_of(const PciFunction& function) const {
  return FunctionId((std::uint32_t{function.generation} << 16) | index_of(function));
}

const PciFunction* State::function_at(const PciAddress& address) const {
  const auto at = std::lower_bound(functions.begin(), functions.end(), address,
                                   [](const PciFunction& function, const PciAddress& wanted) {
                                     return function.spec.address < wanted;
                                   });
  if (at == functions.end() || at->spec.address != address || !at->present) return nullptr;
  return &*at;
}

const PciFunction* State::function_at(std::string_view address) const {
  const auto parsed = PciAddress::parse(address);
  if (!parsed || parsed->to_string() != address) return nullptr;  // names are compared, not numbers
  return function_at(*parsed);
}

const Parent* State::parent_of(TypeId type) const {
  const auto after = std::upper_bound(
      parents.begin(), parents.end(), raw(type),
      [](std::uint32_t wanted, const Parent& parent) { return wanted < parent.first_type; });
  if (after == parents.begin()) return nullptr;
  const Parent& parent = *(after - 1);
  return raw(type) - parent.first_type < parent.spec->types.size() ? &parent : nullptr;
}

const TypeSpec& State::spec_of(TypeId type) const {
  const Parent* parent = parent_of(type);
  CHECK(parent != nullptr);
  return parent->spec->types[index_of(*parent, type)];
}

const Instance* State::instance(InstanceId id) const {
  if (const Instance* found = instances.find(id)) return found;
  const auto gone = departed.find(raw(id));
  return gone == departed.end() ? nullptr : &gone->second;
}

void State::remember(InstanceId id, const Instance& instance) {
  departed.emplace(raw(id), instance);
  departed_order.push_back(raw(id));
}

void State::forget_old() {
  while (departed_order.size() > kDepartedMax) {
    departed.erase(departed_order.front());
    departed_order.pop_front();
  }
  departed_bindings.clear();
}

std::optional<DriverId> State::driver_named(BusKind bus, std::string_view wanted) const {
  for (std::size_t i = 0; i < drivers.size(); ++i) {
    if (drivers[i].bus == bus && drivers[i].name == wanted)
      return DriverId(static_cast<std::uint32_t>(i));
  }
  return std::nullopt;
}

std::optional<ModuleId> State::module_named(std::string_view wanted) const {
  for (std::size_t i = 0; i < modules.size(); ++i) {
    if (modules[i].name == wanted) return ModuleId(static_cast<std::uint32_t>(i));
  }
  return std::nullopt;
}

ObjectRef State::device_of(const Parent& parent) const {
  if (parent.function) {
    return {ObjectRef::Type::pci_function, raw(id_of(functions[*parent.function]))};
  }
  return {ObjectRef::Type::virtual_device, raw(*parent.virtual_device)};
}

const ModelledSpec* State::modelled_spec(const ObjectRef& object) const {
  switch (object.type) {
    case ObjectRef::Type::mdev_type: {
      const Parent* parent = parent_of(TypeId(object.id));
      if (parent == nullptr) return nullptr;
      return parent->spec->types[index_of(*parent, TypeId(object.id))].modelled.get();
    }
    case ObjectRef::Type::instance: {
      const Instance* found = instance(InstanceId(object.id));
      return found == nullptr ? nullptr : spec_of(found->type).modelled.get();
    }
    case ObjectRef::Type::pci_function: {
      const PciFunction* found = function(FunctionId(object.id));
      return found == nullptr ? nullptr : found->spec.modelled.get();
    }
    default:
      return nullptr;
  }
}

std::optional<Modelled> State::modelled(const ObjectRef& object) const {
  const ModelledSpec* spec = modelled_spec(object);
  if (spec == nullptr) return std::nullopt;
  if (object.type == ObjectRef::Type::mdev_type) {
    const auto set = type_configurations.find(object.id);
    return Modelled{*spec, set == type_configurations.end() ? spec->initial : set->second};
  }
  const DeviceSettings* own = settings(object);
  if (own != nullptr && own->configuration) return Modelled{*spec, own->configuration};
  return Modelled{*spec, own != nullptr && own->made ? own->made : spec->initial};
}

const DeviceSettings* State::settings(const ObjectRef& device) const {
  if (device.type == ObjectRef::Type::instance) {
    const auto found = instance_settings.find(device.id);
    return found == instance_settings.end() ? nullptr : &found->second;
  }
  if (device.type != ObjectRef::Type::pci_function || function(FunctionId(device.id)) == nullptr)
    return nullptr;
  const auto found = function_settings.find(static_cast<std::uint16_t>(device.id & 0xffff));
  return found == function_settings.end() ? nullptr : &found->second;
}

std::uint32_t State::units_of(InstanceId id) const {
  const auto found = instance_settings.find(raw(id));
  return found == instance_settings.end() ? 1 : found->second.units;
}

std::uint32_t State::available(const Parent& parent, std::uint32_t type_index) const {
  const TypeSpec& type = parent.spec->types[type_index];
  std::uint32_t left = UINT32_MAX;
  if (type.max_instances) {
    const auto use = parent.types_in_use.find(type_index);
    const std::uint32_t used = use == parent.types_in_use.end() ? 0 : use->second.used;
    left = *type.max_instances > used ? *type.max_instances - used : 0;
  }
  if (parent.spec->pool && type.units > 0) {
    left = std::min(left, (parent.spec->pool->units - parent.pool_used) / type.units);
  }
  return std::min<std::uint32_t>(left, INT32_MAX);  // clients read it as an int
}

bool State::knob(ObjectRef object, Knob wanted, bool initial) const {
  const auto at = knobs.find({object, wanted});
  return at == knobs.end() ? initial : at->second;
}

std::string State::type_directory(const Parent& parent, std::uint32_t type_index) const {
  return fmt::format("{}-{}", parent.type_prefix, parent.spec->types[type_index].id);
}

std::optional<VfioDeviceFacts> vfio_device_facts(const State& state, std::uint32_t owner) {
  if (const Instance* instance = state.instance(InstanceId(owner))) {
    return VfioDeviceFacts{instance->vfio_number, {ObjectRef::Type::instance, owner}};
  }
  if (const auto at = state.function_of_binding.find(owner);
      at != state.function_of_binding.end()) {
    const PciFunction& function = state.functions[at->second];
    return VfioDeviceFacts{function.vfio_number,
                           {ObjectRef::Type::pci_function, raw(state.id_of(function))}};
  }
  if (const auto at = state.departed_bindings.find(owner); at != state.departed_bindings.end()) {
    const PciFunction& function = state.functions[at->second.function];
    return VfioDeviceFacts{at->second.number,
                           {ObjectRef::Type::pci_function, raw(state.id_of(function))}};
  }
  return std::nullopt;
}

std::optional<VfioGroupFacts> vfio_group_facts(const State& state, std::uint32_t owner) {
  if (const Instance* instance = state.instance(InstanceId(owner))) {
    return VfioGroupFacts{instance->group, instance->vfio_minor};
  }
  if (const auto at = state.group_of_binding.find(owner); at != state.group_of_binding.end()) {
    return VfioGroupFacts{at->second, state.groups.at(at->second).vfio_minor};
  }
  if (const auto at = state.departed_bindings.find(owner); at != state.departed_bindings.end()) {
    return VfioGroupFacts{at->second.number, at->second.minor};
  }
  return std::nullopt;
}

}  // namespace mdevsim
