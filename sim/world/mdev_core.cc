// What drivers/vfio/mdev/mdev_core.c and a vendor driver's probe and remove do. The order of checks
// and of events is the kernel's and visible to clients.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/check.h"
#include "sim/base/limits.h"
#include "sim/world/change.h"

namespace mdevsim {
namespace {

// The core counts for drivers that set max_instances (EUSERS); every other limit is the driver's
// own.
constexpr bool counted_by_core(Errc exhausted) { return exhausted == Errc::users; }

}  // namespace

void Change::operator()(const Create& command) {
  const Parent* parent = state_.parent_of(command.type);
  if (parent == nullptr || !parent->registered || parent->unregistering) {
    return fail_with(Errc::no_device, "the parent is gone or going");
  }
  if (command.configuration &&
      !may_be({ObjectRef::Type::mdev_type, raw(command.type)}, command.configuration))
    return;
  const Errc errc = create_instance(command);
  if (errc == Errc::ok) return;
  const std::string type = state_.type_directory(*parent, state_.index_of(*parent, command.type));
  fail_with(errc, errc == Errc::exists ? fmt::format("uuid {} is taken", command.uuid.to_string())
                                       : fmt::format("type {}: no instance left", type));
}

Errc Change::create_instance(const Create& command) {
  const TypeId type = command.type;
  Parent& parent = state_.parents[raw(state_.id_of(*state_.parent_of(type)))];
  const std::uint32_t index = state_.index_of(parent, type);
  // A duplicate is noticed before the capacity is looked at.
  if (state_.instances.find_uuid(command.uuid) != InstanceId::none) return Errc::exists;
  if (const Errc errc = refusal(parent, index, command.units, /*by_core=*/true); errc != Errc::ok)
    return errc;
  if (state_.instances.size() >= kInstancesMax) return Errc::no_memory;

  const auto id = InstanceId(state_.next_object++);
  Instance instance;
  instance.uuid = command.uuid;
  instance.type = type;
  if (const Errc errc = refusal(parent, index, command.units, /*by_core=*/false);
      errc != Errc::ok) {
    // The device was announced before its driver refused it.
    state_.remember(id, instance);
    event(Action::add, ref(id));
    event(Action::remove, ref(id));
    return errc;
  }
  instance.bound = true;
  instance.group = state_.group_numbers.take();
  instance.vfio_number = state_.vfio_numbers.take();
  instance.vfio_minor = state_.vfio_minors.take();
  state_.instances.insert(id, instance);
  state_.instances.index_numbers(id);
  ++state_.bound_instances;
  const auto set = state_.type_configurations.find(raw(type));
  DeviceSettings settings;
  settings.made = command.configuration;
  settings.units = command.units;
  if (!settings.made && set != state_.type_configurations.end()) settings.made = set->second;
  if (settings.made || settings.units != 1) state_.instance_settings.emplace(raw(id), settings);
  count(parent, index, command.units, +1, true);
  count(parent, index, command.units, +1, false);
  enlist(parent, id);

  appeared(ref(id), Facet::device);
  appeared(ref(id), Facet::iommu_group);
  appeared(ref(id), Facet::vfio_group);
  appeared(ref(id), Facet::vfio_device);
  appeared(ref(id), Facet::driver_link);
  appeared(ref(id), Facet::type_links);
  event(Action::add, ref(id));
  event(Action::add, {ObjectRef::Type::vfio_group, raw(id)});
  event(Action::add, {ObjectRef::Type::vfio_device, raw(id)});
  event(Action::bind, ref(id), parent.mdev_driver);
  return Errc::ok;
}

Errc Change::refusal(const Parent& parent, std::uint32_t type_index, std::uint32_t units,
                     bool by_core) const {
  const TypeSpec& type = parent.spec->types[type_index];
  if (type.max_instances && counted_by_core(type.exhausted) == by_core) {
    const auto use = parent.types_in_use.find(type_index);
    const std::uint32_t used = use == parent.types_in_use.end() ? 0 : use->second.used;
    if (*type.max_instances - used < units) return type.exhausted;
  }
  if (parent.spec->pool && counted_by_core(parent.spec->pool->exhausted) == by_core &&
      parent.spec->pool->units - parent.pool_used < std::uint64_t{type.units} * units) {
    return parent.spec->pool->exhausted;
  }
  return Errc::ok;
}

void Change::count(Parent& parent, std::uint32_t type_index, std::uint32_t units, int sign,
                   bool by_core) {
  const TypeSpec& type = parent.spec->types[type_index];
  if (type.max_instances && counted_by_core(type.exhausted) == by_core) {
    parent.types_in_use[type_index].used += static_cast<std::uint32_t>(sign) * units;
  }
  if (parent.spec->pool && counted_by_core(parent.spec->pool->exhausted) == by_core) {
    parent.pool_used += static_cast<std::uint32_t>(sign) * type.units * units;
  }
}

void Change::enlist(Parent& parent, InstanceId id) {
  Instance& instance = *state_.instances.find(id);
  Parent::TypeState& type = parent.types_in_use[state_.index_of(parent, instance.type)];
  instance.next = type.first;
  if (type.first != InstanceId::none) state_.instances.find(type.first)->previous = id;
  type.first = id;
  ++type.listed;
  ++parent.instance_count;
}

void Change::delist(Parent& parent, InstanceId id) {
  const Instance& instance = *state_.instances.find(id);
  const std::uint32_t index = state_.index_of(parent, instance.type);
  Parent::TypeState& type = parent.types_in_use[index];
  if (instance.next != InstanceId::none) {
    state_.instances.find(instance.next)->previous = instance.previous;
  }
  if (instance.previous != InstanceId::none) {
    state_.instances.find(instance.previous)->next = instance.next;
  } else {
    type.first = instance.next;
  }
  --parent.instance_count;
  if (--type.listed == 0 && type.used == 0) parent.types_in_use.erase(index);
}

void Change::operator()(const Remove& command) {
  const Instance* instance = state_.instances.find(command.instance);
  if (instance == nullptr || instance->removing) {
    return fail_with(Errc::no_device, "the instance is gone or going");
  }
  start({TakeDownInstance{command.instance}, FinishInstance{command.instance}});
}

// mdev_device_remove up to the point where the driver waits for the device's users.
bool Change::perform(const TakeDownInstance& step) {
  Instance* instance = state_.instances.find(step.instance);
  if (instance == nullptr || instance->removing) return true;
  instance->removing = true;
  vanished(ref(step.instance), Facet::remove_file);
  vanished(ref(step.instance), Facet::type_links);
  if (instance->holds > 0) vanished(ref(step.instance), Facet::leftovers);
  if (instance->bound) {
    vanished(ref(step.instance), Facet::driver_link);
    if (has_removed_vfio_device_early()) take_down_vfio_device(step.instance);
  }
  return true;
}

void Change::take_down_vfio_device(InstanceId id) {
  vanished(ref(id), Facet::vfio_device);
  event(Action::remove, {ObjectRef::Type::vfio_device, raw(id)});
}

bool Change::perform(const FinishInstance& step) {
  Instance* instance = state_.instances.find(step.instance);
  if (instance == nullptr) return true;
  if (instance->holds > 0) return false;
  if (instance->bound) {
    if (!has_removed_vfio_device_early()) take_down_vfio_device(step.instance);
    release_driver(step.instance);
  }
  Parent& parent = state_.parents[raw(state_.id_of(*state_.parent_of(instance->type)))];
  const std::uint32_t index = state_.index_of(parent, instance->type);
  vanished(ref(step.instance), Facet::device);
  event(Action::remove, ref(step.instance));
  state_.remember(step.instance, *instance);
  count(parent, index, state_.units_of(step.instance), -1, true);
  delist(parent, step.instance);
  state_.instances.erase(step.instance);
  state_.untyped_until_ms.erase(raw(step.instance));
  state_.instance_settings.erase(raw(step.instance));
  state_.knobs.erase(state_.knobs.lower_bound({ref(step.instance), Knob{}}),
                     state_.knobs.upper_bound({ref(step.instance), Knob::broken_parity_status}));
  return true;
}

// The end of vfio_unregister_group_dev and of the driver's remove callback.
void Change::release_driver(InstanceId id) {
  Instance& instance = *state_.instances.find(id);
  state_.migratable->drop(ref(id));
  vanished(ref(id), Facet::vfio_group);
  event(Action::remove, {ObjectRef::Type::vfio_group, raw(id)});
  vanished(ref(id), Facet::iommu_group);
  event(Action::unbind, ref(id));
  Parent& parent = state_.parents[raw(state_.id_of(*state_.parent_of(instance.type)))];
  count(parent, state_.index_of(parent, instance.type), state_.units_of(id), -1, false);
  state_.instances.forget_numbers(instance);
  --state_.bound_instances;
  state_.group_numbers.give_back(instance.group);
  state_.vfio_numbers.give_back(instance.vfio_number);
  state_.vfio_minors.give_back(instance.vfio_minor);
  instance.bound = false;  // the numbers stay in the record: this change's effects still name them
  instance.unbinding = false;
}

bool Change::perform(const FinishInstanceUnbind& step) {
  Instance* instance = state_.instances.find(step.instance);
  if (instance == nullptr || !instance->bound) return true;
  if (instance->holds > 0) return false;
  if (!has_removed_vfio_device_early()) take_down_vfio_device(step.instance);
  release_driver(step.instance);
  return true;
}

ParentId Change::add_parent(const std::shared_ptr<const ParentSpec>& spec,
                            std::optional<std::uint16_t> function,
                            std::optional<VirtualId> virtual_device, std::string type_prefix) {
  CHECK(spec->types_by_id.size() == spec->types.size());  // index_types() was called
  Parent parent;
  parent.spec = spec;
  parent.first_type = state_.next_type;
  parent.function = function;
  parent.virtual_device = virtual_device;
  parent.type_prefix = std::move(type_prefix);
  const std::string& driver = spec->mdev_driver.empty() ? parent.type_prefix : spec->mdev_driver;
  const auto mdev_driver = state_.driver_named(BusKind::mdev, driver);
  CHECK(mdev_driver.has_value());
  parent.mdev_driver = *mdev_driver;
  state_.next_type += static_cast<std::uint32_t>(spec->types.size());
  const auto id = ParentId(static_cast<std::uint32_t>(state_.parents.size()));
  state_.parents.push_back(std::move(parent));
  return id;
}

void Change::register_parent(ParentId id) {
  const Parent& parent = state_.parents[raw(id)];
  if (parent.function) state_.functions[*parent.function].parent = id;
  if (parent.virtual_device) state_.virtual_devices[raw(*parent.virtual_device)].parent = id;
  state_.mdev_bus_class = true;
  appeared(state_.device_of(parent), Facet::parent);
  event(Action::change, state_.device_of(parent),
        parent.function ? state_.functions[*parent.function].driver : std::nullopt,
        {{"MDEV_STATE", "registered"}});
}

bool Change::perform(const UnregisterParent& step) {
  Parent& parent = state_.parents[raw(step.parent)];
  const ObjectRef device = state_.device_of(parent);
  vanished(device, Facet::parent);
  event(Action::change, device,
        parent.function ? state_.functions[*parent.function].driver : std::nullopt,
        {{"MDEV_STATE", "unregistered"}});
  parent.registered = false;
  parent.types_in_use.clear();
  for (std::uint32_t i = 0; i < parent.spec->types.size(); ++i)
    state_.type_configurations.erase(parent.first_type + i);
  if (parent.function) state_.functions[*parent.function].parent.reset();
  if (parent.virtual_device) state_.virtual_devices[raw(*parent.virtual_device)].parent.reset();
  return true;
}

}  // namespace mdevsim
