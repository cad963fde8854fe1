// What can be asked of a world, and what follows from it. A command is a value; applying it either
// changes nothing and says why, or changes the state once and lists the effects in the order in
// which a kernel would show them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/errc.h"
#include "sim/base/uuid.h"
#include "sim/model/fault_rule.h"
#include "sim/world/modelled.h"
#include "sim/world/objects.h"

namespace mdevsim {

// ---- who is meant
// ---------------------------------------------------------------------------------------------------

// A device, driver or other object of the driver model.
struct ObjectRef {
  enum class Type : std::uint8_t {
    instance,        // InstanceId
    pci_function,    // FunctionId
    virtual_device,  // VirtualId
    vfio_device,     // InstanceId or BindingId of its owner
    vfio_group,      // InstanceId or BindingId
    bus,             // BusKind
    driver,          // DriverId
    module,          // ModuleId
    device_class,    // ClassId
    pci_root,        // RootId
    pci_bus,         // RootId, or FunctionId of the bridge with kBridgeBus set
    mdev_type,       // TypeId
  };
  static constexpr std::uint32_t kBridgeBus = 0x8000'0000;

  Type type = Type::instance;
  std::uint32_t id = 0;

  auto operator<=>(const ObjectRef&) const = default;
};

enum class Action : std::uint8_t { add, remove, change, move, online, offline, bind, unbind };

// ---- commands
// -------------------------------------------------------------------------------------------------------

struct Nothing {};  // a write that the kernel accepts and ignores, such as "0" to remove

struct Create {
  TypeId type;
  Uuid uuid;
  ConfigurationPtr configuration = nullptr;  // null: what the type is set to
  std::uint32_t units = 1;                   // of a type that aggregates
};
struct Remove {
  InstanceId instance;
};
struct BindDriver {
  DriverId driver;
  std::string device;  // a uuid or a PCI address, as written
};
struct UnbindDriver {
  DriverId driver;
  std::string device;
};
struct ProbeDevice {
  BusKind bus;
  std::string device;
};
struct SetAutoprobe {
  BusKind bus;
  bool on;
};
struct SetDriverOverride {
  FunctionId function;
  std::string driver;  // empty: cleared
};
struct AddDynamicId {
  DriverId driver;
  PciId id;
};
struct RemoveDynamicId {
  DriverId driver;
  PciId id;
};
struct RemoveFunction {
  FunctionId function;
};
struct Rescan {};
struct EnableFunction {
  FunctionId function;
  bool on;
};
struct SetNumaNode {
  FunctionId function;
  std::int32_t node;
};
struct WriteConfig {
  FunctionId function;
  std::uint64_t offset;
  std::string bytes;
};
// What `uevent` files take: an action, optionally a uuid and KEY=VALUE pairs.
struct SynthesizeEvent {
  ObjectRef object;
  Action action;
  std::string uuid = "0";
  std::vector<std::pair<std::string, std::string>> arguments;  // without the SYNTH_ARG_ prefix
};
// Settings that a driver core keeps and that change nothing else here.
enum class Knob : std::uint8_t {
  power_control_on,
  power_async,
  msi_bus,
  d3cold_allowed,
  broken_parity_status
};
struct SetKnob {
  ObjectRef object;
  Knob knob;
  bool value;
};
// What instances of the type will be, unless Create says it.
struct SetTypeConfiguration {
  TypeId type;
  ConfigurationPtr configuration;
};
// Presents another hardware interface from now on. EBUSY while a user has the device open, and
// while a mover fits it, but for what makes it fit.
struct ConfigureDevice {
  ObjectRef device;  // instance or pci_function
  ConfigurationPtr configuration;
  bool fits = false;  // so that it can load a state
};
// A mover is about to make the device fit: what it is configured as lasts if a state that it loads
// runs before the mover ends, and is taken back otherwise. EBUSY while another mover does.
struct BeginFitting {
  ObjectRef device;  // instance or pci_function
};
struct EndFitting {
  ObjectRef device;
};
// A configuration that is prepared and changes nothing before it is applied (migration-params).
struct StageConfiguration {
  ObjectRef device;
  ConfigurationPtr configuration;
};
// Applies what is staged, or undoes that: then the device is as it was made, and nothing is staged.
struct ApplyStaged {
  ObjectRef device;
  bool on;
};
// A user opens the device (a guest starts); while it is held, remove and unbind block.
struct Hold {
  ObjectRef device;  // instance or pci_function
};
struct Release {
  ObjectRef device;
  bool closes =
      true;  // the last user closes the device: VFIO resets it. A mover only looks after it
};

// Changes the plan of faults: first rules go, then others come; all of it or nothing.
struct ChangeFaults {
  bool remove_all = false;
  std::vector<std::uint32_t> remove;  // ids
  std::vector<model::FaultRule> add;
};

using Command =
    std::variant<Nothing, Create, Remove, BindDriver, UnbindDriver, ProbeDevice, SetAutoprobe,
                 SetDriverOverride, AddDynamicId, RemoveDynamicId, RemoveFunction, Rescan,
                 EnableFunction, SetNumaNode, WriteConfig, SynthesizeEvent, SetKnob, Hold, Release,
                 ChangeFaults, SetTypeConfiguration, ConfigureDevice, BeginFitting, EndFitting,
                 StageConfiguration, ApplyStaged>;

// ---- effects
// --------------------------------------------------------------------------------------------------------

// An event of the driver model, to be told to whoever listens.
struct Event {
  Action action;
  ObjectRef object;
  std::optional<DriverId> driver;                          // bound at that moment
  std::vector<std::pair<std::string, std::string>> extra;  // MDEV_STATE, SYNTH_UUID, …
};

// Something became visible or ceased to be. Facets are what an object gains and loses while it
// lives.
enum class Facet : std::uint8_t {
  device,       // the device itself, on its bus and below its parent
  type_links,   // an instance's membership in its type
  driver_link,  // device and driver point to each other; a driver's own files of the device
  iommu_group,  // the group (of an instance), or the device's membership in it
  vfio_group,   // /dev/vfio/<group>
  vfio_device,  // vfio-dev/vfioN
  parent,       // mdev_supported_types and the class link
  remove_file,  // an instance's `remove`
  leftovers,    // the rest of an instance's own files (power, uevent, …) while its removal blocks
};
struct Appeared {
  ObjectRef object;
  Facet facet = Facet::device;
};
struct Vanished {
  ObjectRef object;
  Facet facet = Facet::device;
};

// A type or a device has another configuration: files of parameters may have come or gone.
struct Reconfigured {
  ObjectRef object;
  ConfigurationPtr before;
};

using Effect = std::variant<Event, Appeared, Vanished, Reconfigured>;

// Names a caller that waits; opaque to the world.
struct Waiter {
  std::uint64_t request = 0;
  std::uint64_t bytes = 0;
};

struct Finished {
  Waiter waiter;
  Errc errc = Errc::ok;
};

struct Outcome {
  Errc errc = Errc::ok;
  std::string why;  // when errc is not ok: for the log
  bool waits =
      false;  // the command began and blocks; its waiter comes back in a later outcome's `finished`
  std::vector<Effect> effects;  // possibly some even with an error: a driver that refuses has
                                // already been announced
  std::vector<Finished> finished;
  std::uint32_t reply_delay_ms = 0;  // a fault rule holds the answer back
};

}  // namespace mdevsim
