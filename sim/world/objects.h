// The records of a host: what exists now. Ids of things that come and go are drawn from one counter
// and never reused, so an id that somebody still holds can never come to mean another object.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/uuid.h"
#include "sim/world/spec.h"

namespace mdevsim {

enum class InstanceId : std::uint32_t { none = 0 };
enum class TypeId : std::uint32_t {};  // a type of one parent: the parent's first_type + its index
enum class ParentId : std::uint32_t {
};  // an index that is never reused: each registration is a new parent
enum class FunctionId : std::uint32_t {
};  // index | generation << 16: a re-scanned function is a new object
enum class VirtualId : std::uint32_t {};
enum class DriverId : std::uint32_t {};
enum class ModuleId : std::uint32_t {};
enum class ClassId : std::uint32_t {};
enum class RootId : std::uint32_t {};
enum class BindingId : std::uint32_t {
  none = 0
};  // a vfio device, or a vfio group, of physical functions

template <typename Id>
constexpr std::uint32_t raw(Id id) {
  return static_cast<std::uint32_t>(id);
}

enum class BusKind : std::uint8_t { mdev = 0, pci = 1 };

struct Module {
  std::string name;
};

struct PciId {
  std::uint32_t vendor = 0;
  std::uint32_t device = 0;
  std::uint32_t subsystem_vendor = 0xffffffff;  // any
  std::uint32_t subsystem_device = 0xffffffff;
  std::uint32_t class_code = 0;
  std::uint32_t class_mask = 0;

  auto operator<=>(const PciId&) const = default;
};

struct Driver {
  BusKind bus = BusKind::pci;
  std::string name;
  ModuleId module{};
  std::vector<PciId> ids;          // what the driver was built for
  std::vector<PciId> dynamic_ids;  // through new_id
  bool vfio = false;               // a device bound to it is a VFIO device
};

struct Bar {
  BarSpec spec;
  std::uint64_t base = 0;
};

struct PciFunction {
  std::uint16_t generation = 0;
  bool present = true;     // false between `remove` and `rescan`
  bool unbinding = false;  // a blocked unbind: half gone
  PciFunctionSpec spec;
  RootId root{};
  std::optional<std::uint16_t> bridge;  // index of the function that leads to this bus
  std::uint32_t group = 0;              // number of its iommu group
  std::optional<DriverId> driver;
  DriverId last_driver{};  // names the links that go with an unbind
  std::string driver_override;
  std::optional<ParentId> parent;  // while it is registered as one
  std::vector<std::uint8_t> config;
  std::vector<Bar> bars;
  std::int32_t numa_node = -1;
  std::uint32_t enable_count = 0;
  // While bound to a VFIO driver:
  BindingId vfio_binding = BindingId::none;
  std::uint32_t vfio_number = 0;
  std::uint32_t holds = 0;
};

struct VirtualDevice {
  std::string class_name;
  std::string name;
  ClassId device_class{};
  std::optional<ParentId> parent;
};

struct PciRoot {
  std::uint16_t domain = 0;
  std::uint8_t bus = 0;
};

// An iommu group of physical functions; those of instances are derived from the instance.
struct IommuGroup {
  IommuGroupSpec spec;
  std::vector<std::uint16_t> members;        // indices of functions, present or not
  BindingId vfio_binding = BindingId::none;  // /dev/vfio/<number> exists
  std::uint32_t vfio_minor = 0;
  std::uint32_t vfio_users = 0;  // functions of it that are bound to VFIO drivers
};

struct Instance {
  Uuid uuid;
  TypeId type{};
  InstanceId previous = InstanceId::none;  // the list of the type's instances
  InstanceId next = InstanceId::none;
  std::uint32_t group = 0;
  std::uint32_t vfio_number = 0;
  std::uint32_t vfio_minor = 0;
  std::uint16_t holds = 0;
  bool bound : 1 = false;     // has its driver: group, vfio device and vendor files are there
  bool removing : 1 = false;  // a blocked `remove`: only what the kernel leaves is there
  bool unbinding : 1 = false;
  bool stuck : 1 = false;  // by a fault rule: its `remove` has gone, and it stays
};
static_assert(sizeof(Instance) == 44, "a million instances must fit in 64 MiB");

// A device that is registered with the mdev core.
struct Parent {
  std::shared_ptr<const ParentSpec> spec;
  std::uint32_t first_type = 0;  // TypeIds first_type … first_type + types - 1
  std::optional<std::uint16_t> function;
  std::optional<VirtualId> virtual_device;
  DriverId mdev_driver{};
  std::string type_prefix;  // dev_driver_string(): the types' directories are <prefix>-<id>
  bool registered = true;
  bool unregistering = false;
  std::uint32_t pool_used = 0;
  std::uint32_t instance_count = 0;

  struct TypeState {
    InstanceId first = InstanceId::none;
    std::uint32_t listed = 0;  // instances that exist
    std::uint32_t used = 0;    // instances that count against the limit: an unbound one does not
  };
  std::map<std::uint32_t, TypeState>
      types_in_use;  // by index; a type without instances has no entry
};

}  // namespace mdevsim
