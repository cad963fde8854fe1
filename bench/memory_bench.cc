// What the server keeps of the nodes that clients have seen: nothing, if inode numbers are
// addresses.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/kernel_memory.h"

namespace mdevsim::bench {
namespace {

// None, as exactly as it can be told.
constexpr double kNoneBytes = 1;

// The forgets of a million nodes take the server a moment; it is done when its processor time
// stands still.
void wait_until_idle(const ServerProcess& server) {
  constexpr useconds_t kPauseUs = 200'000;
  for (std::uint64_t before = ~0ULL, now = server.cpu_ticks(); now != before;) {
    before = now;
    usleep(kPauseUs);
    now = server.cpu_ticks();
  }
}

std::uint64_t memory_when_forgotten(const ServerProcess& server) {
  server.make_kernel_forget();
  wait_until_idle(server);
  return server.memory_bytes();
}

double growth_per_node(std::uint64_t before, std::uint64_t after, std::uint64_t nodes) {
  return (static_cast<double>(after) - static_cast<double>(before)) / static_cast<double>(nodes);
}

}  // namespace

void measure_memory(const Lab& lab) {
  const FloorShape shape = lab.quick() ? FloorShape{.functions = 16, .types = 980}
                                       : FloorShape{.functions = 32, .types = 4500};
  const auto server = lab.start_server(lab.host_file("memory", bench_host(shape)), {});
  make_operation("open-read-close", type_path(*server, 0, 0) + "/device_api")();
  const std::uint64_t before = server->memory_bytes();
  const std::optional<std::uint64_t> kernel_before = kernel_node_bytes();

  const Walk walked = walk(server->mountpoint(), true);
  const std::uint64_t after = server->memory_bytes();
  const std::optional<std::uint64_t> kernel_after = kernel_node_bytes();

  // Buffers and stacks are grown once, whatever the number of nodes: what nodes leave behind shows
  // the second time.
  const std::uint64_t forgotten = memory_when_forgotten(*server);
  walk(server->mountpoint(), true);
  const std::uint64_t forgotten_again = memory_when_forgotten(*server);

  const std::string nodes = fmt::format("after a walk of {} nodes", walked.nodes);
  lab.report().add("server memory per node " + nodes, "B",
                   growth_per_node(before, after, walked.nodes), value_at_most(64));
  lab.report().add("server memory per node when they are forgotten, after another such walk", "B",
                   growth_per_node(forgotten, forgotten_again, walked.nodes),
                   value_at_most(kNoneBytes));
  constexpr double kMebibyte = 1024 * 1024;
  lab.report().add("server memory when all nodes are forgotten", "MiB",
                   static_cast<double>(forgotten_again) / kMebibyte);
  if (kernel_before && kernel_after) {
    lab.report().add("kernel memory (slab) per node " + nodes, "B",
                     growth_per_node(*kernel_before, *kernel_after, walked.nodes));
  } else {
    lab.report().remark("kernel memory per node: /proc/slabinfo can be read by root only");
  }
}

}  // namespace mdevsim::bench
