// One client: what each operation costs against the floor server, on the same CPU and across CPUs;
// and 4 clients together.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr FloorShape kShape{.functions = 4, .types = 100};
constexpr int kOperations = 2000;
constexpr int kClients = 4;

struct OperationRow {
  std::string_view name;
  std::string_view operation;  // see make_operation
  std::string_view path;       // below the function
  std::optional<Goal> goal;
};

constexpr std::string_view kAttribute = "mdev_supported_types/bench-0/device_api";

const OperationRow kRows[] = {
    {"attribute open+read+close", "open-read-close", kAttribute, ratio_at_most(1.10)},
    {"attribute read on an open file", "read", kAttribute, ratio_at_most(1.10)},
    {"attribute write on an open file", "write", kFloorKnob, {}},
    {"attribute stat", "stat", kAttribute, {}},
    {"lookup of a missing name", "missing", "mdev_supported_types/missing", {}},
    {"list of a directory with 100 types", "list", "mdev_supported_types", {}},
};

double operation_us(std::string_view operation, const std::string& path, const Cpus& cpus,
                    int count) {
  return in_client(cpus, [&] { return operation_ns(make_operation(operation, path), count); }) /
         1e3;
}

Pair compare(const Lab& lab, const OperationRow& row, const Placement& placement,
             const ServerProcess& server, const ServerProcess& floor) {
  const int count = row.operation == "list" ? kOperations / 10 : kOperations;
  const auto measure = [&](const ServerProcess& target) {
    return operation_us(row.operation, fmt::format("{}/{}", function_path(target, 0), row.path),
                        placement.client, count);
  };
  return interleaved(
      lab.repetitions(), [&] { return measure(server); }, [&] { return measure(floor); });
}

}  // namespace

void measure_noise(const Lab& lab) {
  for (const Placement& placement : placements(lab)) {
    const auto one = lab.start_floor(kShape, placement.server);
    const auto other = lab.start_floor(kShape, placement.server);
    for (const OperationRow& row : kRows) {
      if (!row.goal) continue;
      lab.report().add(fmt::format("harness noise: {}, {}", row.name, placement.name), "us",
                       compare(lab, row, placement, *one, *other));
    }
  }
}

void measure_attributes(const Lab& lab) {
  const std::string host = lab.host_file("attribute", bench_host(kShape));
  for (const Placement& placement : placements(lab)) {
    const auto server = lab.start_server(host, placement.server);
    const auto floor = lab.start_floor(kShape, placement.server);
    for (const OperationRow& row : kRows) {
      lab.report().add(fmt::format("{}, {}", row.name, placement.name), "us",
                       compare(lab, row, placement, *server, *floor), row.goal);
    }
  }
}

namespace {

// Thousands of operations per second of 4 clients, each with an attribute of its own.
double clients_kops(const Lab& lab, const ServerProcess& target, std::string_view operation) {
  const int duration_ms = lab.quick() ? 200 : 500;
  const auto of_client = [&](int client) {
    const std::string type = type_path(target, static_cast<std::uint32_t>(client), 0);
    return make_operation(operation, type + "/device_api");
  };
  return operations_per_s(kClients, duration_ms, of_client) / 1e3;
}

}  // namespace

void measure_clients(const Lab& lab) {
  const auto server = lab.start_server(lab.host_file("clients", bench_host(kShape)), {});
  const auto floor = lab.start_floor(kShape, {});
  for (const OperationRow& row : kRows) {
    if (!row.goal) continue;
    const std::string name =
        fmt::format("{} clients' {}, anywhere on {} CPUs", kClients, row.name, lab.cpus());
    lab.report().add(
        name, "kop/s",
        interleaved(
            lab.repetitions(), [&] { return clients_kops(lab, *server, row.operation); },
            [&] { return clients_kops(lab, *floor, row.operation); }),
        ratio_at_least(0.9));
  }
  if (!lab.uses_uring()) {
    lab.report().remark("io_uring rows: not measurable here, requests travel by " +
                        lab.transport());
    return;
  }
  const auto plain = lab.start_plain_floor(kShape);
  lab.report().add(
      fmt::format("{} clients' {} by io_uring, against the plain transport", kClients,
                  kRows[0].name),
      "kop/s",
      interleaved(
          lab.repetitions(), [&] { return clients_kops(lab, *server, kRows[0].operation); },
          [&] { return clients_kops(lab, *plain, kRows[0].operation); }),
      ratio_at_least(3));
}

}  // namespace mdevsim::bench
