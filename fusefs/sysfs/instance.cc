// A mediated device: the files of drivers/vfio/mdev/mdev_sysfs.c and of its vendor's driver.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "fusefs/sysfs/interfaces/table.h"
#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/power.h"
#include "fusefs/sysfs/uevent_files.h"

namespace mdevsim::sysfs {
namespace {

InstanceId id_of(const View& view) { return InstanceId(view.object()); }
// Also the one that this very change removed: effects still name it.
const Instance& instance_of(const View& view) { return *view.state.instance(id_of(view)); }
const Parent& parent_of(const View& view) { return *view.state.parent_of(instance_of(view).type); }

bool alive(const View& view) { return view.state.exists(id_of(view)); }
NodeId holder(const View& view) { return device_node(view, parent_of(view)); }
void name(const View& view, std::string& out) { instance_of(view).uuid.append_to(out); }
NodeId self(const View& view) { return view.node.at(instance_row::self); }

// While a removal or an unbind waits for the device's users, the kernel has taken down all but what
// the driver holds.
bool stays(const View& view) { return !instance_of(view).removing; }
bool can_be_removed(const View& view) { return stays(view) && !instance_of(view).stuck; }
bool is_typed(const View& view) { return stays(view) && view.state.is_typed(id_of(view)); }
bool has_driver(const View& view) {
  const Instance& instance = instance_of(view);
  return instance.bound && !instance.removing && !instance.unbinding;
}
bool has_group(const View& view) { return instance_of(view).bound; }
bool has_vfio_device(const View& view) {
  return has_driver(view) || (instance_of(view).bound && view.state.kernel == KernelRelease::v6_1);
}

NodeId mdev_bus(const View& view) {
  return view.other(Kind::bus, static_cast<std::uint32_t>(BusKind::mdev));
}
NodeId bus_devices(const View& view) { return mdev_bus(view).at(bus_row::devices); }
NodeId type_node(const View& view) {
  return view.other(Kind::mdev_type, raw(instance_of(view).type));
}
NodeId type_devices(const View& view) { return type_node(view).at(type_row::devices); }
NodeId driver_node(const View& view) {
  return view.other(Kind::driver, raw(parent_of(view).mdev_driver));
}
NodeId group_node(const View& view) { return view.other(Kind::iommu_group, view.object()); }
NodeId group_devices(const View& view) { return group_node(view).at(iommu_group_row::devices); }

NodeId vfio_node(const View& view) { return view.other(Kind::vfio_device, view.object()); }

Result<Command> remove_store(const View& view, std::string_view bytes) {
  const auto value = parse_unsigned(bytes);
  if (!value)
    return fail(Errc::invalid,
                "not a number");  // remove_store makes every error of kstrtoul EINVAL
  return *value != 0 ? Command(Remove{id_of(view)}) : Command(Nothing{});
}

// ---- the vendor's files: a directory per group, the index of its first file is the group's ----
const std::vector<VendorAttribute>& attributes_of(const View& view) {
  return view.state.spec_of(instance_of(view).type).attributes;
}
bool first_of_group(const std::vector<VendorAttribute>& attributes, std::size_t i) {
  return std::none_of(
      attributes.begin(), attributes.begin() + static_cast<std::ptrdiff_t>(i),
      [&](const VendorAttribute& earlier) { return earlier.group == attributes[i].group; });
}
void groups_children(const View& view, const ChildSink& sink) {
  if (!has_driver(view)) return;
  const auto& attributes = attributes_of(view);
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (first_of_group(attributes, i)) {
      sink(attributes[i].group,
           view.node.at(instance_row::attribute_group, static_cast<std::uint32_t>(i)));
    }
  }
}
bool groups_find(const View& view, std::string_view wanted, NodeId& out) {
  bool found = false;
  groups_children(view, [&](std::string_view child, NodeId node) {
    found = found || find_only(wanted, child, node, out);
  });
  return found;
}
std::uint32_t groups_count(const View& view) {
  std::uint32_t count = 0;
  groups_children(view, [&](std::string_view, NodeId) { ++count; });
  return count;
}
NodeId group_holder(const View& view) { return self(view); }
void group_name(const View& view, std::string& out) {
  out += attributes_of(view)[view.node.index()].group;
}
void files_children(const View& view, const ChildSink& sink) {
  const auto& attributes = attributes_of(view);
  const std::string& group = attributes[view.node.index()].group;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (attributes[i].group == group) {
      sink(attributes[i].name,
           view.node.at(instance_row::attribute, static_cast<std::uint32_t>(i)));
    }
  }
}
bool files_find(const View& view, std::string_view wanted, NodeId& out) {
  bool found = false;
  files_children(view, [&](std::string_view child, NodeId node) {
    found = found || find_only(wanted, child, node, out);
  });
  return found;
}
NodeId file_holder(const View& view) {
  const auto& attributes = attributes_of(view);
  std::uint32_t first = 0;
  while (attributes[first].group != attributes[view.node.index()].group) ++first;
  return view.node.at(instance_row::attribute_group, first);
}
void file_name(const View& view, std::string& out) {
  out += attributes_of(view)[view.node.index()].name;
}
void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}
Errc file_show(const View& view, std::string& out) {
  std::string text = attributes_of(view)[view.node.index()].text;
  replace_all(text, "{uuid}", instance_of(view).uuid.to_string());
  const Parent& parent = parent_of(view);
  replace_all(
      text, "{type}",
      view.state.type_directory(parent, view.state.index_of(parent, instance_of(view).type)));
  out += text;
  out += '\n';
  return Errc::ok;
}
// The vendor's directories and the files of proposed interfaces.
void own_children(const View& view, const ChildSink& sink) {
  groups_children(view, sink);
  interfaces::children(view, sink);
}
bool own_find(const View& view, std::string_view wanted, NodeId& out) {
  return groups_find(view, wanted, out) || interfaces::find(view, wanted, out);
}
std::uint32_t own_subdirectories(const View& view) {
  return groups_count(view) + interfaces::subdirectories(view);
}

