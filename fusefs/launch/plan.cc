#include "fusefs/launch/plan.h"

#include <algorithm>
#include <array>
#include <set>

namespace mdevsim::launch {
namespace {

// Split wherever both trees have them.
constexpr std::string_view kSplit[] = {"bus",    "class", "devices", "devices/virtual",
                                       "kernel", "module"};

// Split as well when real PCI devices are to be seen beside the simulated ones.
constexpr std::string_view kSplitWithRealDevices[] = {
    "bus",     "class",           "devices",         "devices/virtual", "kernel",      "module",
    "bus/pci", "bus/pci/devices", "bus/pci/drivers", "class/pci_bus",   "devices/pci*"};

// Real directories whose links may lead to something hidden; when none does they are bound whole.
constexpr std::string_view kRealListed[] = {
    "bus",           "class",           "devices", "devices/virtual", "kernel", "module", "bus/*",
    "bus/*/devices", "bus/pci/drivers", "class/*", "devices/pci*",    "dev",    "dev/*",  "block"};

// What only the simulation shows, even where it has nothing to show.
constexpr std::string_view kSimulatedOnly[] = {
    "bus/mdev",       "class/mdev_bus",      "class/vfio",
    "class/vfio-dev", "kernel/iommu_groups", "kernel/mdevsim"};
constexpr std::string_view kSimulatedOnlyDevices[] = {"bus/pci", "class/pci_bus", "devices/pci*"};
constexpr std::string_view kNetwork[] = {"class/net", "devices/virtual/net"};

constexpr std::string_view kAlwaysWritable = "fs/cgroup";

class Planner {
 public:
  explicit Planner(const PlanInput& input) : input_(input) {}

  Outcome<std::vector<Step>> plan() {
    find_hidden("");
    if (input_.options.with_real_devices) {
      if (std::string twice = addresses_existing_twice(); !twice.empty()) {
        return tl::unexpected<Failure>(Failure{
            Failure::Cause::invalid_file,
            "the simulated and the real machine both have a PCI device " + twice +
                "; give the simulated one an address (or PCI domain) of its own, or leave out "
                "--with-real-devices"});
      }
    }
    add_split("");
    add_mounted();
    return std::move(steps_);
  }

 private:
  const Entries* listed(const Listing& listing, const std::string& path) const {
    const auto it = listing.find(path);
    return it == listing.end() ? nullptr : &it->second;
  }

  bool is_split(const std::string& path) const {
    return (path.empty() || matches_any(simulated_patterns(input_.options), path)) &&
           listed(input_.simulated, path) != nullptr && listed(input_.real, path) != nullptr;
  }

  bool is_simulated_only(const std::string& path) const {
    return matches_any(kSimulatedOnly, path) ||
           (!input_.options.with_real_devices && matches_any(kSimulatedOnlyDevices, path)) ||
           (input_.options.hide_network && matches_any(kNetwork, path));
  }

  // Collects the real paths that will not be shown.
  void find_hidden(const std::string& directory) {
    const Entries* simulated = listed(input_.simulated, directory);
    const Entries* real = listed(input_.real, directory);
    if (real == nullptr) return;
    for (const auto& [name, entry] : *real) {
      const std::string path = join(directory, name);
      if (is_split(path)) {
        find_hidden(path);
      } else if (is_simulated_only(path) || (simulated != nullptr && simulated->contains(name))) {
        hidden_.insert(path);
      }
    }
  }

  bool is_hidden(std::string_view path) const {
    for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
      if (hidden_.contains(std::string(path.substr(0, end)))) return true;
      if (end == std::string_view::npos) return false;
    }
  }

  bool leads_to_hidden(const std::string& directory, const ListedEntry& entry) const {
    return entry.kind == EntryKind::link && is_hidden(resolve_link(directory, entry.link));
  }

  bool holds_links_to_hidden(const std::string& directory) const {
    const Entries* entries = listed(input_.real, directory);
    if (entries == nullptr) return false;
    return std::any_of(entries->begin(), entries->end(), [&](const auto& named) {
      return leads_to_hidden(directory, named.second) ||
             (named.second.kind == EntryKind::directory &&
              holds_links_to_hidden(join(directory, named.first)));
    });
  }

