// Going through the whole tree, first with nothing in the kernel's caches, then again. The server's
// tree has some nodes more than the floor's (a PCI function's attributes), so times are per node.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

struct WalkRow {
  std::string_view name;
  bool first;  // the kernel has been made to forget the tree before
  double (*seconds)(const std::string& path);
  std::optional<Goal> goal;
};

const WalkRow kRows[] = {
    {"ls -lR for the first time", true, ls_long_recursive_s, ratio_at_most(1.1)},
    {"ls -lR again", false, ls_long_recursive_s, ratio_at_most(1.1)},
};

}  // namespace

void measure_walks(const Lab& lab) {
  const FloorShape shape = lab.quick() ? FloorShape{.functions = 4, .types = 500}
                                       : FloorShape{.functions = 16, .types = 980};
  const Cpus cpus{0};
  const auto server = lab.start_server(lab.host_file("walk", bench_host(shape)), cpus);
  const auto floor = lab.start_floor(shape, cpus);
  const auto root_of = [](const ServerProcess& target) { return target.mountpoint() + "/devices"; };
  const auto server_nodes = static_cast<double>(walk(root_of(*server), false).nodes);
  const auto floor_nodes = static_cast<double>(walk(root_of(*floor), false).nodes);
  for (const WalkRow& row : kRows) {
    const auto measure = [&](const ServerProcess& target, double nodes) {
      if (row.first) target.make_kernel_forget();
      return in_client(cpus, [&] { return row.seconds(root_of(target)); }) / nodes * 1e6;
    };
    lab.report().add(
        fmt::format("{}, per node of {:.0f}, server on the client's CPU", row.name, server_nodes),
        "us",
        interleaved_cold(
            5, [&] { return measure(*server, server_nodes); },
            [&] { return measure(*floor, floor_nodes); }),
        row.goal);
  }
}

}  // namespace mdevsim::bench
