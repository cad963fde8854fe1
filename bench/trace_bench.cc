// What tracing costs: processor time of the whole server for the same load, with the trace and
// without.
#include <fmt/format.h>

#include <string_view>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr FloorShape kShape{.functions = 4, .types = 100};
constexpr int kOperations = 20'000;

struct LoadRow {
  std::string_view name;
  std::string_view operation;  // see make_operation
  std::string_view path;       // below the function
  std::optional<Goal> goal;
};

const LoadRow kRows[] = {
    {"open+read+close", "open-read-close", "mdev_supported_types/bench-0/device_api",
     ratio_at_most(1.05)},
    {"read", "read", "mdev_supported_types/bench-0/device_api", ratio_at_most(1.05)},
    {"write", "write", kFloorKnob, ratio_at_most(1.05)},
    {"lookup of a missing name", "missing", "mdev_supported_types/missing", ratio_at_most(1.05)},
};

// Of one operation, in us.
double server_cpu_us(const ServerProcess& server, const LoadRow& row, int count) {
  const std::string path = fmt::format("{}/{}", function_path(server, 0), row.path);
  const std::uint64_t before = server.cpu_ns();
  in_client({0}, [&] { return operation_ns(make_operation(row.operation, path), count); });
  return static_cast<double>(server.cpu_ns() - before) / count / 1e3;
}

}  // namespace

void measure_trace(const Lab& lab) {
  const std::string host = lab.host_file("trace", bench_host(kShape));
  const int count = lab.quick() ? kOperations / 4 : kOperations;
  // Where a request costs least, so that the trace weighs most.
  const Cpus server_cpu = placements(lab).front().server;
  const auto traced = lab.start_server(host, server_cpu);
  const auto untraced = lab.start_server(host, server_cpu, {"--trace", "0"});
  for (const LoadRow& row : kRows) {
    lab.report().add(fmt::format("server's CPU with the trace, of {}", row.name), "us",
                     interleaved(
                         2 * lab.repetitions(), [&] { return server_cpu_us(*traced, row, count); },
                         [&] { return server_cpu_us(*untraced, row, count); }),
                     row.goal);
  }
}

}  // namespace mdevsim::bench
