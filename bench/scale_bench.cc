// A host with 64 parents of 1000 types each and 10,000 instances: do ordinary clients get through,
// and what does it take?
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/fatal.h"
#include "bench/kernel_memory.h"

namespace mdevsim::bench {
namespace {

constexpr double kMebibyte = 1024 * 1024;

// The command sees the server's tree as /sys, in a mount namespace of its own.
double command_on_sys_s(const ServerProcess& server, const std::vector<std::string>& command,
                        const std::string& output) {
  return in_client({}, [&] {
    if (unshare(CLONE_NEWNS) != 0) fatal("cannot unshare", "the mount namespace");
    if (mount(server.mountpoint().c_str(), "/sys", nullptr, MS_BIND, nullptr) != 0)
      fatal("cannot bind to /sys", server.mountpoint());
    return command_s(command, output);
  });
}

double lines_of(const std::string& path) {
  std::ifstream file(path);
  double lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  return lines;
}

}  // namespace

void measure_scale(const Lab& lab) {
  if (lab.quick()) {
    lab.report().remark("scale: left out of --quick, it takes a minute");
    return;
  }
  const auto server = lab.start_server(lab.shipped_host("many-types.toml"), {});
  const std::string output = lab.scratch() + "/scale.out";
  const std::optional<std::uint64_t> kernel_before = kernel_node_bytes();
  Report& report = lab.report();

  const double find_s = command_on_sys_s(*server, {"find", "/sys/devices", "-type", "f"}, output);
  report.add("scale: find /sys/devices -type f", "s", find_s);
  report.add("scale: files found", "files", lines_of(output));
  const double mdevctl_s = command_on_sys_s(*server, {"mdevctl", "types"}, output);
  report.add("scale: mdevctl types", "s", mdevctl_s);
  report.add("scale: lines printed by mdevctl types", "lines", lines_of(output));
  report.add("scale: server memory afterwards", "MiB",
             static_cast<double>(server->memory_bytes()) / kMebibyte);
  const std::optional<std::uint64_t> kernel_after = kernel_node_bytes();
  if (kernel_before && kernel_after) {
    report.add(
        "scale: kernel memory (slab) for the nodes looked up", "MiB",
        (static_cast<double>(*kernel_after) - static_cast<double>(*kernel_before)) / kMebibyte);
  }
}

}  // namespace mdevsim::bench
