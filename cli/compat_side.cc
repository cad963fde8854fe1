#include "cli/compat_side.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "sim/model/configuration.h"

namespace mdevsim::cli {
namespace {

namespace fs = std::filesystem;
using model::Catalog;
using model::DeviceModel;
using Kind = WriteTarget::Kind;

constexpr std::string_view kControl = "/kernel/mdevsim/devices/";
constexpr std::string_view kTypes = "/mdev_supported_types/";

// A verdict on hosts as they are at first needs no time.
class NoTime final : public Clock {
 public:
  std::int64_t uptime_ms() const override { return 0; }
};
const NoTime kNoTime;

std::string name_of(const State& state, const Parent& parent) {
  if (parent.function) return state.functions[*parent.function].spec.address.to_string();
  return state.virtual_devices[raw(*parent.virtual_device)].name;
}

std::string directory_of_type(std::string_view parent, std::string_view type) {
  return fmt::format("class/mdev_bus/{}{}{}", parent, kTypes, type);
}

// The side of an object with a model; nothing for one without.
std::optional<Side> side_of(const State& state, const ObjectRef& object, Kind kind) {
  const auto modelled = state.modelled(object);
  if (!modelled) return std::nullopt;
  Side side;
  side.model = modelled->spec.model;
  side.configuration = *modelled->configuration;
  side.on_host = true;
  side.kind = kind;
  side.interfaces = modelled->spec.interfaces;
  return side;
}

std::optional<Side> side_of_type(const State& state, const Parent& parent, std::uint32_t index) {
  const ObjectRef type{ObjectRef::Type::mdev_type, parent.first_type + index};
  auto side = side_of(state, type, Kind::type);
  if (!side) return side;
  const std::string parent_name = name_of(state, parent);
  const std::string type_name = state.type_directory(parent, index);
  side->name = fmt::format("{}/{}/{}", state.name, parent_name, type_name);
  side->type_directory = directory_of_type(parent_name, type_name);
  side->device_directory = "bus/mdev/devices";
  side->is_free = parent.registered && state.available(parent, index) > 0;
  return side;
}

std::optional<Side> side_of_instance(const State& state, InstanceId id) {
  auto side = side_of(state, {ObjectRef::Type::instance, raw(id)}, Kind::instance);
  if (!side) return side;
  const Instance& instance = *state.instance(id);
  const Parent& parent = *state.parent_of(instance.type);
  side->device = instance.uuid.to_string();
  side->name = fmt::format("{}/{}", state.name, side->device);
  side->type_directory = directory_of_type(
      name_of(state, parent), state.type_directory(parent, state.index_of(parent, instance.type)));
  side->device_directory = "bus/mdev/devices/" + side->device;
  return side;
}

std::optional<Side> side_of_function(const State& state, const PciFunction& function) {
  auto side =
      side_of(state, {ObjectRef::Type::pci_function, raw(state.id_of(function))}, Kind::function);
  if (!side) return side;
  side->device = function.spec.address.to_string();
  side->name = fmt::format("{}/{}", state.name, side->device);
  side->device_directory = "bus/pci/devices/" + side->device;
  return side;
}

std::optional<Side> find_type(const State& state, std::string_view parent_name,
                              std::string_view type_name) {
  for (const Parent& parent : state.parents) {
    if (name_of(state, parent) != parent_name) continue;
    for (std::uint32_t i = 0; i < parent.spec->types.size(); ++i) {
      if (state.type_directory(parent, i) == type_name) return side_of_type(state, parent, i);
    }
  }
  return std::nullopt;
}

// PARENT/TYPE, UUID or ADDRESS.
std::optional<Side> find_on(const State& state, std::string_view rest) {
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos)
    return find_type(state, rest.substr(0, slash), rest.substr(slash + 1));
  const auto uuid = rest.size() == Uuid::kTextLength ? Uuid::parse(rest) : std::nullopt;
  if (uuid) {
    const InstanceId id = state.instances.find_uuid(*uuid);
    if (id != InstanceId::none) return side_of_instance(state, id);
  }
  const PciFunction* function = state.function_at(rest);
  return function == nullptr ? std::nullopt : side_of_function(state, *function);
}

Result<std::string> read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line))
    return fail(Errc::no_entry, fmt::format("cannot read {}", path));
  return line;
}

}  // namespace

