// How many small cases of a scenario mdevsim test runs in a second: each mounts a host, creates a
// device, checks, and removes it, all in namespaces of its own.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr int kCases = 1000;
constexpr int kRounds = 3;
constexpr int kCpusOfGoal = 4;
constexpr double kCasesPerSecondGoal = 100;

constexpr std::string_view kSteps = R"(
[[step]]
create = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
type = "mtty/mtty-1"

[[step]]
read = "class/mdev_bus/mtty/mdev_supported_types/mtty-1/available_instances"
expect = "3"

[[step]]
remove = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"

[host.bench.virtual."mtty/mtty"]
mdev_types = [{ id = "1", instances = 4 }]
)";

std::string scenario_file(const Lab& lab, int cases) {
  std::string numbers;
  for (int number = 0; number < cases; ++number) numbers += fmt::format("{}, ", number);
  return lab.host_file("scenario", fmt::format("matrix.number = [{}]\n{}", numbers, kSteps));
}

}  // namespace

void measure_scenarios(const Lab& lab) {
  const int cases = lab.quick() ? kCases / 10 : kCases;
  const std::vector<std::string> command{lab.binary("mdevsim"), "test", scenario_file(lab, cases)};
  std::vector<double> rates;
  for (int round = 0; round < kRounds; ++round) rates.push_back(cases / command_s(command));
  // The goal is for four processors; a machine with fewer has to reach its share of it.
  const double share = std::min(1.0, static_cast<double>(lab.cpus()) / kCpusOfGoal);
  lab.report().add(
      fmt::format("mdevsim test, {} small cases, on {} CPUs of {}", cases, lab.cpus(), kCpusOfGoal),
      "1/s", median(rates), value_at_least(kCasesPerSecondGoal * share));
}

}  // namespace mdevsim::bench
