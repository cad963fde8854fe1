#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/base/limits.h"
#include "sim/config/read.h"

namespace mdevsim::config {
namespace {

using Kind = Value::Kind;

HostDraft& draft_of(const Member& member, Drafts& drafts) {
  const auto [known, is_new] = drafts.host_by_name.emplace(member.key, drafts.hosts.size());
  if (is_new) {
    drafts.hosts.emplace_back();
    drafts.hosts.back().name = Text(member.key, member.where);
  }
  return drafts.hosts[known->second];
}

// The keys that describe the host itself come from one file, however many speak of its devices.
void own_key(std::string_view key, const Value& table, Report& report, HostDraft& host) {
  const Member* member = table.find(key);
  if (member == nullptr) return;
  for (const auto& [name, place] : host.own_keys) {
    if (name != key) continue;
    report.error(member->where,
                 fmt::format("`{}` of this host is set already, at {}", key, report.place(place)),
                 "remove one of them");
    return;
  }
  host.own_keys.emplace_back(std::string(key), member->where);
}

void read_kernel(TableReader& table, HostDraft& host) {
  const auto kernel = table.text("kernel", "kernel = \"6.12\", with quotes");
  if (!kernel) return;
  if (kernel->value == "6.1") {
    host.kernel = KernelRelease::v6_1;
  } else if (kernel->value == "6.12") {
    host.kernel = KernelRelease::v6_12;
  } else {
    table.report().error(kernel->where, "this kernel is not simulated",
                         "write \"6.1\" or \"6.12\", whichever is nearer");
  }
}

std::vector<std::pair<std::uint16_t, std::uint16_t>> read_ids(const Member& member, bool complete,
                                                              Report& report) {
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ids;
  if (member.value.items.size() > kDriverIdsMax) {
    report.error(member.where, fmt::format("a driver can list at most {} ids", kDriverIdsMax),
                 "remove some of them");
    return ids;
  }
  for (const Value& item : member.value.items) {
    constexpr std::string_view kExample = "ids = [ { vendor = 0x10de, device = 0x1eb8 } ]";
    if (item.kind != Kind::table) {
      report_kind(item, "an item of `ids`", Kind::table, kExample, report);
      continue;
    }
    TableReader table(item, "an id", complete, report);
    std::pair<std::uint16_t, std::uint16_t> id;
    const bool vendor = table.integer("vendor", {.most = 0xffff, .hex_digits = 4}, id.first);
    const bool device = table.integer("device", {.most = 0xffff, .hex_digits = 4}, id.second);
    table.finish();
    for (const std::string_view key : {"vendor", "device"}) {
      if (item.find(key) == nullptr) table.missing(key, fmt::format("write {}", kExample));
    }
    if (!vendor || !device) continue;
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) {
      report.error(item.where, "the id is there already", "remove one of them");
    } else {
      ids.push_back(id);
    }
  }
  return ids;
}

void read_driver(const Member& member, bool complete, Report& report, HostDraft& host) {
  TableReader table(member.value, "a driver", complete, report);
  DriverDraft driver;
  driver.name = Text(member.key, member.where);
  driver.module = table.text("module", "module = \"vfio_pci\"");
  if (const Member* ids =
          table.take("ids", Kind::array, "ids = [ { vendor = 0x10de, device = 0x1eb8 } ]"))
    driver.ids = read_ids(*ids, complete, report);
  table.finish();
  host.drivers.push_back(std::move(driver));
}

void read_virtual(const Member& member, bool complete, Report& report, HostDraft& host) {
  TableReader table(member.value, "a virtual device", complete, report);
  VirtualDraft device;
  device.path = Text(member.key, member.where);
  device.repeat = table.repeat();
  device.parent = read_parent(table);
  table.finish();
  host.virtual_devices.push_back(std::move(device));
}

std::optional<ReservedRegion> read_region(const Value& value, bool complete, Report& report) {
  static constexpr std::string_view kTypes[] = {"direct", "direct-relaxable", "reserved", "msi"};
  constexpr std::string_view kExample = "{ first = 0xfee00000, last = 0xfeefffff, type = \"msi\" }";
  if (value.kind != Kind::table) {
    report_kind(value, "an item of `reserved_regions`", Kind::table, kExample, report);
    return std::nullopt;
  }
  TableReader table(value, "a reserved region", complete, report);
  ReservedRegion region;
  const bool first = table.integer("first", {}, region.first);
  const bool last = table.integer("last", {}, region.last);
  const auto type = table.text("type", "type = \"msi\"");
  table.finish();
  for (const std::string_view key : {"first", "last", "type"}) {
    if (value.find(key) == nullptr) table.missing(key, fmt::format("write {}", kExample));
  }
  if (first && last && region.last < region.first) {
    report.error(value.find("last")->value.where, "the region ends before it begins",
                 "exchange `first` and `last`; both are part of it");
    return std::nullopt;
  }
  if (!first || !last || !type) return std::nullopt;
  if (std::find(std::begin(kTypes), std::end(kTypes), type->value) == std::end(kTypes)) {
    report.error(type->where, "the kernel knows no such type of region",
                 "write " + list_of({std::begin(kTypes), std::end(kTypes)}));
    return std::nullopt;
  }
  region.type = type->value;
  return region;
}

void read_group(const Member& member, bool complete, Report& report, HostDraft& host) {
  static constexpr std::string_view kTypes[] = {"DMA", "DMA-FQ", "identity", "blocked"};
  TableReader table(member.value, "an iommu group", complete, report);
  GroupDraft group;
  group.where = member.where;
  group.spec.number = UINT32_MAX;
  const std::string& key = member.key;
  const auto [stop, error] =
      std::from_chars(key.data(), key.data() + key.size(), group.spec.number);
  const bool numbered = error == std::errc{} && stop == key.data() + key.size() &&
                        group.spec.number < kIommuGroupsMax;
  if (!numbered) {
    report.error(member.where, fmt::format("`{}` is no number of an iommu group", key),
                 "write a number, as in [host.NAME.iommu_group.\"7\"]");
  }
  if (const auto type = table.text("type", "type = \"DMA-FQ\"")) {
    if (std::find(std::begin(kTypes), std::end(kTypes), type->value) == std::end(kTypes)) {
      report.error(type->where, "the kernel shows no such type of a group",
                   "write " + list_of({std::begin(kTypes), std::end(kTypes)}));
    } else {
      group.spec.type = type->value;
    }
  }
  const Member* regions = table.take(
      "reserved_regions", Kind::array,
      "reserved_regions = [ { first = 0xfee00000, last = 0xfeefffff, type = \"msi\" } ]");
  if (regions == nullptr) {
    group.spec.reserved_regions = {
        {0xfee00000, 0xfeefffff, "msi"}};  // where an x86 machine's interrupts go
  } else {
    for (const Value& item : regions->value.items) {
      if (auto region = read_region(item, complete, report))
        group.spec.reserved_regions.push_back(std::move(*region));
    }
  }
  table.finish();
  if (numbered) host.groups.push_back(std::move(group));
}

// The tables below a host that hold one table for each device.
template <typename Read>
void read_each(TableReader& host, std::string_view key, std::string_view example,
               const Read& read) {
  const Member* tables = host.take(key, Kind::table, example);
  if (tables == nullptr) return;
  for (const Member& member : tables->value.members) {
    if (member.value.kind == Kind::table) {
      read(member);
    } else {
      report_kind(member.value, fmt::format("`{}`", member.key), Kind::table, example,
                  host.report());
    }
  }
}

void read_state_memory(TableReader& table, HostDraft& host) {
  const Member* memory = table.take("state_memory");
  if (memory == nullptr) return;
  std::optional<std::uint64_t> bytes;
  if (memory->value.kind == Kind::string) bytes = parse_size(memory->value.text);
  if (bytes) {
    host.state_memory_bytes = *bytes;
  } else {
    table.report().error(memory->value.where, "this is no size",
                         "write a string such as \"512MiB\" or \"16GiB\"");
  }
}

void read_host(const Member& member, bool complete, Report& report, HostDraft& host) {
  const Value& value = member.value;
  for (const std::string_view key : {"kernel", "cpus", "repeat", "state_memory"})
    own_key(key, value, report, host);
  TableReader table(value, "a host", complete, report);
  read_kernel(table, host);
  table.integer("cpus", {.least = 1, .most = kCpusMax}, host.cpus);
  read_state_memory(table, host);
  if (const auto repeat = table.repeat()) host.repeat = repeat;
  read_each(table, "pci", "[host.NAME.pci.\"0000:3b:00.0\"]",
            [&](const Member& m) { host.functions.push_back(read_function(m, complete, report)); });
  read_each(table, "virtual", "[host.NAME.virtual.\"mtty/mtty\"]",
            [&](const Member& m) { read_virtual(m, complete, report, host); });
  read_each(table, "driver", "[host.NAME.driver.\"vfio-pci\"]",
            [&](const Member& m) { read_driver(m, complete, report, host); });
  read_each(table, "iommu_group", "[host.NAME.iommu_group.\"7\"]",
            [&](const Member& m) { read_group(m, complete, report, host); });
  table.finish();
}

}  // namespace