  // The PCI addresses that both trees have, by whatever path, as "0000:00:01.0, 0000:00:02.0".
  std::string addresses_existing_twice() const {
    std::string twice;
    const Entries* simulated = listed(input_.simulated, "bus/pci/devices");
    const Entries* real = listed(input_.real, "bus/pci/devices");
    if (simulated == nullptr || real == nullptr) return twice;
    for (const auto& [address, entry] : *simulated) {
      if (real->contains(address)) twice += (twice.empty() ? "" : ", ") + address;
    }
    return twice;
  }

  void add_split(const std::string& directory) {
    const Entries& simulated = *listed(input_.simulated, directory);
    const Entries& real = *listed(input_.real, directory);
    std::set<std::string> names;
    for (const auto& [name, entry] : simulated) names.insert(name);
    for (const auto& [name, entry] : real) names.insert(name);
    for (const std::string& name : names) {
      const std::string path = join(directory, name);
      const auto simulated_entry = simulated.find(name);
      if (is_split(path)) {
        steps_.push_back({StepKind::make_directory, Tree::none, "", path, false});
        add_split(path);
      } else if (simulated_entry != simulated.end()) {
        add_whole(Tree::simulated, path, simulated_entry->second);
      } else if (!hidden_.contains(path)) {
        add_real(directory, path, real.at(name));
      }
    }
  }

  void add_real(const std::string& directory, const std::string& path, const ListedEntry& entry) {
    if (leads_to_hidden(directory, entry)) return;
    if (entry.kind != EntryKind::directory || !holds_links_to_hidden(path)) {
      add_whole(Tree::real, path, entry);
      return;
    }
    steps_.push_back({StepKind::make_directory, Tree::none, "", path, false});
    for (const auto& [name, child] : *listed(input_.real, path)) {
      add_real(path, join(path, name), child);
    }
  }

  void add_whole(Tree tree, const std::string& path, const ListedEntry& entry) {
    if (entry.kind == EntryKind::link) {
      steps_.push_back({StepKind::make_link, Tree::none, entry.link, path, false});
      return;
    }
    const StepKind kind =
        entry.kind == EntryKind::directory ? StepKind::bind_directory : StepKind::bind_file;
    const bool read_only = tree == Tree::real && !input_.options.real_writable;
    steps_.push_back({kind, tree, path, path, read_only});
  }

  // A fresh sysfs has nothing mounted in it; an outer one may have: cgroups, debugfs, and so on.
  void add_mounted() {
    for (const std::string& path : input_.mounted) {
      if (is_hidden(path) || !is_shown(path)) continue;
      const bool read_only = path != kAlwaysWritable && !path.starts_with("fs/cgroup/") &&
                             !input_.options.real_writable;
      steps_.push_back({StepKind::bind_directory, Tree::outer, path, path, read_only});
    }
  }

  // Whether a real directory was bound at the path or above it.
  bool is_shown(const std::string& path) const {
    return std::any_of(steps_.begin(), steps_.end(), [&](const Step& step) {
      return step.kind == StepKind::bind_directory && step.tree == Tree::real &&
             (path == step.target || path.starts_with(step.target + "/"));
    });
  }

  const PlanInput& input_;
  std::set<std::string> hidden_;
  std::vector<Step> steps_;
};

}  // namespace

std::span<const std::string_view> simulated_patterns(const ComposeOptions& options) {
  if (options.with_real_devices) return kSplitWithRealDevices;
  return kSplit;
}

std::span<const std::string_view> real_patterns() { return kRealListed; }

std::string resolve_link(std::string_view directory, std::string_view text) {
  if (text.starts_with('/')) return {};
  std::string resolved(directory);
  while (!text.empty()) {
    const std::size_t slash = text.find('/');
    const std::string_view name = text.substr(0, slash);
    text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
    if (name.empty() || name == ".") continue;
    if (name != "..") {
      resolved = join(resolved, name);
    } else if (resolved.empty()) {
      return {};
    } else {
      const std::size_t last = resolved.rfind('/');
      resolved.erase(last == std::string::npos ? 0 : last);
    }
  }
  return resolved;
}

Outcome<std::vector<Step>> plan_composition(const PlanInput& input) {
  return Planner(input).plan();
}

}  // namespace mdevsim::launch
