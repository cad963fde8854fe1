// PCI roots and buses, with the attributes of drivers/pci/probe.c and pci-sysfs.c.
#include <array>

#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/pci.h"
#include "fusefs/sysfs/power.h"
#include "fusefs/sysfs/text.h"
#include "fusefs/sysfs/uevent_files.h"

namespace mdevsim::sysfs {

std::string pci_cpu_mask(std::uint32_t cpus) {
  return fmt::format("{:x}", cpus >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << cpus) - 1);
}

std::string pci_cpu_list(std::uint32_t cpus) {
  return cpus == 1 ? "0" : fmt::format("0-{}", cpus - 1);
}

Result<Command> pci_rescan_store(const View&, std::string_view bytes) {
  TRY_SET(const std::uint64_t value, parse_unsigned(bytes));
  return value != 0 ? Command(Rescan{}) : Command(Nothing{});
}

namespace {

// ---- roots ----
bool root_alive(const View& view) { return view.object() < view.state.roots.size(); }
NodeId root_holder(const View& view) { return view.other(Kind::host, 0, host_row::devices); }
void root_name(const View& view, std::string& out) {
  const PciRoot& root = view.state.roots[view.object()];
  out += "pci";
  append_bus_name(root.domain, root.bus, out);
}
bool below_root(const View& view, const PciFunction& function) {
  return function.present && !function.bridge && raw(function.root) == view.object();
}
void root_children(const View& view, const ChildSink& sink) {
  for (const PciFunction& function : view.state.functions) {
    if (below_root(view, function)) {
      sink(function.spec.address.to_string(),
           view.other(Kind::pci_function, raw(view.state.id_of(function))));
    }
  }
}
bool root_find(const View& view, std::string_view name, NodeId& out) {
  const PciFunction* function = view.state.function_at(name);
  if (function == nullptr || !below_root(view, *function)) return false;
  out = view.other(Kind::pci_function, raw(view.state.id_of(*function)));
  return true;
}
std::uint32_t root_count(const View& view) {
  std::uint32_t count = 0;
  for (const PciFunction& function : view.state.functions)
    count += below_root(view, function) ? 1U : 0U;
  return count;
}
NodeId root_bus(const View& view) { return view.other(Kind::pci_bus, view.object()); }

constexpr auto kRootRows = concat(
    std::array<Row, 3>{
        with_children(directory_in(root_holder, root_name), root_children, root_find, root_count),
        with_children(directory("pci_bus", 0), only_child<root_bus>, only_child_find<root_bus>,
                      one_subdirectory),
        read_write("uevent", 0, uevent_show<ObjectRef::Type::pci_root>,
                   uevent_store<ObjectRef::Type::pci_root>),
    },
    power_rows<ObjectRef::Type::pci_root>(3));
static_assert(modes_match_callbacks(kRootRows));

// ---- buses: below a root, or below the bridge that leads to them ----
bool behind_bridge(const View& view) { return (view.object() & kPhysical) != 0; }
const PciFunction& bridge_of(const View& view) {
  return view.state.functions[view.object() & 0xffff];
}
bool bus_alive(const View& view) {
  if (!behind_bridge(view)) return view.object() < view.state.roots.size();
  return (view.object() & 0xffff) < view.state.functions.size() && bridge_of(view).present;
}
NodeId bridge_node(const View& view) {
  return view.other(Kind::pci_function, raw(view.state.id_of(bridge_of(view))));
}
NodeId bus_holder(const View& view) {
  if (behind_bridge(view)) return bridge_node(view).at(function_row::pci_bus);
  return view.other(Kind::pci_root, view.object(), pci_root_row::pci_bus);
}
void bus_name(const View& view, std::string& out) {
  if (behind_bridge(view)) {
    const PciFunctionSpec& bridge = bridge_of(view).spec;
    append_bus_name(bridge.address.domain, *bridge.secondary_bus, out);
    return;
  }
  const PciRoot& root = view.state.roots[view.object()];
  append_bus_name(root.domain, root.bus, out);
}
NodeId bus_device(const View& view) {
  return behind_bridge(view) ? bridge_node(view) : view.other(Kind::pci_root, view.object());
}
NodeId bus_class(const View& view) { return view.other(Kind::host, 0, host_row::pci_bus); }
NodeId bus_self(const View& view) { return view.node.at(pci_bus_row::self); }
Errc cpuaffinity_show(const View& view, std::string& out) {
  return put(out, "{}\n", pci_cpu_mask(view.state.cpus));
}
Errc cpulistaffinity_show(const View& view, std::string& out) {
  return put(out, "{}\n", pci_cpu_list(view.state.cpus));
}
constexpr auto kBusRows = concat(
    std::array<Row, 8>{
        directory_in(bus_holder, bus_name),
        link_in(bus_class, bus_name, bus_self),
        read_only("cpuaffinity", 0, cpuaffinity_show),
        read_only("cpulistaffinity", 0, cpulistaffinity_show),
        link("device", 0, bus_device),
        write_only("rescan", 0, pci_rescan_store),
        link("subsystem", 0, bus_class),
        read_write("uevent", 0, uevent_show<ObjectRef::Type::pci_bus>,
                   uevent_store<ObjectRef::Type::pci_bus>),
    },
    power_rows<ObjectRef::Type::pci_bus>(8));
static_assert(modes_match_callbacks(kBusRows));

}  // namespace

const Table kPciRootTable = {kRootRows, root_alive};
const Table kPciBusTable = {kBusRows, bus_alive};

}  // namespace mdevsim::sysfs
