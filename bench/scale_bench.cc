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

// The command sees the server's tree, or one host's of it, as /sys, in a mount namespace of its
// own.
double command_on_sys_s(const std::string& tree, const std::vector<std::string>& command,
                        const std::string& output) {
  return in_client({}, [&] {
    if (unshare(CLONE_NEWNS) != 0) fatal("cannot unshare", "the mount namespace");
    if (mount(tree.c_str(), "/sys", nullptr, MS_BIND, nullptr) != 0)
      fatal("cannot bind to /sys", tree);
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

  const double find_s =
      command_on_sys_s(server->mountpoint(), {"find", "/sys/devices", "-type", "f"}, output);
  report.add("scale: find /sys/devices -type f", "s", find_s);
  report.add("scale: files found", "files", lines_of(output));
  const double mdevctl_s = command_on_sys_s(server->mountpoint(), {"mdevctl", "types"}, output);
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

void measure_versions(const Lab& lab) {
  const auto server = lab.start_server(lab.shipped_host("../interfaces/many-versions.toml"), {});
  const std::string tree = server->mountpoint() + "/alpha";
  const std::string output = lab.scratch() + "/versions.out";
  Report& report = lab.report();
  report.add("versions: mdevctl types, 1000 versions, all interfaces", "s",
             command_on_sys_s(tree, {"mdevctl", "types"}, output));
  report.add("versions: lines printed by mdevctl types", "lines", lines_of(output));
  report.add("versions: read every file of every type", "s",
             command_on_sys_s(tree,
                              {"sh", "-c",
                               "find /sys/devices -type f -path '*_types*' -perm /444 "
                               "-exec cat {} +"},
                              output));
  report.add("versions: server memory afterwards", "MiB",
             static_cast<double>(server->memory_bytes()) / kMebibyte);
}

}  // namespace mdevsim::bench
