// From the write to `create` until another process, which keeps looking, sees the new directory.
#include <fmt/format.h>

#include <string>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr FloorShape kShape{.functions = 1, .types = 8};

// What mdevsim-server does for a create on such a host, seen with strace.
constexpr CreateCost kCost{.expires = 0, .invalidates = 4, .messages = 4};

struct CreatePlacement {
  std::string_view name;
  Cpus server;
  Cpus writer;
  Cpus watcher;
};

std::vector<CreatePlacement> create_placements(const Lab& lab) {
  if (lab.cpus() == 1) return {{"all on one CPU", {0}, {0}, {0}}};
  return {{"server on the writer's CPU, watcher on another", {0}, {0}, {1}},
          {"server on the watcher's CPU, writer on another", {1}, {0}, {1}}};
}

}  // namespace

void measure_create(const Lab& lab) {
  const int count = lab.quick() ? 100 : 300;
  const std::string host = lab.host_file("create", bench_host(kShape));
  for (const CreatePlacement& placement : create_placements(lab)) {
    const auto server = lab.start_server(host, placement.server);
    const auto floor = lab.start_floor(kShape, placement.server, kCost);
    const auto measure = [&](const ServerProcess& target) {
      return create_until_visible_ns({.create = type_path(target, 0, 0) + "/create",
                                      .directory = function_path(target, 0),
                                      .writer = placement.writer,
                                      .watcher = placement.watcher},
                                     count) /
             1e3;
    };
    lab.report().add(
        fmt::format("create until visible to another process, {}", placement.name), "us",
        interleaved(
            lab.repetitions(), [&] { return measure(*server); }, [&] { return measure(*floor); }),
        ratio_at_most(1.15));
  }
}

}  // namespace mdevsim::bench
