// What a request costs in the server itself, without FUSE: calls of the tree, in process.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/bench_world.h"
#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/fatal.h"
#include "bench/statistics.h"
#include "fusefs/sysfs/tree.h"

namespace mdevsim::bench {
namespace {

constexpr FloorShape kShape{.functions = 4, .types = 1000};
constexpr int kCalls = 2000;
constexpr int kCallsPerMeasurement = 100;

// Nobody is told of changes.
class Nowhere : public sysfs::BatchSink {
 public:
  void post(sysfs::Batch) override {}
};

sysfs::NodeId resolve(const sysfs::Tree& tree, std::string_view path) {
  sysfs::NodeId node = tree.root();
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    sysfs::Entry entry;
    if (tree.lookup(node, name, entry) != Errc::ok) fatal("is not in the tree", name);
    node = entry.node;
    path.remove_prefix(std::min(path.size(), name.size() + 1));
  }
  return node;
}

double call_ns(const Operation& call) {
  const Operation calls = [&] {
    for (int i = 0; i < kCallsPerMeasurement; ++i) call();
  };
  return operation_ns(calls, kCalls / kCallsPerMeasurement) / kCallsPerMeasurement;
}

struct Component {
  std::string_view name;
  double (*ns)(sysfs::Tree& tree);
};

constexpr std::string_view kTypes = "devices/pci0000:00/0000:00:00.0/mdev_supported_types";
constexpr std::string_view kType = "devices/pci0000:00/0000:00:00.0/mdev_supported_types/bench-0";

sysfs::NodeId attribute(const sysfs::Tree& tree, std::string_view name) {
  return resolve(tree, fmt::format("{}/{}", kType, name));
}

double show_ns(sysfs::Tree& tree) {
  const sysfs::NodeId node = attribute(tree, "available_instances");
  std::string text;
  return call_ns([&] {
    text.clear();
    tree.show(node, text);
  });
}

double stat_ns(sysfs::Tree& tree) {
  const sysfs::NodeId node = attribute(tree, "device_api");
  sysfs::Stat stat;
  return call_ns([&] { tree.stat(node, stat); });
}

double lookup_attribute_ns(sysfs::Tree& tree) {
  const sysfs::NodeId type = resolve(tree, kType);
  sysfs::Entry entry;
  return call_ns([&] { tree.lookup(type, "device_api", entry); });
}

double lookup_last_type_ns(sysfs::Tree& tree) {
  const sysfs::NodeId types = resolve(tree, kTypes);
  const std::string name = floor_type_name(kShape.types - 1);
  sysfs::Entry entry;
  return call_ns([&] { tree.lookup(types, name, entry); });
}

double list_types_ns(sysfs::Tree& tree) {
  const sysfs::NodeId types = resolve(tree, kTypes);
  std::vector<sysfs::DirectoryEntry> entries;
  return call_ns([&] { tree.list(types, entries); }) / kShape.types;
}

double create_and_remove_ns(sysfs::Tree& tree) {
  const sysfs::NodeId create = attribute(tree, "create");
  const sysfs::NodeId function = resolve(tree, "devices/pci0000:00/0000:00:00.0");
  constexpr std::string_view kUuid = "00000000-0000-4000-8000-000000000001";
  return call_ns([&] {
    tree.store(create, kUuid, 0, {}, {});
    sysfs::Entry instance;
    sysfs::Entry remove;
    if (tree.lookup(function, kUuid, instance) != Errc::ok ||
        tree.lookup(instance.node, "remove", remove) != Errc::ok) {
      fatal("cannot be created", kUuid);
    }
    tree.store(remove.node, "1", 0, {}, {});
  });
}

constexpr Component kComponents[] = {
    {"show of an attribute", show_ns},
    {"stat of an attribute", stat_ns},
    {"lookup of an attribute", lookup_attribute_ns},
    {"lookup of the last of 1000 types", lookup_last_type_ns},
    {"list of 1000 types, per entry", list_types_ns},
    {"create and remove of an instance", create_and_remove_ns},
};

}  // namespace

void measure_components(const Lab& lab) {
  for (const Component& component : kComponents) {
    const double ns = in_client({0}, [&] {
      const StandingClock clock;
      Nowhere nowhere;
      std::vector<std::unique_ptr<World>> worlds;
      worlds.push_back(build_world(bench_host_spec(kShape), clock));
      sysfs::Tree tree(std::move(worlds), nowhere);
      return component.ns(tree);
    });
    lab.report().add(fmt::format("in process: {}", component.name), "ns", ns);
  }
}

}  // namespace mdevsim::bench
