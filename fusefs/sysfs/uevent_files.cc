#include "fusefs/sysfs/uevent_files.h"

#include <fmt/format.h>

#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/path.h"
#include "fusefs/sysfs/pci.h"

namespace mdevsim::sysfs {

std::string subsystem_of(const State& state, const ObjectRef& object) {
  switch (object.type) {
    case ObjectRef::Type::instance:
      return "mdev";
    case ObjectRef::Type::pci_function:
      return "pci";
    case ObjectRef::Type::virtual_device:
      return state.virtual_devices[object.id].class_name;
    case ObjectRef::Type::vfio_device:
      return "vfio-dev";
    case ObjectRef::Type::vfio_group:
      return "vfio";
    case ObjectRef::Type::bus:
      return "bus";
    case ObjectRef::Type::driver:
      return "drivers";
    case ObjectRef::Type::module:
      return "module";
    case ObjectRef::Type::device_class:
      return "class";
    case ObjectRef::Type::pci_bus:
      return "pci_bus";
    case ObjectRef::Type::pci_root:
    case ObjectRef::Type::mdev_type:
      return {};  // neither has uevents
  }
  return {};
}

Variables device_variables(const State& state, const ObjectRef& object,
                           std::optional<DriverId> driver, Action action) {
  Variables out;
  if (object.type == ObjectRef::Type::vfio_group) {
    if (const auto facts = vfio_group_facts(state, object.id)) {
      out.emplace_back("MAJOR", std::to_string(kVfioMajor));
      out.emplace_back("MINOR", std::to_string(facts->minor));
      out.emplace_back("DEVNAME", fmt::format("vfio/{}", facts->number));
    }
  }
  if (driver) out.emplace_back("DRIVER", state.drivers[raw(*driver)].name);
  if (object.type == ObjectRef::Type::pci_function) {
    const PciFunctionSpec& spec = state.functions[object.id & 0xffff].spec;
    out.emplace_back("PCI_CLASS", fmt::format("{:04X}", spec.class_code));
    out.emplace_back("PCI_ID", fmt::format("{:04X}:{:04X}", spec.vendor, spec.device));
    out.emplace_back("PCI_SUBSYS_ID",
                     fmt::format("{:04X}:{:04X}", spec.subsystem_vendor, spec.subsystem_device));
    out.emplace_back("PCI_SLOT_NAME", spec.address.to_string());
    if (action != Action::unbind) out.emplace_back("MODALIAS", pci_modalias(spec));
  }
  return out;
}

std::optional<Uevent> make_uevent(std::uint32_t host, const State& state, const Event& event) {
  Uevent out;
  out.subsystem = subsystem_of(state, event.object);
  if (out.subsystem.empty()) return std::nullopt;
  out.action = action_name(event.action);
  append_path(state, node_of(host, state, event.object), out.devpath);
  out.variables = event.extra;
  for (auto& variable : device_variables(state, event.object, event.driver, event.action)) {
    out.variables.push_back(std::move(variable));
  }
  return out;
}

Errc show_variables(const View& view, const ObjectRef& object, std::string& out) {
  std::optional<DriverId> driver;
  if (object.type == ObjectRef::Type::instance) {
    const Instance* instance = view.state.instance(InstanceId(object.id));
    if (instance->bound) driver = view.state.parent_of(instance->type)->mdev_driver;
  } else if (object.type == ObjectRef::Type::pci_function) {
    driver = view.state.functions[object.id & 0xffff].driver;
  }
  for (const auto& [key, value] : device_variables(view.state, object, driver, Action::change)) {
    out += key;
    out += '=';
    out += value;
    out += '\n';
  }
  return Errc::ok;
}

}  // namespace mdevsim::sysfs
