// Buses, their drivers, and the drivers' modules.
#include <fmt/format.h>

#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/pci.h"
#include "fusefs/sysfs/uevent_files.h"

namespace mdevsim::sysfs {
namespace {

BusKind bus_of(const View& view) { return static_cast<BusKind>(view.object()); }
bool is_pci_bus(const View& view) { return bus_of(view) == BusKind::pci; }
const Driver& driver_of(const View& view) { return view.state.drivers[view.object()]; }
bool is_pci_driver(const View& view) { return driver_of(view).bus == BusKind::pci; }
const char* bus_name(BusKind bus) { return bus == BusKind::mdev ? "mdev" : "pci"; }

// ---- the bus ----
bool bus_alive(const View& view) {
  return is_pci_bus(view) ? !view.state.functions.empty() : view.state.has_mdev;
}
NodeId bus_holder(const View& view) { return view.other(Kind::host, 0, host_row::bus); }
void bus_name_of(const View& view, std::string& out) { out += bus_name(bus_of(view)); }

void devices_children(const View& view, const ChildSink& sink) {
  if (is_pci_bus(view)) {
    for (const PciFunction& function : view.state.functions) {
      if (!function.present) continue;
      sink(function.spec.address.to_string(),
           view.other(Kind::pci_function, raw(view.state.id_of(function)), function_row::bus_link));
    }
    return;
  }
  view.state.instances.for_each([&](InstanceId id, const Instance& instance) {
    if (!instance.removing)
      sink(instance.uuid.to_string(), view.other(Kind::instance, raw(id), instance_row::bus_link));
  });
}
bool devices_find(const View& view, std::string_view name, NodeId& out) {
  if (is_pci_bus(view)) {
    const PciFunction* function = view.state.function_at(name);
    if (function != nullptr) {
      out =
          view.other(Kind::pci_function, raw(view.state.id_of(*function)), function_row::bus_link);
    }
    return function != nullptr;
  }
  const auto uuid = Uuid::parse(name);
  if (!uuid || uuid->to_string() != name) return false;
  const InstanceId id = view.state.instances.find_uuid(*uuid);
  if (id == InstanceId::none || view.state.instance(id)->removing) return false;
  out = view.other(Kind::instance, raw(id), instance_row::bus_link);
  return true;
}

void drivers_children(const View& view, const ChildSink& sink) {
  for (std::uint32_t i = 0; i < view.state.drivers.size(); ++i) {
    if (view.state.drivers[i].bus == bus_of(view))
      sink(view.state.drivers[i].name, view.other(Kind::driver, i));
  }
}
bool drivers_find(const View& view, std::string_view name, NodeId& out) {
  const auto known = view.state.driver_named(bus_of(view), name);
  if (known) out = view.other(Kind::driver, raw(*known));
  return known.has_value();
}
std::uint32_t drivers_count(const View& view) {
  std::uint32_t count = 0;
  for (const Driver& driver : view.state.drivers) count += driver.bus == bus_of(view) ? 1U : 0U;
  return count;
}

Errc drivers_autoprobe_show(const View& view, std::string& out) {
  out += view.state.autoprobe[view.object()] ? "1\n" : "0\n";
  return Errc::ok;
}
// bus.c looks at the first character alone.
Result<Command> drivers_autoprobe_store(const View& view, std::string_view bytes) {
  return SetAutoprobe{bus_of(view), !bytes.starts_with('0')};
}
Result<Command> drivers_probe_store(const View& view, std::string_view bytes) {
  return ProbeDevice{bus_of(view), std::string(parse_name(bytes))};
}
Errc resource_alignment_show(const View&, std::string&) { return Errc::ok; }
Result<Command> resource_alignment_store(const View&, std::string_view) { return Nothing{}; }

constexpr Row kBusRows[] = {
    directory_in(bus_holder, bus_name_of),
    with_children(directory("devices", bus_row::self), devices_children, devices_find),
    with_children(directory("drivers", bus_row::self), drivers_children, drivers_find,
                  drivers_count),
    read_write("drivers_autoprobe", bus_row::self, drivers_autoprobe_show, drivers_autoprobe_store),
    write_only("drivers_probe", bus_row::self, drivers_probe_store),
    write_only("uevent", bus_row::self, uevent_store<ObjectRef::Type::bus>),
    write_only("rescan", bus_row::self, pci_rescan_store, is_pci_bus),
    read_write("resource_alignment", bus_row::self, resource_alignment_show,
               resource_alignment_store, is_pci_bus),
    directory("slots", bus_row::self, is_pci_bus),
};
static_assert(modes_match_callbacks(kBusRows));

// ---- a driver ----
bool driver_alive(const View& view) { return view.object() < view.state.drivers.size(); }
NodeId driver_holder(const View& view) {
  return view.other(Kind::bus, static_cast<std::uint32_t>(driver_of(view).bus), bus_row::drivers);
}
void driver_name_of(const View& view, std::string& out) { out += driver_of(view).name; }
NodeId module_target(const View& view) {
  return view.other(Kind::module, raw(driver_of(view).module));
}

void driver_children(const View& view, const ChildSink& sink) {
  if (is_pci_driver(view)) {
    for (const PciFunction& function : view.state.functions) {
      if (!function.present || function.driver != DriverId(view.object()) || function.unbinding)
        continue;
      sink(function.spec.address.to_string(),
           view.other(Kind::pci_function, raw(view.state.id_of(function)),
                      function_row::driver_link));
    }
    return;
  }
  view.state.instances.for_each([&](InstanceId id, const Instance& instance) {
    const NodeId node = view.other(Kind::instance, raw(id), instance_row::driver_link);
    if (view.state.parent_of(instance.type)->mdev_driver == DriverId(view.object()) &&
        row_of(node).visible(view.at(node))) {
      sink(instance.uuid.to_string(), node);
    }
  });
}
bool driver_find(const View& view, std::string_view name, NodeId& out) {
  if (is_pci_driver(view)) {
    const PciFunction* function = view.state.function_at(name);
    if (function == nullptr || function->driver != DriverId(view.object()) || function->unbinding)
      return false;
    out =
        view.other(Kind::pci_function, raw(view.state.id_of(*function)), function_row::driver_link);
    return true;
  }
  const auto uuid = Uuid::parse(name);
  if (!uuid || uuid->to_string() != name) return false;
  const InstanceId id = view.state.instances.find_uuid(*uuid);
  if (id == InstanceId::none ||
      view.state.parent_of(view.state.instance(id)->type)->mdev_driver != DriverId(view.object())) {
    return false;
  }
  out = view.other(Kind::instance, raw(id), instance_row::driver_link);
  return row_of(out).visible(view.at(out));
}

Result<Command> bind_store(const View& view, std::string_view bytes) {
  return BindDriver{DriverId(view.object()), std::string(parse_name(bytes))};
}
Result<Command> unbind_store(const View& view, std::string_view bytes) {
  return UnbindDriver{DriverId(view.object()), std::string(parse_name(bytes))};
}
Result<Command> new_id_store(const View& view, std::string_view bytes) {
  TRY_SET(const PciId id, parse_pci_id(bytes));
  return AddDynamicId{DriverId(view.object()), id};
}
Result<Command> remove_id_store(const View& view, std::string_view bytes) {
  TRY_SET(const PciId id, parse_pci_id(bytes));
  return RemoveDynamicId{DriverId(view.object()), id};
}

constexpr Row kDriverRows[] = {
    with_children(directory_in(driver_holder, driver_name_of), driver_children, driver_find),
    write_only("bind", 0, bind_store),
    write_only("unbind", 0, unbind_store),
    write_only("uevent", 0, uevent_store<ObjectRef::Type::driver>),
    write_only("new_id", 0, new_id_store, is_pci_driver),
    write_only("remove_id", 0, remove_id_store, is_pci_driver),
    link("module", 0, module_target),
};
static_assert(modes_match_callbacks(kDriverRows));

// ---- a module ----
bool module_alive(const View& view) { return view.object() < view.state.modules.size(); }
NodeId module_holder(const View& view) { return view.other(Kind::host, 0, host_row::module); }
void module_name_of(const View& view, std::string& out) {
  out += view.state.modules[view.object()].name;
}
Errc live_show(const View&, std::string& out) {
  out += "live\n";
  return Errc::ok;
}
Errc zero_show(const View&, std::string& out) {
  out += "0\n";
  return Errc::ok;
}
Errc coresize_show(const View&, std::string& out) {
  out += "20480\n";
  return Errc::ok;
}
Errc taint_show(const View&, std::string& out) {
  out += "\n";
  return Errc::ok;
}
// The links to its drivers are named <bus>:<driver>; the index is the driver's number.
constexpr std::uint8_t kModuleDrivers = 1;
constexpr std::uint8_t kModuleDriverLink = 2;
NodeId module_driver_holder(const View& view) { return view.node.at(kModuleDrivers); }
void module_driver_name(const View& view, std::string& out) {
  const Driver& driver = view.state.drivers[view.node.index()];
  out += fmt::format("{}:{}", bus_name(driver.bus), driver.name);
}
NodeId module_driver_target(const View& view) {
  return view.other(Kind::driver, view.node.index());
}
void module_drivers_children(const View& view, const ChildSink& sink) {
  for (std::uint32_t i = 0; i < view.state.drivers.size(); ++i) {
    if (raw(view.state.drivers[i].module) != view.object()) continue;
    const NodeId node = view.node.at(kModuleDriverLink, i);
    std::string name;
    module_driver_name(view.at(node), name);
    sink(name, node);
  }
}
bool module_drivers_find(const View& view, std::string_view name, NodeId& out) {
  bool found = false;
  module_drivers_children(view, [&](std::string_view child, NodeId node) {
    found = found || find_only(name, child, node, out);
  });
  return found;
}

constexpr Row kModuleRows[] = {
    directory_in(module_holder, module_name_of),
    with_children(directory("drivers", 0), module_drivers_children, module_drivers_find),
    link_in(module_driver_holder, module_driver_name, module_driver_target),
    directory("holders", 0),
    read_only("coresize", 0, coresize_show),
    read_only("initsize", 0, zero_show),
    read_only("initstate", 0, live_show),
    read_only("refcnt", 0, zero_show),
    read_only("taint", 0, taint_show),
    write_only("uevent", 0, uevent_store<ObjectRef::Type::module>),
};
static_assert(modes_match_callbacks(kModuleRows));

}  // namespace

const Table kBusTable = {kBusRows, bus_alive};
const Table kDriverTable = {kDriverRows, driver_alive};
const Table kModuleTable = {kModuleRows, module_alive};

}  // namespace mdevsim::sysfs