std::vector<Text> read_includes(const Document& document, Report& report) {
  std::vector<Text> paths;
  constexpr std::string_view kExample = "include = [\"common.toml\"]";
  const Member* include = document.root.find("include");
  if (include == nullptr) return paths;
  const auto add = [&](const Value& value) {
    if (value.kind != Kind::string)
      return report_kind(value, "what `include` names", Kind::string, kExample, report);
    paths.emplace_back(value.text, value.where);
  };
  if (include->value.kind == Kind::array) {
    for (const Value& item : include->value.items) add(item);
  } else {
    add(include->value);
  }
  return paths;
}

void read_tables(const Document& document, Drafts& drafts, Report& report) {
  drafts.complete = drafts.complete && document.complete;
  TableReader root(document.root, "a host file", document.complete, report);
  root.take("include");
  const Member* hosts = root.take("host", Kind::table, "[host.NAME]");
  const Member* models = root.take("model", Kind::table, "[model.\"vendor-a.com/my-nic\"]");
  const Member* faults = root.take("fault", Kind::array, "[[fault]], with two brackets");
  root.finish();
  if (faults != nullptr) read_faults(*faults, document.complete, drafts, report);
  if (models != nullptr) read_models(*models, document.complete, drafts, report);
  if (hosts == nullptr) return;
  for (const Member& member : hosts->value.members) {
    if (member.value.kind != Kind::table) {
      report_kind(member.value, fmt::format("`{}`", member.key), Kind::table, "[host.NAME]",
                  report);
      continue;
    }
    read_host(member, document.complete, report, draft_of(member, drafts));
  }
}

}  // namespace mdevsim::config