constexpr Row vendor_group() {
  Row row = with_children(directory_in(group_holder, group_name), files_children, files_find);
  row.visible = has_driver;
  return row;
}
constexpr Row vendor_file() {
  Row row = read_only("", kNoParent, file_show, has_driver);
  row.holder = file_holder;
  row.name_of = file_name;
  return row;
}

constexpr auto kHead = std::to_array<Row>({
    with_children(directory_in(holder, name), own_children, own_find, own_subdirectories),
    link_in(bus_devices, name, self, stays),
    link_in(type_devices, name, self, is_typed),
    link_in(driver_node, name, self, has_driver),
    link_in(group_devices, name, self, has_group),
    with_children(directory("vfio-dev", 0, has_vfio_device), only_child<vfio_node>,
                  only_child_find<vfio_node>, one_subdirectory),
    vendor_group(),
    vendor_file(),
});
static_assert(kHead.size() == instance_row::first_file);

constexpr auto kFiles = std::to_array<Row>({
    link("driver", 0, driver_node, has_driver),
    link("iommu_group", 0, group_node, has_group),
    link("mdev_type", 0, type_node, is_typed),
    write_only("remove", 0, remove_store, can_be_removed),
    link("subsystem", 0, mdev_bus, stays),
    read_write("uevent", 0, uevent_show<ObjectRef::Type::instance>,
               uevent_store<ObjectRef::Type::instance>, stays),
});

constexpr auto kRows = concat(concat(kHead, kFiles),
                              power_rows<ObjectRef::Type::instance>(
                                  static_cast<std::uint8_t>(kHead.size() + kFiles.size()), stays));
static_assert(modes_match_callbacks(kRows));

}  // namespace

const Table kInstanceTable = {kRows, alive};

}  // namespace mdevsim::sysfs
