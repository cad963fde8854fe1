// A million instances in a world, in a process of its own: what they weigh, and what creating one
// takes.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/fatal.h"
#include "bench/statistics.h"
#include "sim/base/clock.h"
#include "sim/world/world.h"

namespace mdevsim::bench {
namespace {

constexpr std::uint32_t kInstances = 1'000'000;

class StandingClock : public Clock {
 public:
  std::int64_t uptime_ms() const override { return 0; }
};

HostSpec host_with(std::uint32_t instances) {
  TypeSpec type;
  type.id = "0";
  type.max_instances = kInstances;
  if (instances > 0) type.instances = {{.uuid = {}, .count = instances, .seed = 1}};
  auto parent = std::make_shared<ParentSpec>();
  parent->types = {type};
  PciFunctionSpec function;
  function.driver = "bench";
  function.parent = parent;
  HostSpec host;
  host.name = "bench";
  host.functions = {function};
  return host;
}

double resident_bytes() {
  malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

struct Built {
  double bytes = 0;
  double seconds = 0;
};

Built build(std::uint32_t instances) {
  const StandingClock clock;
  const HostSpec spec = host_with(instances);
  const double before = resident_bytes();
  const std::uint64_t start = monotonic_ns();
  const auto world = World::build(spec, clock);
  const std::uint64_t end = monotonic_ns();
  if (!world) fatal("cannot build the world", world.error().why);
  return {resident_bytes() - before, static_cast<double>(end - start) / 1e9};
}

}  // namespace

void measure_instances(const Lab& lab) {
  constexpr double kMebibyte = 1024 * 1024;
  const double bytes = in_client({}, [] { return build(kInstances).bytes; });
  const double seconds = in_client({}, [] { return build(kInstances).seconds; });
  lab.report().add(fmt::format("memory of {} instances", kInstances), "MiB", bytes / kMebibyte,
                   value_at_most(64));
  lab.report().add(fmt::format("creating one of {} instances when the host is built", kInstances),
                   "ns", seconds * 1e9 / kInstances);
}

}  // namespace mdevsim::bench
