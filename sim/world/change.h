// One change of a world, under its lock: the functions of the mdev core, the driver core and the
// PCI core that alter the state and note the effects in the kernel's order. Internal to sim/world.
#pragma once

#include <deque>
#include <list>
#include <variant>

#include "sim/world/command.h"
#include "sim/world/state.h"
#include "sim/world/world.h"

namespace mdevsim {

// The pieces of which blocking operations consist. Each is done once; one that finds its device in
// use waits.
struct TakeDownInstance {  // everything of a removal that happens before the driver waits for its
                           // users
  InstanceId instance;
};
struct FinishInstance {  // the rest
  InstanceId instance;
};
struct FinishInstanceUnbind {
  InstanceId instance;
};
struct UnregisterParent {
  ParentId parent;
};
struct FinishFunctionUnbind {
  std::uint16_t function;
};
struct DeleteFunction {
  std::uint16_t function;
};
using Step = std::variant<TakeDownInstance, FinishInstance, FinishInstanceUnbind, UnregisterParent,
                          FinishFunctionUnbind, DeleteFunction>;

struct Operation {
  Waiter waiter;
  std::deque<Step> steps;
};

// Operations that wait for the users of a device.
struct BlockedOperations {
  std::list<Operation> operations;
};

struct World::Operations : BlockedOperations {};

class Change {
 public:
  Change(State& state, BlockedOperations& blocked, Outcome& outcome, Waiter waiter)
      : state_(state), blocked_(blocked), out_(outcome), waiter_(waiter) {}

  void operator()(const Nothing&) {}
  // mdev_core.cc
  void operator()(const Create& command);
  void operator()(const Remove& command);
  // driver_core.cc
  void operator()(const BindDriver& command);
  void operator()(const UnbindDriver& command);
  void operator()(const ProbeDevice& command);
  void operator()(const SetAutoprobe& command);
  void operator()(const SetDriverOverride& command);
  void operator()(const AddDynamicId& command);
  void operator()(const RemoveDynamicId& command);
  void operator()(const SynthesizeEvent& command);
  void operator()(const SetKnob& command);
  // pci_core.cc
  void operator()(const RemoveFunction& command);
  void operator()(const Rescan& command);
  void operator()(const EnableFunction& command);
  void operator()(const SetNumaNode& command);
  void operator()(const WriteConfig& command);
  // faults.cc
  void operator()(const ChangeFaults& command);
  void get_stuck(InstanceId id);
  // operations.cc
  void operator()(const Hold& command);
  void operator()(const Release& command);
  // configure.cc
  void operator()(const SetTypeConfiguration& command);
  void operator()(const ConfigureDevice& command);
  void operator()(const BeginFitting& command);
  void operator()(const EndFitting& command);
  void operator()(const StageConfiguration& command);
  void operator()(const ApplyStaged& command);

  // Used by World::build as well: no caller, no events wanted.
  Errc create_instance(const Create& command);
  void register_parent(ParentId parent);
  ParentId add_parent(const std::shared_ptr<const ParentSpec>& spec,
                      std::optional<std::uint16_t> function,
                      std::optional<VirtualId> virtual_device, std::string type_prefix);
  void attach(std::uint16_t function, DriverId driver);

 private:
  void fail_with(Errc errc, std::string why) {
    out_.errc = errc;
    out_.why = std::move(why);
  }
  void event(Action action, ObjectRef object, std::optional<DriverId> driver = std::nullopt,
             std::vector<std::pair<std::string, std::string>> extra = {}) {
    out_.effects.emplace_back(Event{action, object, driver, std::move(extra)});
  }
  void appeared(ObjectRef object, Facet facet) {
    out_.effects.emplace_back(Appeared{object, facet});
  }
  void vanished(ObjectRef object, Facet facet) {
    out_.effects.emplace_back(Vanished{object, facet});
  }

  // mdev_core.cc
  Errc refusal(const Parent& parent, std::uint32_t type_index, std::uint32_t units,
               bool by_core) const;
  void count(Parent& parent, std::uint32_t type_index, std::uint32_t units, int sign, bool by_core);
  void enlist(Parent& parent, InstanceId id);
  void delist(Parent& parent, InstanceId id);
  void take_down_vfio_device(InstanceId id);
  void release_driver(InstanceId id);  // what its driver held: group, numbers, capacity
  bool perform(const TakeDownInstance& step);
  bool perform(const FinishInstance& step);
  bool perform(const FinishInstanceUnbind& step);
  bool perform(const UnregisterParent& step);

  // driver_core.cc
  bool matches(const PciFunction& function, const Driver& driver) const;
  void probe(std::uint16_t function);
  void begin_unbind(std::uint16_t function, std::deque<Step>& steps);
  void attach_vfio(PciFunction& function);
  void detach_vfio_device(PciFunction& function);
  void detach_vfio_group(PciFunction& function);
  void unbind_instance(DriverId driver, std::string_view name);
  bool perform(const FinishFunctionUnbind& step);

  // pci_core.cc
  void collect_removal(std::uint16_t function, std::deque<Step>& steps);
  bool perform(const DeleteFunction& step);

  // configure.cc
  bool may_be(const ObjectRef& object, const ConfigurationPtr& configuration);
  bool is_there(const ObjectRef& device);
  DeviceSettings& settings_of(const ObjectRef& device);
  DeviceSettings* settings_to_change(const ObjectRef& device, bool fits = false);
  void become(const ObjectRef& device, DeviceSettings& settings, ConfigurationPtr configuration);
  void take_back(const ObjectRef& device);

  // operations.cc
  bool awaits_parameters(const ObjectRef& device) const;
  void start(std::deque<Step> steps);
  bool run(Operation& operation);  // false: it waits
  void resume_blocked();

  static ObjectRef ref(InstanceId id) { return {ObjectRef::Type::instance, raw(id)}; }
  ObjectRef ref(const PciFunction& function) const {
    return {ObjectRef::Type::pci_function, raw(state_.id_of(function))};
  }
  bool has_removed_vfio_device_early() const { return state_.kernel != KernelRelease::v6_1; }

  State& state_;
  BlockedOperations& blocked_;
  Outcome& out_;
  Waiter waiter_;
};

}  // namespace mdevsim
