// PCI functions, with the attributes of drivers/pci/pci-sysfs.c that clients read.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "fusefs/sysfs/interfaces/table.h"
#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/pci.h"
#include "fusefs/sysfs/power.h"
#include "fusefs/sysfs/text.h"
#include "fusefs/sysfs/uevent_files.h"
#include "sim/world/pci_config.h"

namespace mdevsim::sysfs {

std::string pci_modalias(const PciFunctionSpec& spec) {
  return fmt::format("pci:v{:08X}d{:08X}sv{:08X}sd{:08X}bc{:02X}sc{:02X}i{:02X}", spec.vendor,
                     spec.device, spec.subsystem_vendor, spec.subsystem_device,
                     spec.class_code >> 16, (spec.class_code >> 8) & 0xff, spec.class_code & 0xff);
}

namespace {

// The function even when it was just removed: effects still name it.
const PciFunction& function_of(const View& view) {
  return view.state.functions[view.object() & 0xffff];
}
FunctionId id_of(const View& view) { return FunctionId(view.object()); }

bool function_alive(const View& view) { return view.state.function(id_of(view)) != nullptr; }
NodeId function_holder(const View& view) {
  const PciFunction& function = function_of(view);
  if (!function.bridge) return view.other(Kind::pci_root, raw(function.root));
  return view.other(Kind::pci_function,
                    raw(view.state.id_of(view.state.functions[*function.bridge])));
}
void function_name(const View& view, std::string& out) {
  function_of(view).spec.address.append_to(out);
}
NodeId function_self(const View& view) { return view.node.at(function_row::self); }
NodeId bus_devices(const View& view) {
  return view.other(Kind::bus, static_cast<std::uint32_t>(BusKind::pci), bus_row::devices);
}
NodeId group_devices(const View& view) {
  return view.other(Kind::iommu_group, kPhysical | function_of(view).group,
                    iommu_group_row::devices);
}
NodeId driver_node(const View& view) {
  return view.other(Kind::driver, raw(function_of(view).last_driver));
}
NodeId mdev_bus(const View& view) { return view.other(Kind::host, 0, host_row::mdev_bus); }
bool has_driver(const View& view) {
  return function_of(view).driver && !function_of(view).unbinding;
}
bool is_parent(const View& view) { return function_of(view).parent.has_value(); }
bool is_vfio(const View& view) { return function_of(view).vfio_binding != BindingId::none; }
bool is_bridge(const View& view) { return function_of(view).spec.secondary_bus.has_value(); }
bool is_express(const View& view) { return function_of(view).spec.config_bytes == 4096; }
bool is_display(const View& view) { return (function_of(view).spec.class_code >> 8) == 0x0300; }
// Since 6.11.
bool has_reset_subordinate(const View& view) {
  return is_bridge(view) && view.state.kernel != KernelRelease::v6_1;
}
bool can_reset(const View& view) { return !function_of(view).spec.reset_methods.empty(); }

bool below_bridge(const View& view, const PciFunction& function) {
  return function.present && function.bridge == view.state.index_of(function_of(view));
}
void function_children(const View& view, const ChildSink& sink) {
  if (is_bridge(view)) {
    for (const PciFunction& function : view.state.functions) {
      if (!below_bridge(view, function)) continue;
      sink(function.spec.address.to_string(),
           view.other(Kind::pci_function, raw(view.state.id_of(function))));
    }
  }
  if (is_parent(view))
    parent_children(view, view.state.parents[raw(*function_of(view).parent)], sink);
  interfaces::children(view, sink);
}
bool function_find(const View& view, std::string_view name, NodeId& out) {
  const PciFunction* function = is_bridge(view) ? view.state.function_at(name) : nullptr;
  if (function != nullptr && below_bridge(view, *function)) {
    out = view.other(Kind::pci_function, raw(view.state.id_of(*function)));
    return true;
  }
  if (is_parent(view) &&
      parent_find(view, view.state.parents[raw(*function_of(view).parent)], name, out))
    return true;
  return interfaces::find(view, name, out);
}
std::uint32_t function_count(const View& view) {
  std::uint32_t count =
      is_parent(view) ? parent_subdirectories(view.state.parents[raw(*function_of(view).parent)])
                      : 0;
  count += interfaces::subdirectories(view);
  if (!is_bridge(view)) return count;
  for (const PciFunction& function : view.state.functions)
    count += below_bridge(view, function) ? 1U : 0U;
  return count;
}
NodeId vfio_node(const View& view) {
  return view.other(Kind::vfio_device, raw(function_of(view).vfio_binding));
}
NodeId own_bus(const View& view) {
  return view.other(Kind::pci_bus, kPhysical | (view.object() & 0xffff));
}

Errc vendor_show(const View& view, std::string& out) {
  return put(out, "0x{:04x}\n", function_of(view).spec.vendor);
}
Errc device_show(const View& view, std::string& out) {
  return put(out, "0x{:04x}\n", function_of(view).spec.device);
}
Errc subsystem_vendor_show(const View& view, std::string& out) {
  return put(out, "0x{:04x}\n", function_of(view).spec.subsystem_vendor);
}
Errc subsystem_device_show(const View& view, std::string& out) {
  return put(out, "0x{:04x}\n", function_of(view).spec.subsystem_device);
}
Errc class_show(const View& view, std::string& out) {
  return put(out, "0x{:06x}\n", function_of(view).spec.class_code);
}
Errc revision_show(const View& view, std::string& out) {
  return put(out, "0x{:02x}\n", function_of(view).spec.revision);
}
Errc irq_show(const View& view, std::string& out) {
  return put(out, "{}\n", function_of(view).spec.irq);
}
Errc modalias_show(const View& view, std::string& out) {
  return put(out, "{}\n", pci_modalias(function_of(view).spec));
}
Errc local_cpus_show(const View& view, std::string& out) {
  return put(out, "{}\n", pci_cpu_mask(view.state.cpus));
}
Errc local_cpulist_show(const View& view, std::string& out) {
  return put(out, "{}\n", pci_cpu_list(view.state.cpus));
}
Errc dma_mask_bits_show(const View&, std::string& out) { return put(out, "32\n"); }
Errc ari_enabled_show(const View& view, std::string& out) {
  return put(out, "{}\n", function_of(view).bridge && is_express(view) ? 1 : 0);
}
Errc power_state_show(const View& view, std::string& out) {
  return put(out, "{}\n", function_of(view).driver ? "D0" : "unknown");
}
Errc boot_vga_show(const View& view, std::string& out) {
  return put(out, "{}\n", function_of(view).spec.boot_vga ? 1 : 0);
}
Errc link_speed_show(const View&, std::string& out) { return put(out, "2.5 GT/s PCIe\n"); }
Errc link_width_show(const View&, std::string& out) { return put(out, "1\n"); }
Errc secondary_bus_number_show(const View& view, std::string& out) {
  return put(out, "{}\n", *function_of(view).spec.secondary_bus);
}
Errc numa_node_show(const View& view, std::string& out) {
  return put(out, "{}\n", function_of(view).numa_node);
}
Result<Command> numa_node_store(const View& view, std::string_view bytes) {
  TRY_SET(const std::int32_t node, parse_int(bytes));
  std::int32_t last = 0;  // the nodes that exist are those that some function is on, and the first
  for (const PciFunction& function : view.state.functions)
    last = std::max(last, function.spec.numa_node);
  if (node < -1 || node > last) return fail(Errc::invalid, "no such NUMA node");
  return SetNumaNode{id_of(view), node};
}
Errc enable_show(const View& view, std::string& out) {
  return put(out, "{}\n", function_of(view).enable_count);
}
Result<Command> enable_store(const View& view, std::string_view bytes) {
  TRY_SET(const std::uint64_t value, parse_unsigned(bytes));
  return EnableFunction{id_of(view), value != 0};
}
// Only what lies behind a bridge can lose its power.
Errc d3cold_allowed_show(const View& view, std::string& out) {
  const ObjectRef self{ObjectRef::Type::pci_function, view.object()};
  const bool behind_bridge = function_of(view).bridge.has_value();
  return put(out, "{}\n", view.state.knob(self, Knob::d3cold_allowed, behind_bridge) ? 1 : 0);
}
template <Knob kKnob, bool kInitial>
Errc knob_show(const View& view, std::string& out) {
  return put(
      out, "{}\n",
      view.state.knob({ObjectRef::Type::pci_function, view.object()}, kKnob, kInitial) ? 1 : 0);
}
template <Knob kKnob>
Result<Command> knob_store(const View& view, std::string_view bytes) {
  TRY_SET(const std::uint64_t value, parse_unsigned(bytes));
  return SetKnob{{ObjectRef::Type::pci_function, view.object()}, kKnob, value != 0};
}
Errc driver_override_show(const View& view, std::string& out) {
  const std::string& name = function_of(view).driver_override;
  return put(out, "{}\n", name.empty() ? "(null)" : name);
}
Result<Command> driver_override_store(const View& view, std::string_view bytes) {
  TRY_SET(std::string name, parse_driver_override(bytes));
  return SetDriverOverride{id_of(view), std::move(name)};
}
Result<Command> remove_store(const View& view, std::string_view bytes) {
  TRY_SET(const std::uint64_t value, parse_unsigned(bytes));
  return value != 0 ? Command(RemoveFunction{id_of(view)}) : Command(Nothing{});
}
Result<Command> reset_store(const View&, std::string_view bytes) {
  TRY_SET(const std::uint64_t value, parse_unsigned(bytes));
  if (value != 1) return fail(Errc::invalid, "only 1 resets");
  return Nothing{};
}
Errc reset_method_show(const View& view, std::string& out) {
  return put(out, "{}\n", fmt::join(function_of(view).spec.reset_methods, " "));
}
Result<Command> reset_method_store(const View& view, std::string_view bytes) {
  const std::string_view name = parse_name(bytes);
  const auto& methods = function_of(view).spec.reset_methods;
  const bool known = name.empty() || name == "default" ||
                     std::find(methods.begin(), methods.end(), name) != methods.end();
  if (!known) return fail(Errc::invalid, "the function has no such reset method");
  return Nothing{};
}

const Bar* bar_at(const View& view, std::uint8_t index) {
  for (const Bar& bar : function_of(view).bars) {
    if (bar.spec.index == index) return &bar;
  }
  return nullptr;
}
// Six BARs, the ROM, six of SR-IOV, and the four windows of a bridge (closed here).
Errc resource_show(const View& view, std::string& out) {
  const std::uint8_t lines = is_bridge(view) ? 17 : 13;
  for (std::uint8_t i = 0; i < lines; ++i) {
    const Bar* bar = bar_at(view, i);
    const std::uint64_t first = bar == nullptr ? 0 : bar->base;
    const std::uint64_t last = bar == nullptr ? 0 : bar->base + bar->spec.size - 1;
    const std::uint64_t flags = bar == nullptr ? 0 : resource_flags(*bar);
    put(out, "0x{:016x} 0x{:016x} 0x{:016x}\n", first, last, flags);
  }
  return Errc::ok;
}
template <std::uint8_t kIndex>
bool has_bar(const View& view) {
  return bar_at(view, kIndex) != nullptr;
}
template <std::uint8_t kIndex>
bool has_prefetchable_bar(const View& view) {
  const Bar* bar = bar_at(view, kIndex);
  return bar != nullptr && bar->spec.prefetchable && kIndex < 6;
}
template <std::uint8_t kIndex>
std::uint64_t bar_size(const View& view) {
  return bar_at(view, kIndex)->spec.size;
}
// Memory BARs can only be mapped in the kernel, which FUSE cannot do.
Errc bar_read(const View&, std::uint64_t, std::size_t, const Caller&, std::string&) {
  return Errc::io;
}

std::uint64_t config_size(const View& view) { return function_of(view).spec.config_bytes; }
// Only root sees more than the standard header.
Errc config_read(const View& view, std::uint64_t offset, std::size_t size, const Caller& caller,
                 std::string& out) {
  const std::vector<std::uint8_t>& config = function_of(view).config;
  const std::size_t visible = caller.uid == 0 ? config.size() : 64;
  if (offset >= visible) return Errc::ok;
  const std::size_t count = std::min<std::size_t>(size, visible - offset);
  out.append(reinterpret_cast<const char*>(config.data()) + offset, count);
  return Errc::ok;
}
Result<Command> config_write(const View& view, std::string_view bytes, std::uint64_t offset) {
  if (offset >= function_of(view).config.size())
    return fail(Errc::file_too_big, "behind the configuration space");
  return WriteConfig{id_of(view), offset, std::string(bytes)};
}
constexpr Row config_file() {
  return {.name = "config",
          .parent = 0,
          .mode = 0644,
          .file = FileKind::binary,
          .size = config_size,
          .read = config_read,
          .write = config_write};
}
template <std::uint8_t kIndex>
constexpr Row bar_file(std::string_view name, bool (*visible)(const View&)) {
  return {.name = name,
          .parent = 0,
          .mode = 0600,
          .file = FileKind::binary,
          .visible = visible,
          .size = bar_size<kIndex>,
          .read = bar_read};
}

constexpr Row mode(Row row, std::uint16_t bits) {
  row.mode = bits;
  return row;
}

constexpr auto kFunctionFiles = std::to_array<Row>({
    read_only("ari_enabled", 0, ari_enabled_show),
    read_only("boot_vga", 0, boot_vga_show, is_display),
    read_write("broken_parity_status", 0, knob_show<Knob::broken_parity_status, false>,
               knob_store<Knob::broken_parity_status>),
    read_only("class", 0, class_show),
    config_file(),
    read_only("consistent_dma_mask_bits", 0, dma_mask_bits_show),
    read_only("current_link_speed", 0, link_speed_show, is_express),
    read_only("current_link_width", 0, link_width_show, is_express),
    read_write("d3cold_allowed", 0, d3cold_allowed_show, knob_store<Knob::d3cold_allowed>),
    read_only("device", 0, device_show),
    read_only("dma_mask_bits", 0, dma_mask_bits_show),
    link("driver", 0, driver_node, has_driver),
    read_write("driver_override", 0, driver_override_show, driver_override_store),
    read_write("enable", 0, enable_show, enable_store),
    link("iommu_group", 0,
         [](const View& view) {
           return view.other(Kind::iommu_group, kPhysical | function_of(view).group);
         }),
    read_only("irq", 0, irq_show),
    directory("link", 0),
    read_only("local_cpulist", 0, local_cpulist_show),
    read_only("local_cpus", 0, local_cpus_show),
    read_only("max_link_speed", 0, link_speed_show, is_express),
    read_only("max_link_width", 0, link_width_show, is_express),
    read_only("modalias", 0, modalias_show),
    read_write("msi_bus", 0, knob_show<Knob::msi_bus, true>, knob_store<Knob::msi_bus>),
    read_write("numa_node", 0, numa_node_show, numa_node_store),
    read_only("power_state", 0, power_state_show),
    mode(write_only("remove", 0, remove_store), 0220),
    write_only("rescan", 0, pci_rescan_store),
    write_only("reset", 0, reset_store, can_reset),
    write_only("reset_subordinate", 0, reset_store, has_reset_subordinate),
    read_write("reset_method", 0, reset_method_show, reset_method_store, can_reset),
    read_only("resource", 0, resource_show),
    bar_file<0>("resource0", has_bar<0>),
    bar_file<1>("resource1", has_bar<1>),
    bar_file<2>("resource2", has_bar<2>),
    bar_file<3>("resource3", has_bar<3>),
    bar_file<4>("resource4", has_bar<4>),
    bar_file<5>("resource5", has_bar<5>),
    bar_file<0>("resource0_wc", has_prefetchable_bar<0>),
    bar_file<1>("resource1_wc", has_prefetchable_bar<1>),
    bar_file<2>("resource2_wc", has_prefetchable_bar<2>),
    bar_file<3>("resource3_wc", has_prefetchable_bar<3>),
    bar_file<4>("resource4_wc", has_prefetchable_bar<4>),
    bar_file<5>("resource5_wc", has_prefetchable_bar<5>),
    bar_file<6>("rom", has_bar<6>),
    read_only("revision", 0, revision_show),
    link("subsystem", 0,
         [](const View& view) {
           return view.other(Kind::bus, static_cast<std::uint32_t>(BusKind::pci));
         }),
    read_only("secondary_bus_number", 0, secondary_bus_number_show, is_bridge),
    read_only("subordinate_bus_number", 0, secondary_bus_number_show, is_bridge),
    read_only("subsystem_device", 0, subsystem_device_show),
    read_only("subsystem_vendor", 0, subsystem_vendor_show),
    read_write("uevent", 0, uevent_show<ObjectRef::Type::pci_function>,
               uevent_store<ObjectRef::Type::pci_function>),
    read_only("vendor", 0, vendor_show),
});

constexpr auto kFunctionHead = std::to_array<Row>({
    with_children(directory_in(function_holder, function_name), function_children, function_find,
                  function_count),
    link_in(bus_devices, function_name, function_self),
    link_in(group_devices, function_name, function_self),
    link_in(driver_node, function_name, function_self, has_driver),
    link_in(mdev_bus, function_name, function_self, is_parent),
    with_children(directory("vfio-dev", 0, is_vfio), only_child<vfio_node>,
                  only_child_find<vfio_node>, one_subdirectory),
    with_children(directory("pci_bus", 0, is_bridge), only_child<own_bus>, only_child_find<own_bus>,
                  one_subdirectory),
});
static_assert(kFunctionHead.size() == function_row::first_file);

constexpr auto kFunctionRows =
    concat(concat(kFunctionHead, kFunctionFiles),
           power_rows<ObjectRef::Type::pci_function>(
               static_cast<std::uint8_t>(kFunctionHead.size() + kFunctionFiles.size())));
static_assert(kFunctionRows.size() < 128, "a row number has seven bits");
static_assert(modes_match_callbacks(kFunctionRows));

}  // namespace

const Table kPciFunctionTable = {kFunctionRows, function_alive};

}  // namespace mdevsim::sysfs