bool Side::can_be_configured() const {
  return !sysfs::interfaces::configuring_interfaces(interfaces, kind).empty();
}

std::string Side::spec() const {
  return fmt::format("{}@{}", model->name(), model::to_text(*model, configuration));
}

std::string Side::path_of(const Write& write, std::string_view uuid) const {
  const std::string root = sysroot.empty() ? "/sys" : sysroot;
  if (write.directory == Write::Directory::type)
    return fmt::format("{}/{}/{}", root, type_directory, write.file);
  const std::string device_path =
      kind == Kind::type ? fmt::format("{}/{}", device_directory, uuid) : device_directory;
  return fmt::format("{}/{}/{}", root, device_path, write.file);
}

Sides::Sides(const config::Configuration& file, std::string running_host)
    : file_(file), running_host_(std::move(running_host)) {}
Sides::~Sides() = default;

bool Sides::is_host(std::string_view name) const {
  return std::any_of(file_.hosts.begin(), file_.hosts.end(),
                     [&](const HostSpec& host) { return host.name == name; });
}

std::string Sides::names_of_hosts() const {
  std::string names;
  for (const HostSpec& host : file_.hosts) {
    if (names.size() > 200) return names + ", …";
    names += (names.empty() ? "" : ", ") + host.name;
  }
  return names.empty() ? "none" : names;
}

Result<const World*> Sides::world(std::string_view host) {
  const auto known = worlds_.find(host);
  if (known != worlds_.end()) return known->second.get();
  const auto spec = std::find_if(file_.hosts.begin(), file_.hosts.end(),
                                 [&](const HostSpec& one) { return one.name == host; });
  if (spec == file_.hosts.end()) {
    return fail(Errc::no_entry, fmt::format("there is no host \"{}\"; the file's hosts: {}", host,
                                            names_of_hosts()));
  }
  TRY_SET(auto built, World::build(*spec, kNoTime));
  return worlds_.emplace(std::string(host), std::move(built)).first->second.get();
}

Result<std::vector<Side>> Sides::types(std::string_view host) {
  std::vector<Side> found;
  for (const HostSpec& spec : file_.hosts) {
    if (!host.empty() && spec.name != host) continue;
    TRY_SET(const World* one, world(spec.name));
    const World::Reading reading(*one);
    for (const Parent& parent : reading->parents) {
      for (std::uint32_t i = 0; i < parent.spec->types.size(); ++i) {
        if (auto side = side_of_type(reading.state(), parent, i)) found.push_back(std::move(*side));
      }
    }
  }
  return found;
}

Result<Side> Sides::on_host(std::string_view host, std::string_view rest) {
  TRY_SET(const World* one, world(host));
  const World::Reading reading(*one);
  if (auto side = find_on(reading.state(), rest)) return std::move(*side);
  return fail(
      Errc::no_entry,
      fmt::format("host \"{}\" has no type, instance or PCI function {} with a device model", host,
                  rest));
}

// MODEL@CONFIGURATION, or what is on a host.
Result<Side> Sides::find(std::string_view spec) {
  if (spec.starts_with('/') || spec.starts_with('.')) return running(std::string(spec));
  const std::size_t at = spec.find('@');
  const std::size_t slash = spec.find('/');
  if (slash != std::string_view::npos && is_host(spec.substr(0, slash)))
    return on_host(spec.substr(0, slash), spec.substr(slash + 1));
  if (at == std::string_view::npos) {
    return fail(Errc::invalid,
                fmt::format("\"{}\" is no MODEL@CONFIGURATION, such as "
                            "vendor-a.com/my-nic@version=2,rss=off, and no HOST/PARENT/TYPE, "
                            "HOST/UUID or HOST/ADDRESS; the file's hosts: {}",
                            spec, names_of_hosts()));
  }
  Side side;
  TRY_SET(side.model, find_model(*file_.catalog, spec.substr(0, at)));
  TRY_SET(side.configuration, model::parse_configuration(*side.model, spec.substr(at + 1)));
  side.name = side.spec();
  return side;
}

