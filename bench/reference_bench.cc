// What other trees take for the same operations: the machine's own /sys (read only), tmpfs, and
// umockdev-run.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/fatal.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr int kOperations = 20'000;
constexpr std::string_view kRealAttribute = "/sys/module/fuse/parameters/max_user_bgreq";

double median_us(const Lab& lab, const Measurement& measure_us) {
  std::vector<double> values;
  for (int i = 0; i < lab.repetitions(); ++i) values.push_back(measure_us());
  return median(std::move(values));
}

void measure_path(const Lab& lab, std::string_view what, const std::string& path) {
  for (const std::string_view operation : {"open-read-close", "read", "stat"}) {
    const double us = median_us(lab, [&] {
      return in_client({0},
                       [&] { return operation_ns(make_operation(operation, path), kOperations); }) /
             1e3;
    });
    lab.report().add(fmt::format("reference: {}, {}", what, operation), "us", us);
  }
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// umockdev redirects the system calls of the process that it starts: the client measures itself and
// prints.
void measure_umockdev(const Lab& lab) {
  if (access("/usr/bin/umockdev-run", X_OK) != 0) {
    lab.report().remark(
        "reference umockdev-run: not measured, it is not installed (package umockdev)");
    return;
  }
  const std::string description = lab.scratch() + "/bench.umockdev";
  std::ofstream(description)
      << "P: /devices/bench\nE: SUBSYSTEM=bench\nA: device_api=vfio-pci\\n\n";
  const std::string output = lab.scratch() + "/umockdev.out";
  for (const std::string_view operation : {"open-read-close", "stat"}) {
    const double us = median_us(lab, [&] {
      return in_client({0}, [&] {
        command_s(
            {"umockdev-run", "--device", description, "--", lab.binary("mdevsim-bench"), "--client",
             std::string(operation), "/sys/devices/bench/device_api", std::to_string(kOperations)},
            output);
        return std::strtod(first_line(output).c_str(), nullptr) / 1e3;
      });
    });
    lab.report().add(fmt::format("reference: umockdev-run, {}", operation), "us", us);
  }
}

}  // namespace

void measure_references(const Lab& lab) {
  const std::string tmpfs_file = lab.scratch() + "/device_api";
  std::ofstream(tmpfs_file) << "vfio-pci\n";
  measure_path(lab, "tmpfs", tmpfs_file);
  if (access(std::string(kRealAttribute).c_str(), R_OK) == 0)
    measure_path(lab, "the machine's own /sys", std::string(kRealAttribute));
  measure_umockdev(lab);
}

}  // namespace mdevsim::bench
