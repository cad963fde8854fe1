// libvirt's nodedev-create, by Debian's libvirtd inside `mdevsim run`. What mdevctl alone takes
// stands beside it as the floor, since libvirt calls it.
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/fatal.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr FloorShape kShape{.functions = 1, .types = 2};

// What libvirtd and mdevctl write to.
constexpr std::string_view kPrivateDirectories[] = {
    "/run", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt", "/etc/mdevctl.d"};

void make_directories_private() {
  if (unshare(CLONE_NEWNS) != 0) fatal("cannot unshare", "the mount namespace");
  for (const std::string_view directory : kPrivateDirectories) {
    const std::string path(directory);
    if (access(path.c_str(), F_OK) != 0) continue;
    if (mount("mdevsim-bench", path.c_str(), "tmpfs", 0, "mode=755") != 0)
      fatal("cannot mount a tmpfs", path);
  }
}

struct Times {
  std::vector<double> libvirt;
  std::vector<double> mdevctl;
};

Times read_times(const std::string& path) {
  Times times;
  std::ifstream file(path);
  double seconds = 0;
  for (std::string name; file >> name >> seconds;)
    (name == "libvirt" ? times.libvirt : times.mdevctl).push_back(seconds);
  return times;
}

}  // namespace

void measure_libvirt(const Lab& lab) {
  if (access("/usr/sbin/libvirtd", X_OK) != 0 || geteuid() != 0) {
    lab.report().remark("libvirt: not measured, it takes libvirtd (package libvirt-daemon-system)");
    return;
  }
  const int count = lab.quick() ? 10 : 100;
  const std::string host = lab.host_file("libvirt", bench_host(kShape));
  const std::string output = lab.scratch() + "/libvirt.out";
  in_client({}, [&] {
    make_directories_private();
    return command_s({lab.binary("mdevsim"), "run", host, "--", lab.script("nodedev_create.sh"),
                      std::to_string(count), "0000:00:00.0", "pci_0000_00_00_0", "bench-0"},
                     output);
  });
  const Times times = read_times(output);
  if (times.libvirt.size() != static_cast<std::size_t>(count)) fatal("too few times in", output);
  const Pair pair{median(times.libvirt), median(times.mdevctl)};
  lab.report().add("libvirt nodedev-create, against mdevctl start alone", "s", pair);
  lab.report().add(fmt::format("libvirt nodedev-create, the slowest of {}", count), "s",
                   *std::max_element(times.libvirt.begin(), times.libvirt.end()), value_at_most(1));
}

}  // namespace mdevsim::bench
