// The state of one host. Const access answers what is there now; only World's own functions change
// it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/base/clock.h"
#include "sim/model/fault_plan.h"
#include "sim/world/command.h"
#include "sim/world/instance_table.h"
#include "sim/world/migratable.h"
#include "sim/world/number_pool.h"
#include "sim/world/objects.h"

namespace mdevsim {

inline constexpr std::uint32_t kVfioMajor = 511;

// A mover makes a device fit.
struct Fitting {
  ConfigurationPtr before;  // the device's own when it began
  bool ended = false;       // what is to be taken back is when no user has the device
};

// What a device is, when it is not just what its type or its host file makes of it.
struct DeviceSettings {
  ConfigurationPtr made;           // when it was created; null: the initial one of its spec
  ConfigurationPtr configuration;  // since it was changed; null: what it was made
  ConfigurationPtr staged;         // null: nothing is staged
  bool applied = false;            // what was staged is in effect
  std::optional<Fitting> fitting;
  std::uint32_t units = 1;
};

// A type, an instance or a function that has a device model.
struct Modelled {
  const ModelledSpec& spec;
  ConfigurationPtr configuration;  // what it is now, or what the type's next instance will be
  const model::DeviceModel& device_model() const { return *spec.model; }
};

class State {
 public:
  std::string name;
  KernelRelease kernel = KernelRelease::v6_12;
  std::uint32_t cpus = 1;
  const Clock* clock = nullptr;
  bool has_mdev = false;        // the mdev bus and class exist
  bool mdev_bus_class = false;  // the class appears with the first registered parent, and stays
  bool autoprobe[2] = {true, true};

  std::vector<Module> modules;
  std::vector<Driver> drivers;
  std::vector<std::string> classes;  // of virtual devices
  std::vector<PciRoot> roots;
  std::vector<PciFunction> functions;  // sorted by address
  std::vector<VirtualDevice> virtual_devices;
  std::vector<Parent> parents;  // grows only; first_type grows too
  std::map<std::uint32_t, IommuGroup> groups;
  InstanceTable instances;
  std::uint32_t bound_instances = 0;  // those that have their driver, and with it a group
  model::FaultPlan faults;            // counts what it sees, so it is part of the state
  // Instances that a fault rule keeps from their type's links, and until when; by InstanceId.
  std::unordered_map<std::uint32_t, std::int64_t> untyped_until_ms;
  // Written settings, by object; an absent one has its initial value.
  std::map<std::pair<ObjectRef, Knob>, bool> knobs;
  // Device models: who is as its spec says has no entry.
  std::shared_ptr<const model::Catalog> catalog;
  std::unordered_map<std::uint32_t, ConfigurationPtr> type_configurations;  // by TypeId
  std::unordered_map<std::uint32_t, DeviceSettings> instance_settings;      // by InstanceId
  std::unordered_map<std::uint16_t, DeviceSettings> function_settings;      // by index
  // The states that somebody has asked for.
  bool has_states = false;                        // a model says what state its devices have
  std::shared_ptr<MigratableDevices> migratable;  // never null
  // Owners of the VFIO bindings of physical functions.
  std::unordered_map<std::uint32_t, std::uint16_t>
      function_of_binding;  // vfio device -> function index
  std::unordered_map<std::uint32_t, std::uint32_t> group_of_binding;  // vfio group -> group number
  std::unordered_map<std::uint32_t, std::uint16_t>
      function_of_vfio;  // vfio number -> function index

  // ---- finding ----
  const PciFunction* function(FunctionId id) const;  // null when gone
  FunctionId id_of(const PciFunction& function) const;
  const PciFunction* function_at(std::string_view address) const;
  const PciFunction* function_at(const PciAddress& address) const;
  std::uint16_t index_of(const PciFunction& function) const {
    return static_cast<std::uint16_t>(&function - functions.data());
  }
  const Parent* parent_of(
      TypeId type) const;  // whether registered or not; null when it never existed
  ParentId id_of(const Parent& parent) const {
    return ParentId(static_cast<std::uint32_t>(&parent - parents.data()));
  }
  std::uint32_t index_of(const Parent& parent, TypeId type) const {
    return raw(type) - parent.first_type;
  }
  const TypeSpec& spec_of(TypeId type) const;
  const Instance* instance(InstanceId id) const;  // also what this very change removed
  bool exists(InstanceId id) const { return instances.find(id) != nullptr; }
  std::optional<DriverId> driver_named(BusKind bus, std::string_view name) const;
  std::optional<ModuleId> module_named(std::string_view name) const;
  ObjectRef device_of(const Parent& parent) const;

  // ---- device models ----
  // The model and the present configuration of a type, an instance or a function; nothing when it
  // has no model, or is gone.
  std::optional<Modelled> modelled(const ObjectRef& object) const;
  // Without a look at the configuration; null when it has no model.
  const ModelledSpec* modelled_spec(const ObjectRef& object) const;
  // Null when all is as the spec says.
  const DeviceSettings* settings(const ObjectRef& device) const;
  std::uint32_t units_of(InstanceId id) const;
  // Whether the links between it and its type are there.
  bool is_typed(InstanceId id) const {
    const auto at = untyped_until_ms.find(raw(id));
    return at == untyped_until_ms.end() || clock->uptime_ms() >= at->second;
  }

  // ---- derived ----
  std::uint32_t available(const Parent& parent, std::uint32_t type_index) const;
  bool knob(ObjectRef object, Knob knob, bool initial) const;
  std::string type_directory(const Parent& parent, std::uint32_t type_index) const;

  // Instances that this change removed, and the latest of those before: still readable, so that
  // the effects can be named and that a link which somebody holds open can still be read, as in the
  // kernel.
  std::unordered_map<std::uint32_t, Instance> departed;
  std::deque<std::uint32_t> departed_order;
  void remember(InstanceId id, const Instance& instance);
  void forget_old();  // when a change has ended
  // Bindings that this change removed.
  struct DepartedBinding {
    std::uint16_t function = 0;
    std::uint32_t number = 0;  // of the vfio device, or of the group
    std::uint32_t minor = 0;
  };
  std::unordered_map<std::uint32_t, DepartedBinding> departed_bindings;

  // ---- numbers ----
  std::uint32_t next_object = 1;  // instances and bindings
  std::uint32_t next_type = 0;
  NumberPool group_numbers;
  NumberPool vfio_numbers;
  NumberPool vfio_minors;
};

// The vfio device of an instance or a function, found by its owner's id.
struct VfioDeviceFacts {
  std::uint32_t number = 0;
  ObjectRef owner;
};
std::optional<VfioDeviceFacts> vfio_device_facts(const State& state, std::uint32_t owner);

// A vfio group, found by the id of the instance or binding that it belongs to.
struct VfioGroupFacts {
  std::uint32_t number = 0;  // of the iommu group
  std::uint32_t minor = 0;
};
std::optional<VfioGroupFacts> vfio_group_facts(const State& state, std::uint32_t owner);

}  // namespace mdevsim
