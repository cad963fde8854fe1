// A million instances in a world, in a process of its own: what they weigh, and what creating one
// takes.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <utility>

#include "bench/bench_world.h"
#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr std::uint32_t kInstances = 1'000'000;

HostSpec host_with_instances() {
  HostSpec host = bench_host_spec({.functions = 1, .types = 1}, kInstances);
  auto parent = std::make_shared<ParentSpec>(*host.functions[0].parent);
  parent->types[0].instances = {{.uuid = {}, .count = kInstances, .seed = 1}};
  host.functions[0].parent = std::move(parent);
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

Built build() {
  const StandingClock clock;
  const HostSpec spec = host_with_instances();
  const double before = resident_bytes();
  const std::uint64_t start = monotonic_ns();
  const auto world = build_world(spec, clock);
  const std::uint64_t end = monotonic_ns();
  return {resident_bytes() - before, static_cast<double>(end - start) / 1e9};
}

}  // namespace

void measure_instances(const Lab& lab) {
  constexpr double kMebibyte = 1024 * 1024;
  const double bytes = in_client({}, [] { return build().bytes; });
  const double seconds = in_client({}, [] { return build().seconds; });
  lab.report().add(fmt::format("memory of {} instances", kInstances), "MiB", bytes / kMebibyte,
                   value_at_most(64));
  lab.report().add(fmt::format("creating one of {} instances when the host is built", kInstances),
                   "ns", seconds * 1e9 / kInstances);
}

}  // namespace mdevsim::bench
