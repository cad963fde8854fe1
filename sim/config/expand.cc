#include "sim/config/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "sim/base/limits.h"
#include "sim/config/check_host.h"
#include "sim/config/expand_parent.h"

namespace mdevsim::config {
namespace {

// Classes that the simulated /sys has for itself.
constexpr std::array<std::string_view, 4> kOwnClasses = {"mdev_bus", "pci_bus", "vfio", "vfio-dev"};

class HostExpander {
 public:
  HostExpander(Report& report, ModelledExpander& modelled, ParentExpander& parents,
               std::uint32_t& devices)
      : report_(report), modelled_(modelled), parents_(parents), devices_(devices) {}

  HostSpec run(const HostDraft& draft, Index index, std::string name);

 private:
  // Calls add(i) for each repetition, until one of them reports something: the rest would say the
  // same.
  template <typename Add>
  void repeat(const std::optional<std::uint32_t>& count, Index outer, const Text& key,
              std::string_view what, const Add& add);

  void add_function(const FunctionDraft& draft, Index index);
  void add_virtual(const VirtualDraft& draft, Index index);
  void add_drivers(const HostDraft& draft, Index index);
  std::optional<std::string> name_of(const Text& text, Index index, std::string_view what);
  std::shared_ptr<const ParentSpec> parent_of(const ParentDraft& draft, Index index,
                                              const Text& key, const std::string& prefix);
  bool within_limit(Region where);

