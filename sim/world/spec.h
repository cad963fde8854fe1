// What a host file says about a host: plain records, filled by sim/config, never changed
// afterwards. World::build turns a HostSpec into the mutable state. Specs that `repeat` multiplies
// are shared, so a thousand equal parents cost one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/errc.h"
#include "sim/base/uuid.h"
#include "sim/model/catalog.h"
#include "sim/model/fault_rule.h"
#include "sim/world/modelled.h"
#include "sim/world/pci_address.h"

namespace mdevsim {

// Where kernels differ in what sysfs shows.
enum class KernelRelease : std::uint8_t { v6_1, v6_12 };

// A read-only file that the vendor's driver adds to every instance of a type, such as
// vendor/resolution.
struct VendorAttribute {
  std::string group;  // the directory: "vendor"
  std::string name;   // the file: "resolution"
  std::string text;   // shown with a newline behind it; {uuid} and {type} are replaced
};

// Instances that exist from the start: one named uuid, or `count` uuids drawn from `seed`, each
// with a configuration of its own, or what its type makes.
struct InstanceSpec {
  std::optional<Uuid> uuid;
  std::uint32_t count = 1;
  std::uint64_t seed = 0;
  ConfigurationPtr configuration = nullptr;  // null: what the type makes
  std::uint32_t units = 1;                   // of a type that aggregates, each
};

struct TypeSpec {
  std::string id;                          // the directory is <driver>-<id>
  std::string name;                        // the text of `name`; defaults to what the kernel shows
  std::optional<std::string> description;  // no file when absent, as in the kernel
  std::string device_api = "vfio-pci";
  std::optional<std::uint32_t> max_instances;  // a count of the type's own, of units when they are
                                               // aggregated; EUSERS when reached, or `exhausted`
  Errc exhausted = Errc::users;
  std::uint32_t units = 0;  // taken from the parent's pool by each instance; 0 without a pool
  std::vector<VendorAttribute> attributes;
  std::vector<InstanceSpec> instances;
  std::shared_ptr<const ModelledSpec> modelled;  // null: a type without a device model
};

// A capacity that all types of a parent share (mtty's ports, mbochs' memory, mdpy's device count).
struct PoolSpec {
  std::uint32_t units = 0;
  Errc exhausted =
      Errc::no_space;  // EUSERS: the mdev core's counter; ENOSPC: the driver's own accounting
};

struct ParentSpec {
  std::vector<TypeSpec> types;  // in the file's order; ids are unique
  std::vector<std::uint32_t>
      types_by_id;  // indices of `types` in the order of their ids: index_types()
  std::optional<PoolSpec> pool;
  std::string
      mdev_driver;  // the directory in /sys/bus/mdev/drivers; defaults to the parent's driver
};

// Fills `types_by_id`: the last thing that is done to a parent's types before a world is built.
void index_types(ParentSpec& parent);

// The index of the type with this id. A parent may have ten thousand types, and each name that a
// client looks up asks for one.
std::optional<std::uint32_t> find_type(const ParentSpec& parent, std::string_view id);

enum class BarKind : std::uint8_t { memory32, memory64, io };

struct BarSpec {
  std::uint8_t index = 0;  // 0 to 5, or 6 for the expansion ROM
  BarKind kind = BarKind::memory32;
  bool prefetchable = false;
  std::uint64_t base = 0;  // 0: assigned by World::build
  std::uint64_t size = 0;  // a power of two
};

struct PciFunctionSpec {
  PciAddress address;
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint16_t subsystem_vendor = 0;
  std::uint16_t subsystem_device = 0;
  std::uint32_t class_code = 0;  // 24 bits: 0x030200
  std::uint8_t revision = 0;
  std::uint16_t config_bytes = 256;  // 256, or 4096 for PCI Express
  std::string driver;                // bound at the start; empty: none
  std::optional<std::uint32_t>
      iommu_group;  // default: a group of its own, numbered in address order
  std::int32_t numa_node = -1;
  std::uint32_t irq = 0;
  std::optional<std::uint8_t> secondary_bus;  // a bridge: functions on that bus live below it
  std::vector<BarSpec> bars;
  std::vector<std::string> reset_methods;  // "flr", "pm", "bus"; empty: no reset file
  bool boot_vga = false;
  bool plugged = true;                           // false: found by the first rescan
  std::shared_ptr<const ParentSpec> parent;      // mdev_types; null: not a parent
  std::shared_ptr<const ModelledSpec> modelled;  // of the function itself; null: no device model
};

// A device without a bus, such as the kernel's sample parents: /sys/devices/virtual/<class>/<name>.
struct VirtualDeviceSpec {
  std::string class_name;
  std::string name;
  std::shared_ptr<const ParentSpec> parent;  // null: not a parent
};

// A PCI driver with no device at the start, or whose module has another name.
struct DriverSpec {
  std::string name;
  std::string module;  // default: the name with '-' as '_'
  std::vector<std::pair<std::uint16_t, std::uint16_t>>
      ids;  // vendor, device; matched beside the bound functions' own
};

struct ReservedRegion {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::string type;  // "msi", "direct", "direct-relaxable", "reserved"
};

struct IommuGroupSpec {
  std::uint32_t number = 0;
  std::string type = "DMA-FQ";
  std::vector<ReservedRegion> reserved_regions;
};

struct HostSpec {
  std::string name;
  std::shared_ptr<const model::Catalog> catalog;  // owns the models; null when nothing has one
  KernelRelease kernel = KernelRelease::v6_12;
  std::uint64_t state_memory_bytes = std::uint64_t{16} << 30;  // of all its devices together
  std::uint32_t cpus = 2;                                      // for local_cpus and local_cpulist
  std::vector<PciFunctionSpec> functions;                      // sorted by address, unique
  std::vector<VirtualDeviceSpec> virtual_devices;
  std::vector<DriverSpec> drivers;
  std::vector<IommuGroupSpec> iommu_groups;  // what differs from the default
  std::vector<model::FaultRule> faults;      // what goes wrong from the start; see fault_plan.h
};

}  // namespace mdevsim
