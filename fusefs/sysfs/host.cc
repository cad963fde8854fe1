// The fixed directories of a host, and the directory above several hosts.
#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/parse.h"

#include <charconv>

namespace mdevsim::sysfs {
namespace {

bool always(const View&) { return true; }
bool has_mdev_bus(const View& view) { return view.state.mdev_bus_class; }
bool has_vfio(const View& view) { return view.state.has_mdev || !view.state.functions.empty(); }
bool has_pci(const View& view) { return !view.state.functions.empty(); }
NodeId no_holder(const View& view) { return view.node; }

std::optional<std::uint32_t> parse_number(std::string_view name) {
  std::uint32_t number = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc{} || stop != end || (name.size() > 1 && name[0] == '0'))
    return std::nullopt;
  return number;
}

// ---- /sys/bus ----
void bus_children(const View& view, const ChildSink& sink) {
  if (view.state.has_mdev)
    sink("mdev", view.other(Kind::bus, static_cast<std::uint32_t>(BusKind::mdev)));
  if (has_pci(view)) sink("pci", view.other(Kind::bus, static_cast<std::uint32_t>(BusKind::pci)));
}
bool bus_find(const View& view, std::string_view name, NodeId& out) {
  bool found = false;
  bus_children(view, [&](std::string_view child, NodeId node) {
    found = found || find_only(name, child, node, out);
  });
  return found;
}
std::uint32_t bus_count(const View& view) {
  return (view.state.has_mdev ? 1U : 0U) + (has_pci(view) ? 1U : 0U);
}

// ---- /sys/class, /sys/devices/virtual ----
template <std::uint32_t kRow>
void classes_children(const View& view, const ChildSink& sink) {
  for (std::uint32_t i = 0; i < view.state.classes.size(); ++i) {
    sink(view.state.classes[i], view.other(Kind::device_class, i, kRow));
  }
}
template <std::uint32_t kRow>
bool classes_find(const View& view, std::string_view name, NodeId& out) {
  for (std::uint32_t i = 0; i < view.state.classes.size(); ++i) {
    if (find_only(name, view.state.classes[i], view.other(Kind::device_class, i, kRow), out))
      return true;
  }
  return false;
}
std::uint32_t classes_count(const View& view) {
  return static_cast<std::uint32_t>(view.state.classes.size());
}

// ---- /sys/devices ----
void roots_children(const View& view, const ChildSink& sink) {
  for (std::uint32_t i = 0; i < view.state.roots.size(); ++i) {
    const NodeId root_node = view.other(Kind::pci_root, i);
    std::string name;
    row_of(root_node).name_of(view.at(root_node), name);
    sink(name, root_node);
  }
}
bool roots_find(const View& view, std::string_view name, NodeId& out) {
  bool found = false;
  roots_children(view, [&](std::string_view child, NodeId node) {
    found = found || find_only(name, child, node, out);
  });
  return found;
}
std::uint32_t roots_count(const View& view) {
  return static_cast<std::uint32_t>(view.state.roots.size());
}

// ---- /sys/kernel/iommu_groups ----
bool group_present(const State& state, const IommuGroup& group) {
  for (const std::uint16_t member : group.members) {
    if (state.functions[member].present) return true;
  }
  return false;
}
void groups_children(const View& view, const ChildSink& sink) {
  for (const auto& [number, group] : view.state.groups) {
    if (group_present(view.state, group))
      sink(std::to_string(number), view.other(Kind::iommu_group, kPhysical | number));
  }
  view.state.instances.for_each([&](InstanceId id, const Instance& instance) {
    if (instance.bound)
      sink(std::to_string(instance.group), view.other(Kind::iommu_group, raw(id)));
  });
}
bool groups_find(const View& view, std::string_view name, NodeId& out) {
  const auto number = parse_number(name);
  if (!number) return false;
  const auto physical = view.state.groups.find(*number);
  if (physical != view.state.groups.end()) {
    out = view.other(Kind::iommu_group, kPhysical | *number);
    return group_present(view.state, physical->second);
  }
  const InstanceId id = view.state.instances.find_group(*number);
  out = view.other(Kind::iommu_group, raw(id));
  return id != InstanceId::none;
}
std::uint32_t groups_count(const View& view) {
  std::uint32_t count = view.state.bound_instances;
  for (const auto& [number, group] : view.state.groups)
    count += group_present(view.state, group) ? 1U : 0U;
  return count;
}

// ---- /sys/module ----
void modules_children(const View& view, const ChildSink& sink) {
  for (std::uint32_t i = 0; i < view.state.modules.size(); ++i)
    sink(view.state.modules[i].name, view.other(Kind::module, i));
}
bool modules_find(const View& view, std::string_view name, NodeId& out) {
  const auto known = view.state.module_named(name);
  if (known) out = view.other(Kind::module, raw(*known));
  return known.has_value();
}
std::uint32_t modules_count(const View& view) {
  return static_cast<std::uint32_t>(view.state.modules.size());
}

// ---- /sys/class/mdev_bus: a link for each registered parent ----
NodeId parent_link(const View& view, const Parent& parent) {
  const NodeId device = device_node(view, parent);
  return parent.function ? device.at(function_row::class_link)
                         : device.at(virtual_row::mdev_bus_link);
}
std::string_view parent_name(const State& state, const Parent& parent, std::string& buffer) {
  if (!parent.function) return state.virtual_devices[raw(*parent.virtual_device)].name;
  buffer = state.functions[*parent.function].spec.address.to_string();
  return buffer;
}
void mdev_bus_children(const View& view, const ChildSink& sink) {
  std::string buffer;
  for (const Parent& parent : view.state.parents) {
    if (parent.registered) sink(parent_name(view.state, parent, buffer), parent_link(view, parent));
  }
}
bool mdev_bus_find(const View& view, std::string_view name, NodeId& out) {
  if (const PciFunction* function = view.state.function_at(name)) {
    if (!function->parent) return false;
    out = parent_link(view, view.state.parents[raw(*function->parent)]);
    return true;
  }
  for (const VirtualDevice& device : view.state.virtual_devices) {
    if (device.name != name || !device.parent) continue;
    out = parent_link(view, view.state.parents[raw(*device.parent)]);
    return true;
  }
  return false;
}

// ---- /sys/class/vfio-dev, /sys/class/vfio, /sys/devices/virtual/vfio ----
void each_vfio_device(const View& view, std::uint32_t row, const ChildSink& sink) {
  for (const auto& [number, function] : view.state.function_of_vfio) {
    const std::uint32_t owner = raw(view.state.functions[function].vfio_binding);
    sink("vfio" + std::to_string(number), view.other(Kind::vfio_device, owner, row));
  }
  view.state.instances.for_each([&](InstanceId id, const Instance& instance) {
    if (instance.bound)
      sink("vfio" + std::to_string(instance.vfio_number),
           view.other(Kind::vfio_device, raw(id), row));
  });
}
void vfio_devices_children(const View& view, const ChildSink& sink) {
  each_vfio_device(view, vfio_device_row::class_link, sink);
}
bool vfio_devices_find(const View& view, std::string_view name, NodeId& out) {
  if (!name.starts_with("vfio")) return false;
  const auto number = parse_number(name.substr(4));
  if (!number) return false;
  std::uint32_t owner = raw(view.state.instances.find_vfio(*number));
  const auto function = view.state.function_of_vfio.find(*number);
  if (function != view.state.function_of_vfio.end())
    owner = raw(view.state.functions[function->second].vfio_binding);
  out = view.other(Kind::vfio_device, owner, vfio_device_row::class_link);
  return owner != 0;
}

template <std::uint32_t kRow>
void vfio_groups_children(const View& view, const ChildSink& sink) {
  for (const auto& [binding, number] : view.state.group_of_binding) {
    sink(std::to_string(number), view.other(Kind::vfio_group, binding, kRow));
  }
  view.state.instances.for_each([&](InstanceId id, const Instance& instance) {
    if (instance.bound)
      sink(std::to_string(instance.group), view.other(Kind::vfio_group, raw(id), kRow));
  });
}
template <std::uint32_t kRow>
bool vfio_groups_find(const View& view, std::string_view name, NodeId& out) {
  const auto number = parse_number(name);
  if (!number) return false;
  std::uint32_t owner = raw(view.state.instances.find_group(*number));
  const auto physical = view.state.groups.find(*number);
  if (physical != view.state.groups.end()) owner = raw(physical->second.vfio_binding);
  out = view.other(Kind::vfio_group, owner, kRow);
  return owner != 0;
}
std::uint32_t vfio_groups_count(const View& view) {
  return static_cast<std::uint32_t>(view.state.group_of_binding.size()) +
         view.state.bound_instances;
}

// ---- /sys/class/pci_bus ----
void pci_buses_children(const View& view, const ChildSink& sink) {
  const auto add = [&](std::uint32_t object) {
    const NodeId node = view.other(Kind::pci_bus, object, pci_bus_row::class_link);
    std::string name;
    row_of(node).name_of(view.at(node), name);
    sink(name, node);
  };
  for (std::uint32_t i = 0; i < view.state.roots.size(); ++i) add(i);
  for (const PciFunction& function : view.state.functions) {
    if (function.present && function.spec.secondary_bus)
      add(kPhysical | view.state.index_of(function));
  }
}
bool pci_buses_find(const View& view, std::string_view name, NodeId& out) {
  bool found = false;
  pci_buses_children(view, [&](std::string_view child, NodeId node) {
    found = found || find_only(name, child, node, out);
  });
  return found;
}

// ---- /sys/kernel/mdevsim/devices ----
void simulated_children(const View& view, const ChildSink& sink) {
  for (const PciFunction& function : view.state.functions) {
    if (function.present) {
      sink(function.spec.address.to_string(),
           view.other(Kind::simulated_device, kPhysical | view.state.index_of(function)));
    }
  }
  view.state.instances.for_each([&](InstanceId id, const Instance& instance) {
    sink(instance.uuid.to_string(), view.other(Kind::simulated_device, raw(id)));
  });
}
bool simulated_find(const View& view, std::string_view name, NodeId& out) {
  if (const PciFunction* function = view.state.function_at(name)) {
    out = view.other(Kind::simulated_device, kPhysical | view.state.index_of(*function));
    return true;
  }
  const auto uuid = Uuid::parse(name);
  if (!uuid || uuid->to_string() != name) return false;
  const InstanceId id = view.state.instances.find_uuid(*uuid);
  out = view.other(Kind::simulated_device, raw(id));
  return id != InstanceId::none;
}
std::uint32_t simulated_count(const View& view) {
  return static_cast<std::uint32_t>(view.state.functions.size()) + view.state.instances.size();
}

// ---- /sys/kernel/debug/vfio ----
void debug_vfio_children(const View& view, const ChildSink& sink) {
  simulated_children(view, [&](std::string_view name, NodeId node) {
    const NodeId shown(node.host(), Kind::vfio_debug, node.object());
    if (is_in_debug_vfio(view.at(shown))) sink(name, shown);
  });
}
bool debug_vfio_find(const View& view, std::string_view name, NodeId& out) {
  if (!simulated_find(view, name, out)) return false;
  out = NodeId(out.host(), Kind::vfio_debug, out.object());
  return is_in_debug_vfio(view.at(out));
}
std::uint32_t debug_vfio_count(const View& view) {
  std::uint32_t count = 0;
  debug_vfio_children(view, [&](std::string_view, NodeId) { ++count; });
  return count;
}

void root_name(const View& view, std::string& out) { out += view.state.name; }

constexpr Row root_row() {
  Row row = directory_in(no_holder, root_name);
  row.mode = 0555;
  return row;
}

// ---- /sys/kernel/mdevsim/faults: a rule a line ----
Errc faults_read(const View& view, std::uint64_t offset, std::size_t size, const Caller&,
                 std::string& out) {
  const std::string text = view.state.faults.text();
  if (offset < text.size()) out.append(text, offset, size);
  return Errc::ok;
}
Result<Command> faults_store(const View&, std::string_view bytes) {
  TRY_SET(ChangeFaults change, parse_faults(bytes));
  return Command(std::move(change));
}
constexpr Row faults_file(std::uint8_t parent) {
  return {.name = "faults",
          .parent = parent,
          .mode = 0644,
          .file = FileKind::stream,
          .store = faults_store,
          .read = faults_read};
}

// Read by whoever serves the requests: they are no part of the host.
constexpr Row request_log(std::string_view name, std::uint8_t parent) {
  return {.name = name, .parent = parent, .mode = 0444, .file = FileKind::requests};
}

constexpr Row kRows[] = {
    root_row(),
    with_children(directory("bus", host_row::root), bus_children, bus_find, bus_count),
    with_children(directory("class", host_row::root), classes_children<class_row::self>,
                  classes_find<class_row::self>, classes_count),
    with_children(directory("devices", host_row::root), roots_children, roots_find, roots_count),
    with_children(directory("virtual", host_row::devices), classes_children<class_row::glue>,
                  classes_find<class_row::glue>, classes_count),
    directory("kernel", host_row::root),
    with_children(directory("iommu_groups", host_row::kernel), groups_children, groups_find,
                  groups_count),
    with_children(directory("module", host_row::root), modules_children, modules_find,
                  modules_count),
    with_children(directory("mdev_bus", host_row::device_class, has_mdev_bus), mdev_bus_children,
                  mdev_bus_find),
    with_children(directory("vfio-dev", host_row::device_class, has_vfio), vfio_devices_children,
                  vfio_devices_find),
    with_children(directory("vfio", host_row::device_class, has_vfio),
                  vfio_groups_children<vfio_group_row::class_link>,
                  vfio_groups_find<vfio_group_row::class_link>),
    with_children(directory("pci_bus", host_row::device_class, has_pci), pci_buses_children,
                  pci_buses_find),
    with_children(directory("vfio", host_row::devices_virtual, has_vfio),
                  vfio_groups_children<vfio_group_row::self>,
                  vfio_groups_find<vfio_group_row::self>, vfio_groups_count),
    directory("mdevsim", host_row::kernel),
    with_children(directory("devices", host_row::mdevsim), simulated_children, simulated_find,
                  simulated_count),
    request_log("trace", host_row::mdevsim),
    faults_file(host_row::mdevsim),
    directory("debug", host_row::kernel, has_debug_vfio),
    with_children(directory("vfio", host_row::debug), debug_vfio_children, debug_vfio_find,
                  debug_vfio_count),
};
static_assert(std::size(kRows) == host_row::count);
static_assert(modes_match_callbacks(kRows));

constexpr Row kForestRows[] = {root_row()};

}  // namespace

const Table kHostTable = {kRows, always};
const Table kForestTable = {kForestRows, always};

}  // namespace mdevsim::sysfs
