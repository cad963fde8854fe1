#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "sim/base/limits.h"
#include "sim/config/read.h"

namespace mdevsim::config {
namespace {

using Kind = Value::Kind;

constexpr IntegerRange kId16 = {.most = 0xffff, .hex_digits = 4};
constexpr std::uint32_t kBridgeClass = 0x0604;  // class and subclass of a PCI bridge
constexpr std::uint32_t kVgaClass = 0x0300;
constexpr std::uint8_t kRomIndex = 6;
constexpr std::array<std::string_view, 7> kResetMethods = {
    "device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus"};

bool is_bridge(const PciFunctionSpec& spec) { return spec.class_code >> 8 == kBridgeClass; }

void read_bar_size(TableReader& table, BarSpec& bar) {
  const Member* size = table.take("size");
  Report& report = table.report();
  if (size == nullptr) return table.missing("size", "write size = \"16MiB\"");
  const Value& value = size->value;
  std::optional<std::uint64_t> bytes;
  if (value.kind == Kind::string) bytes = parse_size(value.text);
  if (value.kind == Kind::integer && value.integer >= 0)
    bytes = static_cast<std::uint64_t>(value.integer);
  const bool io = bar.kind == BarKind::io;
  const std::uint64_t least = bar.index == kRomIndex ? 2048 : io ? 4 : 16;
  const std::uint64_t most = io                              ? 65536
                             : bar.kind == BarKind::memory32 ? std::uint64_t{1} << 31
                                                             : kBarBytesMax;
  if (!bytes) {
    report.error(value.where, "this is no size",
                 "write bytes, or a string such as \"64KiB\", \"16MiB\" or \"1GiB\"");
  } else if (!std::has_single_bit(*bytes)) {
    report.error(value.where, "the size of a BAR is a power of two",
                 *bytes == 0
                     ? "write size = \"16MiB\""
                     : fmt::format("write a power of two, such as {}", std::bit_floor(*bytes)));
  } else if (*bytes < least || *bytes > most) {
    report.error(value.where, "the size does not suit this kind of BAR",
                 fmt::format("write {} to {} bytes", least, most));
  } else {
    bar.size = *bytes;
  }
}

void check_bar_base(const BarSpec& bar, const Value& table, Report& report) {
  const Member* base = table.find("base");
  if (base == nullptr || bar.base == 0 || bar.size == 0) return;
  const std::uint64_t top = bar.kind == BarKind::io         ? 0xffff
                            : bar.kind == BarKind::memory32 ? 0xffffffff
                                                            : INT64_MAX;
  if (bar.base % bar.size != 0) {
    report.error(base->value.where, "a BAR lies at a multiple of its size",
                 fmt::format("write {:#x}, or leave `base` out: then a place is found",
                             bar.base / bar.size * bar.size));
  } else if (bar.base > top || bar.size - 1 > top - bar.base) {
    report.error(base->value.where, "the BAR ends behind what this kind can address",
                 fmt::format("let it end at {:#x} or below, or leave `base` out", top));
  }
}

std::optional<BarSpec> read_bar(const Value& value, bool complete, Report& report) {
  TableReader table(value, "a BAR", complete, report);
  BarSpec bar;
  const bool indexed = table.integer("index", {.most = kRomIndex}, bar.index);
  if (value.find("index") == nullptr)
    table.missing("index", "write index = 0; 0 to 5, or 6 for the expansion ROM");
  if (const auto kind = table.text("kind", "kind = \"memory64\"")) {
    if (kind->value == "memory32")
      bar.kind = BarKind::memory32;
    else if (kind->value == "memory64")
      bar.kind = BarKind::memory64;
    else if (kind->value == "io")
      bar.kind = BarKind::io;
    else
      report.error(kind->where, "this is no kind of BAR",
                   "write \"memory32\", \"memory64\" or \"io\"");
    if (bar.index == kRomIndex && bar.kind != BarKind::memory32) {
      report.error(kind->where, "an expansion ROM is addressed with 32 bits", "leave `kind` out");
      bar.kind = BarKind::memory32;
    }
  }
  table.boolean("prefetchable", bar.prefetchable);
  if (bar.prefetchable && bar.kind == BarKind::io) {
    report.error(value.find("prefetchable")->where, "I/O ports cannot be prefetched",
                 "leave `prefetchable` out");
  }
  table.integer("base", {.least = 0}, bar.base);
  read_bar_size(table, bar);
  table.finish();
  check_bar_base(bar, value, report);
  if (!indexed || bar.size == 0) return std::nullopt;
  return bar;
}

// A 64-bit BAR takes the slot behind its own, too; a bridge has two slots.
void read_bars(const Member& member, bool complete, Report& report, PciFunctionSpec& spec) {
  std::array<bool, kRomIndex + 1> taken{};
  const unsigned slots = is_bridge(spec) ? 2 : kRomIndex;
  for (const Value& item : member.value.items) {
    if (item.kind != Kind::table) {
      report_kind(item, "an item of `bars`", Kind::table,
                  "bars = [ { index = 0, size = \"16MiB\" } ]", report);
      continue;
    }
    const auto bar = read_bar(item, complete, report);
    if (!bar) continue;
    const bool wide = bar->kind == BarKind::memory64;
    const unsigned last = bar->index + (wide ? 1U : 0U);
    if (bar->index != kRomIndex && last >= slots) {
      report.error(
          item.where, fmt::format("there is no BAR {} here", last),
          wide ? fmt::format("a 64-bit BAR takes two slots: its index is at most {}", slots - 2)
               : fmt::format("the index is at most {}: a bridge has two slots", slots - 1));
    } else if (taken[bar->index] || (wide && taken[last])) {
      report.error(item.where,
                   fmt::format("slot {} is taken already", taken[bar->index] ? bar->index : last),
                   "give each BAR an index of its own; a 64-bit BAR takes the next slot, too");
    } else {
      taken[bar->index] = true;
      if (wide) taken[last] = true;
      spec.bars.push_back(*bar);
    }
  }
  std::sort(spec.bars.begin(), spec.bars.end(),
            [](const BarSpec& a, const BarSpec& b) { return a.index < b.index; });
}

void read_reset_methods(const Member& member, Report& report, PciFunctionSpec& spec) {
  for (const Value& item : member.value.items) {
    if (item.kind != Kind::string) {
      report_kind(item, "an item of `reset_methods`", Kind::string,
                  "reset_methods = [\"flr\", \"bus\"]", report);
    } else if (std::find(kResetMethods.begin(), kResetMethods.end(), item.text) ==
               kResetMethods.end()) {
      report.error(item.where, "the kernel knows no reset method of this name",
                   "write " + list_of({kResetMethods.begin(), kResetMethods.end()}));
    } else if (std::find(spec.reset_methods.begin(), spec.reset_methods.end(), item.text) !=
               spec.reset_methods.end()) {
      report.error(item.where, "the reset method is there already", "remove one of them");
    } else {
      spec.reset_methods.push_back(item.text);
    }
  }
}

void read_identity(TableReader& table, const Value& value, PciFunctionSpec& spec) {
  struct Required {
    std::string_view key;
    std::string_view help;
  };
  static constexpr Required kRequired[] = {
      {"vendor", "write vendor = 0x10de; `lspci -n` shows it"},
      {"device", "write device = 0x1eb8; `lspci -n` shows it"},
      {"class", "write class = 0x030200; the file `class` in sysfs shows it"}};
  table.integer("vendor", {.most = 0xfffe, .hex_digits = 4}, spec.vendor);  // 0xffff: nothing there
  table.integer("device", kId16, spec.device);
  table.integer("class", {.most = 0xffffff, .hex_digits = 6}, spec.class_code);
  for (const Required& required : kRequired) {
    if (value.find(required.key) == nullptr) table.missing(required.key, required.help);
  }
  table.integer("subsystem_vendor", kId16, spec.subsystem_vendor);
  table.integer("subsystem_device", kId16, spec.subsystem_device);
  table.integer("revision", {.most = 0xff, .hex_digits = 2}, spec.revision);
}

void read_config_size(TableReader& table, PciFunctionSpec& spec) {
  const Member* size = table.take("config_size", Kind::integer, "config_size = 4096");
  if (size == nullptr) return;
  if (size->value.integer != 256 && size->value.integer != 4096) {
    table.report().error(size->value.where,
                         "a function's configuration space has 256 or 4096 bytes",
                         "write 256, or 4096 for PCI Express");
    return;
  }
  spec.config_bytes = static_cast<std::uint16_t>(size->value.integer);
}

void read_topology(TableReader& table, const Value& value, PciFunctionSpec& spec) {
  std::uint32_t group = 0;
  if (table.integer("iommu_group", {.most = kIommuGroupsMax - 1}, group)) spec.iommu_group = group;
  table.boolean("plugged", spec.plugged);
  table.integer("numa_node", {.least = -1, .most = kNumaNodesMax - 1}, spec.numa_node);
  table.integer("irq", {.most = 0x7fffffff}, spec.irq);
  std::uint8_t bus = 0;
  const bool leads =
      table.integer("secondary_bus", {.least = 1, .most = 0xff, .hex_digits = 2}, bus);
  if (leads) spec.secondary_bus = bus;
  const bool class_known = value.find("class") != nullptr;
  if (leads && class_known && !is_bridge(spec)) {
    table.report().error(value.find("secondary_bus")->where, "only a bridge leads to another bus",
                         "write class = 0x060400, or leave `secondary_bus` out");
  }
  if (class_known && is_bridge(spec) && value.find("secondary_bus") == nullptr) {
    table.missing("secondary_bus",
                  "a PCI bridge (class 0x0604…) leads to a bus: write secondary_bus = 1");
  }
}

}  // namespace

FunctionDraft read_function(const Member& member, bool complete, Report& report) {
  FunctionDraft draft;
  draft.address = Text(member.key, member.where);
  const Value& value = member.value;
  if (value.kind != Kind::table) {
    report_kind(value, fmt::format("`{}`", member.key), Kind::table,
                "[host.NAME.pci.\"0000:3b:00.0\"]", report);
    return draft;
  }
  TableReader table(value, "a PCI function", complete, report);
  PciFunctionSpec& spec = draft.spec;
  draft.repeat = table.repeat();
  read_identity(table, value, spec);
  read_config_size(table, spec);
  draft.driver = table.text("driver", "driver = \"nvidia\"");
  read_topology(table, value, spec);
  if (const Member* bars =
          table.take("bars", Kind::array, "bars = [ { index = 0, size = \"16MiB\" } ]"))
    read_bars(*bars, complete, report, spec);
  if (const Member* methods =
          table.take("reset_methods", Kind::array, "reset_methods = [\"flr\", \"bus\"]"))
    read_reset_methods(*methods, report, spec);
  table.boolean("boot_vga", spec.boot_vga);
  if (spec.boot_vga && value.find("class") != nullptr && spec.class_code >> 8 != kVgaClass) {
    report.error(value.find("boot_vga")->where,
                 "only a VGA controller (class 0x0300…) can be the boot display",
                 "write class = 0x030000, or leave `boot_vga` out");
  }
  draft.modelled = read_modelled(table, value, ModelOwner::function);
  draft.parent = read_parent(table);
  table.finish();
  if (draft.parent && !draft.driver && value.find("driver") == nullptr) {
    table.missing("driver",
                  "mdev_types come from a driver, and their directories bear its name: write "
                  "driver = \"nvidia\"");
  }
  return draft;
}

}  // namespace mdevsim::config