// ---- what runs ----

// A tree of several hosts is DIR/HOST; of a single one its directory may have any name.
Result<std::vector<std::string>> Sides::hosts_of(const std::string& sysroot) const {
  if (!running_host_.empty()) return std::vector<std::string>{running_host_};
  const std::string name = fs::path(sysroot).filename();
  if (file_.hosts.size() > 1 && is_host(name)) return std::vector<std::string>{name};
  std::vector<std::string> all;
  for (const HostSpec& host : file_.hosts) all.push_back(host.name);
  if (all.empty()) return fail(Errc::no_entry, "the file has no host");
  return all;
}

Result<Side> Sides::on_any(const std::string& sysroot, const std::string& rest) {
  TRY_SET(const auto hosts, hosts_of(sysroot));
  std::optional<Side> found;
  for (const std::string& host : hosts) {
    auto side = on_host(host, rest);
    if (!side) continue;
    if (found) {
      return fail(Errc::invalid, fmt::format("{} and {} are both in the file, and {} does not tell "
                                             "which host it is: add --host NAME",
                                             found->name, side->name, sysroot));
    }
    found = std::move(*side);
  }
  if (!found) {
    return fail(Errc::no_entry,
                fmt::format("the file has nothing with a device model that {} could be", rest));
  }
  found->sysroot = sysroot;
  return std::move(*found);
}

Result<Side> Sides::running(const std::string& path) {
  std::string text = path;
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  if (const std::size_t control = text.rfind(kControl); control != std::string::npos)
    return running_device(text.substr(0, control), text.substr(control + kControl.size()));
  const std::size_t types = text.rfind(kTypes);
  const std::size_t root = std::min(text.find("/class/mdev_bus/"), text.find("/devices/"));
  if (types == std::string::npos || root == std::string::npos) {
    return fail(
        Errc::invalid,
        fmt::format("{} is neither SYSROOT{}NAME nor the directory of a type", path, kControl));
  }
  std::error_code error;
  if (!fs::exists(text + "/create", error))
    return fail(Errc::no_entry, fmt::format("there is no type {}", path));
  const std::string parent = fs::path(text.substr(0, types)).filename();
  return on_any(text.substr(0, root), parent + "/" + text.substr(types + kTypes.size()));
}

// An instance may be younger than the file: it is what its type is.
Result<Side> Sides::running_device(const std::string& sysroot, const std::string& name) {
  const fs::path directory = sysroot + std::string(kControl) + name;
  std::error_code error;
  const fs::path device = fs::canonical(directory / "device", error);
  if (error) return fail(Errc::no_entry, fmt::format("there is no device {}", directory.string()));
  Side side;
  const fs::path type = fs::read_symlink(device / "mdev_type", error);
  if (error) {
    TRY_SET(side, on_any(sysroot, name));
  } else {
    const std::string parent = device.parent_path().filename();
    TRY_SET(side, on_any(sysroot, parent + "/" + type.filename().string()));
    side.kind = Kind::instance;
    side.name = side.name.substr(0, side.name.find('/')) + "/" + name;
    side.device = name;
    side.device_directory = "bus/mdev/devices/" + name;
  }
  TRY_SET(side.configuration, read_configuration(side, name));
  return side;
}

Result<model::Configuration> read_configuration(const Side& running, std::string_view device) {
  TRY_SET(const std::string text,
          read_line(fmt::format("{}{}{}/configuration", running.sysroot, kControl, device)));
  return model::parse_configuration(*running.model, text);
}

std::string model_names(const Catalog& catalog) {
  std::string names;
  for (const DeviceModel& model : catalog.models())
    names += (names.empty() ? "" : ", ") + model.name();
  return names;
}

Result<const DeviceModel*> find_model(const Catalog& catalog, std::string_view name) {
  if (const DeviceModel* found = catalog.find(name)) return found;
  return fail(Errc::no_entry, catalog.models().empty()
                                  ? "the file describes no device model"
                                  : fmt::format("there is no model \"{}\"; the file has {}", name,
                                                model_names(catalog)));
}

}  // namespace mdevsim::cli