  Report& report_;
  ModelledExpander& modelled_;
  ParentExpander& parents_;
  std::uint32_t& devices_;  // of all hosts
  HostSpec host_;
  std::vector<PlacedFunction> functions_;
  std::unordered_map<std::string, Region> addresses_;
  std::unordered_map<std::string, Region> virtual_names_;
  std::map<Uuid, Region> uuids_;
  std::uint64_t instances_ = 0;
  std::uint32_t parent_count_ = 0;
};

HostSpec HostExpander::run(const HostDraft& draft, Index index, std::string name) {
  host_.name = std::move(name);
  host_.kernel = draft.kernel;
  host_.cpus = draft.cpus;
  host_.state_memory_bytes = draft.state_memory_bytes;
  for (const FunctionDraft& function : draft.functions) {
    repeat(function.repeat, index, function.address, "functions with the same address",
           [&](Index i) { add_function(function, i); });
  }
  for (const VirtualDraft& device : draft.virtual_devices) {
    repeat(device.repeat, index, device.path, "devices with the same name",
           [&](Index i) { add_virtual(device, i); });
  }
  add_drivers(draft, index);
  std::sort(functions_.begin(), functions_.end(),
            [](const PlacedFunction& a, const PlacedFunction& b) {
              return a.spec.address < b.spec.address;
            });
  if (draft.complete) {
    check_buses(functions_, report_);
    check_groups(functions_, draft.groups, report_);
  }
  for (const GroupDraft& group : draft.groups) host_.iommu_groups.push_back(group.spec);
  host_.functions.reserve(functions_.size());
  for (PlacedFunction& function : functions_) host_.functions.push_back(std::move(function.spec));
  return std::move(host_);
}

template <typename Add>
void HostExpander::repeat(const std::optional<std::uint32_t>& count, Index outer, const Text& key,
                          std::string_view what, const Add& add) {
  if (!count) return add(outer);
  if (*count > 1 && !key.uses_index) {
    report_.error(key.where, fmt::format("`repeat` makes {} {}", *count, what),
                  "put {i} or {i:02x} into the key");
    return;
  }
  const std::size_t errors = report_.count();
  for (std::uint32_t i = 0; i < *count && report_.count() == errors; ++i) add(i);
}

std::optional<std::string> HostExpander::name_of(const Text& text, Index index,
                                                 std::string_view what) {
  auto name = expand(text, index, report_);
  if (!name) return std::nullopt;
  if (const auto fault = check_file_name(*name)) {
    report_.error(text.where, fmt::format("{} {}{}", what, fault->why, with_index(text, index)),
                  fault->help);
    return std::nullopt;
  }
  return name;
}

bool HostExpander::within_limit(Region where) {
  const bool fits = functions_.size() < kFunctionsMax && host_.virtual_devices.size() < kParentsMax;
  if (!fits) {
    report_.error(where,
                  fmt::format("a host can have at most {} functions and {} virtual devices",
                              kFunctionsMax, kParentsMax),
                  "lower `repeat`");
  } else if (++devices_ > kDevicesExpandedMax) {
    report_.error(
        where,
        fmt::format("the hosts would have more than {} devices together", kDevicesExpandedMax),
        "lower `repeat`");
  }
  return fits && devices_ <= kDevicesExpandedMax;
}

void HostExpander::add_function(const FunctionDraft& draft, Index index) {
  const auto text = expand(draft.address, index, report_);
  if (!text || !within_limit(draft.address.where)) return;
  const auto address = PciAddress::parse(*text);
  if (!address) {
    report_.error(draft.address.where,
                  fmt::format("`{}` is no PCI address{}", *text, with_index(draft.address, index)),
                  "write domain:bus:device.function in hexadecimal digits, such as 0000:3b:00.0 "
                  "(device at most 1f, function at most 7)");
    return;
  }
  const auto [known, is_new] = addresses_.emplace(address->to_string(), draft.address.where);
  if (!is_new) {
    report_.error(draft.address.where,
                  fmt::format("the host has a function {} already, at {}{}", address->to_string(),
                              report_.place(known->second), with_index(draft.address, index)),
                  "give each function an address of its own");
    return;
  }
  PlacedFunction function{draft.spec, draft.address.where};
  function.spec.address = *address;
  if (draft.driver) {
    const auto driver = name_of(*draft.driver, index, "the driver's name");
    if (!driver) return;
    function.spec.driver = *driver;
  }
  if (draft.modelled) function.spec.modelled = modelled_.expand(*draft.modelled, index);
  if (draft.parent)
    function.spec.parent = parent_of(*draft.parent, index, draft.address, function.spec.driver);
  functions_.push_back(std::move(function));
}

void HostExpander::add_virtual(const VirtualDraft& draft, Index index) {
  const auto path = expand(draft.path, index, report_);
  if (!path || !within_limit(draft.path.where)) return;
  const std::size_t slash = path->find('/');
  VirtualDeviceSpec device;
  device.class_name = path->substr(0, slash);
  if (slash != std::string::npos) device.name = path->substr(slash + 1);
  if (slash == std::string::npos || check_file_name(device.class_name) ||
      check_file_name(device.name)) {
    report_.error(
        draft.path.where,
        fmt::format("`{}` is not a class and a device{}", *path, with_index(draft.path, index)),
        "write class/name, such as [host.NAME.virtual.\"mtty/mtty\"]");
    return;
  }
  if (std::find(kOwnClasses.begin(), kOwnClasses.end(), device.class_name) != kOwnClasses.end()) {
    report_.error(draft.path.where,
                  fmt::format("the class `{}` belongs to the kernel itself", device.class_name),
                  "give the device's class another name");
    return;
  }
  const auto [known, is_new] = virtual_names_.emplace(device.name, draft.path.where);
  if (!is_new) {
    report_.error(draft.path.where,
                  fmt::format("the host has a virtual device `{}` already, at {}{}", device.name,
                              report_.place(known->second), with_index(draft.path, index)),
                  "give each device a name of its own: all parents meet in /sys/class/mdev_bus");
    return;
  }
  if (draft.parent) device.parent = parent_of(*draft.parent, index, draft.path, device.class_name);
  host_.virtual_devices.push_back(std::move(device));
}

std::shared_ptr<const ParentSpec> HostExpander::parent_of(const ParentDraft& draft, Index index,
                                                          const Text& key,
                                                          const std::string& prefix) {
  const auto parent = parents_.expand(draft, index);
  if (!parent->sound) return nullptr;
  if (prefix.size() + 1 + parent->longest_id > kNameBytesMax) {
    report_.error(
        key.where,
        fmt::format("a type's directory would have a name of more than {} bytes", kNameBytesMax),
        "shorten the types' ids");
  }
  for (const auto& [uuid, where] : parent->uuids) {
    const auto [known, is_new] = uuids_.emplace(uuid, where);
    if (is_new) continue;
    report_.error(where,
                  fmt::format("the instance {} exists already, at {}{}", uuid.to_string(),
                              report_.place(known->second),
                              index ? fmt::format(" (with i = {})", *index) : ""),
                  index ? "put {i} into the uuid: \"00000000-0000-4000-8000-{i:012x}\""
                        : "a uuid is unique in a host: give the instance another one");
    break;
  }
  instances_ += parent->instances;
  if (instances_ > kInstancesMax) {
    report_.error(key.where,
                  fmt::format("more than {} instances would exist from the start", kInstancesMax),
                  "let fewer exist");
  }
  if (++parent_count_ > kParentsMax) {
    report_.error(key.where, fmt::format("a host can have at most {} parents", kParentsMax),
                  "lower `repeat`");
  }
  return parent->spec;
}

void HostExpander::add_drivers(const HostDraft& draft, Index index) {
  std::unordered_map<std::string, Region> known;
  for (const DriverDraft& listed : draft.drivers) {
    const auto name = name_of(listed.name, index, "the driver's name");
    const auto module =
        listed.module ? name_of(*listed.module, index, "the module's name") : std::string();
    if (!name || !module) continue;
    const auto [at, is_new] = known.emplace(*name, listed.name.where);
    if (!is_new) {
      report_.error(listed.name.where,
                    fmt::format("the host has a driver `{}` already, at {}", *name,
                                report_.place(at->second)),
                    "describe each driver once");
      continue;
    }
    host_.drivers.push_back({*name, *module, listed.ids});
  }
}

}  // namespace

std::vector<HostSpec> expand_hosts(const Drafts& drafts,
                                   const std::shared_ptr<const model::Catalog>& catalog,
                                   Report& report) {
  std::vector<HostSpec> hosts;
  ModelledExpander modelled(drafts, *catalog, report);
  ParentExpander parents(modelled, report);
  std::uint32_t devices = 0;
  std::unordered_map<std::string, Region> names;
  for (const HostDraft& draft : drafts.hosts) {
    const Text& key = draft.name;
    const std::uint32_t count = draft.repeat.value_or(1);
    if (count > 1 && !key.uses_index) {
      report.error(key.where, fmt::format("`repeat` makes {} hosts with the same name", count),
                   "put {i} into the name: [host.\"node{i}\"]");
      continue;
    }
    if (hosts.size() + count > kHostsMax) {
      report.error(key.where, fmt::format("there can be at most {} hosts", kHostsMax),
                   "lower `repeat`");
      continue;
    }
    const std::size_t errors = report.count();
    for (std::uint32_t i = 0; i < count && report.count() == errors; ++i) {
      const Index index = draft.repeat ? Index(i) : std::nullopt;
      auto name = expand(key, index, report);
      if (!name) break;
      if (const auto fault = check_file_name(*name)) {
        report.error(key.where,
                     fmt::format("the host's name {}{}", fault->why, with_index(key, index)),
                     fault->help);
      }
      const auto [known, is_new] = names.emplace(*name, key.where);
      if (!is_new) {
        report.error(key.where,
                     fmt::format("there is a host `{}` already, at {}{}", *name,
                                 report.place(known->second), with_index(key, index)),
                     "give each host a name of its own");
      }
      hosts.push_back(
          HostExpander(report, modelled, parents, devices).run(draft, index, std::move(*name)));
      hosts.back().catalog = catalog;
    }
  }
  return hosts;
}

}  // namespace mdevsim::config
