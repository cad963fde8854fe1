// The rows that other kinds refer to, by name. Each enumeration is the order of its kind's table.
#pragma once

#include <cstdint>

#include "fusefs/sysfs/table.h"

namespace mdevsim::sysfs {

// Objects of physical functions and of instances share some kinds; the first are marked.
inline constexpr std::uint32_t kPhysical = 0x8000'0000;

namespace host_row {
enum : std::uint8_t {
  root,
  bus,
  device_class,
  devices,
  devices_virtual,
  kernel,
  iommu_groups,
  module,
  mdev_bus,
  vfio_dev,
  vfio,
  pci_bus,
  virtual_vfio,
  mdevsim,
  mdevsim_devices,
  trace,
  faults,
  debug,
  debug_vfio,
  count
};
}
namespace bus_row {
enum : std::uint8_t { self, devices, drivers };
}
namespace class_row {
enum : std::uint8_t { self, glue };  // /sys/class/mtty, /sys/devices/virtual/mtty
}
namespace function_row {
enum : std::uint8_t {
  self,
  bus_link,
  group_link,
  driver_link,
  class_link,
  vfio_dev,
  pci_bus,
  first_file
};
}
namespace virtual_row {
enum : std::uint8_t { self, class_link, mdev_bus_link, first_file };
}
namespace type_row {
enum : std::uint8_t { self, devices };
}
namespace instance_row {
enum : std::uint8_t {
  self,
  bus_link,
  type_link,
  driver_link,
  group_link,
  vfio_dev,
  attribute_group,
  attribute,
  first_file
};
}
namespace vfio_device_row {
enum : std::uint8_t { self, class_link, first_file };
}
namespace vfio_group_row {
enum : std::uint8_t { self, class_link, first_file };
}
namespace pci_bus_row {
enum : std::uint8_t { self, class_link, first_file };
}
namespace pci_root_row {
enum : std::uint8_t { self, pci_bus, first_file };
}
namespace simulated_device_row {
enum : std::uint8_t { self, device, hold, configuration, modinfo };
}
namespace iommu_group_row {
enum : std::uint8_t { self, devices };
}

extern const Table kForestTable, kHostTable, kBusTable, kDriverTable, kModuleTable,
    kDeviceClassTable, kPciRootTable, kPciBusTable, kPciFunctionTable, kVirtualDeviceTable,
    kMdevTypesTable, kMdevTypeTable, kInstanceTable, kVfioDeviceTable, kIommuGroupTable,
    kVfioGroupTable, kSimulatedDeviceTable, kVfioDebugTable, kInterfacesTable;

// /sys/kernel/mdevsim/trace, of any host.
constexpr bool is_request_log(NodeId node) {
  return node.kind() == Kind::host && node.row() == host_row::trace;
}

// /sys/kernel/mdevsim/faults too: the files by which the simulator itself is worked, which no fault
// strikes.
constexpr bool is_simulators_own(NodeId node) {
  return is_request_log(node) || (node.kind() == Kind::host && node.row() == host_row::faults);
}

// The node of an object of the driver model.
NodeId node_of(std::uint32_t host, const State& state, const ObjectRef& object);

// ---- what several kinds share
// ----------------------------------------------------------------------------------------

// The instances of a parent, and its mdev_supported_types, as entries of its directory.
void parent_children(const View& view, const Parent& parent, const ChildSink& sink);
bool parent_find(const View& view, const Parent& parent, std::string_view name, NodeId& out);
std::uint32_t parent_subdirectories(const Parent& parent);
NodeId device_node(const View& view, const Parent& parent);

// Whether the kernel has /sys/kernel/debug/vfio (since 6.8), and something to show there.
bool has_debug_vfio(const View& view);
// Whether a device has a directory there. The view is of its node.
bool is_in_debug_vfio(const View& view);

// A child that is the only one of its directory.
inline bool find_only(std::string_view wanted, std::string_view name, NodeId node, NodeId& out) {
  if (wanted != name) return false;
  out = node;
  return true;
}

// The entries of a directory that always holds one child directory, such as vfio-dev/.
template <NodeId (*kChild)(const View&)>
void only_child(const View& view, const ChildSink& sink) {
  const NodeId child = kChild(view);
  std::string name;
  row_of(child).name_of(view.at(child), name);
  sink(name, child);
}
template <NodeId (*kChild)(const View&)>
bool only_child_find(const View& view, std::string_view name, NodeId& out) {
  std::string own;
  row_of(kChild(view)).name_of(view.at(kChild(view)), own);
  return find_only(name, own, kChild(view), out);
}
inline std::uint32_t one_subdirectory(const View&) { return 1; }

}  // namespace mdevsim::sysfs
