// From exec to the first attribute read: it must not depend on how much a host file describes.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bench/benches.h"
#include "bench/fatal.h"
#include "bench/server_process.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr FloorShape kOneType{.functions = 1, .types = 1};
constexpr std::uint64_t kStartNsMax = 20'000'000'000;

bool can_be_read(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char byte = 0;
  const bool done = read(file, &byte, 1) == 1;
  close(file);
  return done;
}

double start_ms(const std::vector<std::string>& command, const std::string& mountpoint,
                const std::string& attribute) {
  std::filesystem::create_directories(mountpoint);
  const std::uint64_t start = monotonic_ns();
  const pid_t pid = spawn(command, {});
  while (!can_be_read(mountpoint + attribute)) {
    if (monotonic_ns() - start > kStartNsMax) fatal("cannot be read", mountpoint + attribute);
    sched_yield();
  }
  const double result = static_cast<double>(monotonic_ns() - start) / 1e6;
  stop_server(pid, mountpoint);
  return result;
}

constexpr std::string_view kBareFunction = R"(vendor = 0x1af4
device = 0x1041
class = 0x020000
driver = "bench"
)";

std::string many_hosts() {
  return fmt::format(R"([host."host{{i}}"]
repeat = 100
kernel = "6.12"

[host."host{{i}}".pci."0000:00:00.0"]
{}mdev_types = [ {{ id = "{{i}}", repeat = 1000, instances = 16 }} ]
)",
                     kBareFunction);
}

// As empty as a host can be and still have an attribute to read.
std::string almost_empty_host() {
  return fmt::format(R"([host.bench]
kernel = "6.12"

[host.bench.pci."0000:00:00.0"]
{})",
                     kBareFunction);
}

}  // namespace

void measure_start(const Lab& lab) {
  const std::string mountpoint = lab.scratch() + "/start";
  const auto many = lab.server_command(lab.host_file("many", many_hosts()), mountpoint);
  const auto empty = lab.server_command(lab.host_file("empty", almost_empty_host()), mountpoint);
  const auto floor = lab.floor_command(kOneType, {}, mountpoint);
  const std::string function = fmt::format("/devices/pci0000:00/{}", floor_function_name(0));
  const auto many_ms = [&] { return start_ms(many, mountpoint, "/host99" + function + "/vendor"); };
  const auto empty_ms = [&] { return start_ms(empty, mountpoint, function + "/vendor"); };
  const auto floor_ms = [&] {
    return start_ms(floor, mountpoint, function + "/mdev_supported_types/bench-0/device_api");
  };
  lab.report().add("start until the first read, 100 hosts of 1000 types against one bare function",
                   "ms", interleaved(lab.repetitions(), many_ms, empty_ms), ratio_at_most(2));
  lab.report().add(
      "start until the first read, one bare function against a server that does nothing", "ms",
      interleaved(lab.repetitions(), empty_ms, floor_ms));
}

}  // namespace mdevsim::bench
