// What VFIO adds: the device behind vfio-dev/, its group's character device, and the iommu groups.
#include <array>

#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/power.h"
#include "fusefs/sysfs/text.h"
#include "fusefs/sysfs/uevent_files.h"

namespace mdevsim::sysfs {
namespace {

// ---- vfio-dev/vfioN: the object is the instance, or the binding of a function ----
bool device_alive(const View& view) {
  if (const Instance* instance = view.state.instances.find(InstanceId(view.object()))) {
    const NodeId directory = view.other(Kind::instance, view.object(), instance_row::vfio_dev);
    return instance->bound && row_of(directory).visible(view.at(directory));
  }
  return view.state.function_of_binding.contains(view.object());
}
NodeId owner_node(const View& view) {
  const ObjectRef owner = vfio_device_facts(view.state, view.object())->owner;
  return view.other(owner.type == ObjectRef::Type::instance ? Kind::instance : Kind::pci_function,
                    owner.id);
}
NodeId device_holder(const View& view) {
  const NodeId owner = owner_node(view);
  return owner.at(owner.kind() == Kind::instance ? std::uint32_t{instance_row::vfio_dev}
                                                 : std::uint32_t{function_row::vfio_dev});
}
void device_name(const View& view, std::string& out) {
  put(out, "vfio{}", vfio_device_facts(view.state, view.object())->number);
}
NodeId device_class(const View& view) { return view.other(Kind::host, 0, host_row::vfio_dev); }
NodeId device_self(const View& view) { return view.node.at(vfio_device_row::self); }

constexpr auto kDeviceRows = concat(
    std::array<Row, 5>{
        directory_in(device_holder, device_name),
        link_in(device_class, device_name, device_self),
        link("device", 0, owner_node),
        link("subsystem", 0, device_class),
        read_write("uevent", 0, uevent_show<ObjectRef::Type::vfio_device>,
                   uevent_store<ObjectRef::Type::vfio_device>),
    },
    power_rows<ObjectRef::Type::vfio_device>(5));
static_assert(modes_match_callbacks(kDeviceRows));

// ---- /sys/devices/virtual/vfio/<group>: the object is the instance, or the binding of a group of
// functions ----
bool group_device_alive(const View& view) {
  if (const Instance* instance = view.state.instances.find(InstanceId(view.object())))
    return instance->bound;
  return view.state.group_of_binding.contains(view.object());
}
NodeId group_device_holder(const View& view) {
  return view.other(Kind::host, 0, host_row::virtual_vfio);
}
void group_device_name(const View& view, std::string& out) {
  put(out, "{}", vfio_group_facts(view.state, view.object())->number);
}
NodeId group_device_class(const View& view) { return view.other(Kind::host, 0, host_row::vfio); }
NodeId group_device_self(const View& view) { return view.node.at(vfio_group_row::self); }
Errc dev_show(const View& view, std::string& out) {
  return put(out, "{}:{}\n", kVfioMajor, vfio_group_facts(view.state, view.object())->minor);
}

constexpr auto kGroupDeviceRows = concat(
    std::array<Row, 5>{
        directory_in(group_device_holder, group_device_name),
        link_in(group_device_class, group_device_name, group_device_self),
        read_only("dev", 0, dev_show),
        link("subsystem", 0, group_device_class),
        read_write("uevent", 0, uevent_show<ObjectRef::Type::vfio_group>,
                   uevent_store<ObjectRef::Type::vfio_group>),
    },
    power_rows<ObjectRef::Type::vfio_group>(5));
static_assert(modes_match_callbacks(kGroupDeviceRows));

// ---- /sys/kernel/iommu_groups/<n>: the object is an instance, or a physical group's number,
// marked ----
bool is_physical(const View& view) { return (view.object() & kPhysical) != 0; }
bool is_emulated(const View& view) { return !is_physical(view); }
const IommuGroup& physical(const View& view) {
  return view.state.groups.at(view.object() & ~kPhysical);
}
bool group_alive(const View& view) {
  if (is_physical(view)) return view.state.groups.contains(view.object() & ~kPhysical);
  const Instance* instance = view.state.instances.find(InstanceId(view.object()));
  return instance != nullptr && instance->bound;
}
NodeId group_holder(const View& view) { return view.other(Kind::host, 0, host_row::iommu_groups); }
void group_name(const View& view, std::string& out) {
  put(out, "{}",
      is_physical(view) ? view.object() & ~kPhysical
                        : view.state.instance(InstanceId(view.object()))->group);
}
Errc name_show(const View&, std::string& out) { return put(out, "vfio-noiommu\n"); }
Errc type_show(const View& view, std::string& out) {
  return put(out, "{}\n", is_physical(view) ? physical(view).spec.type : "unknown");
}
// Changing it needs all devices of the group unbound and a default domain; an emulated group has
// none.
Result<Command> type_store(const View& view, std::string_view) {
  return is_physical(view) ? fail(Errc::busy, "devices of the group have drivers")
                           : fail(Errc::invalid, "no domain");
}
Errc reserved_regions_show(const View& view, std::string& out) {
  if (is_emulated(view)) return Errc::ok;
  for (const ReservedRegion& region : physical(view).spec.reserved_regions) {
    put(out, "0x{:016x} 0x{:016x} {}\n", region.first, region.last, region.type);
  }
  return Errc::ok;
}
void members_children(const View& view, const ChildSink& sink) {
  if (is_emulated(view)) {
    sink(view.state.instance(InstanceId(view.object()))->uuid.to_string(),
         view.other(Kind::instance, view.object(), instance_row::group_link));
    return;
  }
  for (const std::uint16_t member : physical(view).members) {
    const PciFunction& function = view.state.functions[member];
    if (!function.present) continue;
    sink(function.spec.address.to_string(),
         view.other(Kind::pci_function, raw(view.state.id_of(function)), function_row::group_link));
  }
}
bool members_find(const View& view, std::string_view wanted, NodeId& out) {
  bool found = false;
  members_children(view, [&](std::string_view child, NodeId node) {
    found = found || find_only(wanted, child, node, out);
  });
  return found;
}

constexpr Row kGroupRows[] = {
    directory_in(group_holder, group_name),
    with_children(directory("devices", iommu_group_row::self), members_children, members_find),
    read_only("name", iommu_group_row::self, name_show, is_emulated),
    read_only("reserved_regions", iommu_group_row::self, reserved_regions_show),
    read_write("type", iommu_group_row::self, type_show, type_store),
};
static_assert(modes_match_callbacks(kGroupRows));

}  // namespace

const Table kVfioDeviceTable = {kDeviceRows, device_alive};
const Table kVfioGroupTable = {kGroupDeviceRows, group_device_alive};
const Table kIommuGroupTable = {kGroupRows, group_alive};

}  // namespace mdevsim::sysfs
