// A device's stream through its file `data`, against a file that gives and takes bytes without
// looking at them.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/fatal.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
constexpr std::string_view kSource = "c0ffee00-0000-4000-8000-000000000001";
constexpr std::string_view kTarget = "c0ffee00-0000-4000-8000-000000000002";

std::string stream_host(unsigned mebibytes) {
  return fmt::format(R"([model."bench.com/card"]
device_api = "vfio-pci"
versions.1 = {{}}
state = {{ memory = "{}MiB" }}
[host.bench.virtual."card/card"]
mdev_types = [ {{ id = "1", model = "bench.com/card", version = 1, instances = [{{ uuid = "{}" }}, {{ uuid = "{}" }}] }} ]
)",
                     mebibytes, kSource, kTarget);
}

std::string device_file(const ServerProcess& server, std::string_view device,
                        std::string_view name) {
  return fmt::format("{}/kernel/mdevsim/devices/{}/{}", server.mountpoint(), device, name);
}

void write_text(const std::string& path, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text.data(), text.size()) < 0) fatal("cannot write", path);
  close(file);
}

int open_or_fail(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) fatal("cannot open", path);
  return file;
}

double gib_per_s(std::size_t bytes, std::uint64_t ns) {
  return static_cast<double>(bytes) / static_cast<double>(ns) * 1e9 / (1 << 30);
}

// Reads up to the end, or so many bytes where there is none.
std::size_t read_through(const std::string& path, std::size_t bytes_max,
                         std::vector<char>* keep = nullptr) {
  std::vector<char> buffer(kReadBytes);
  const int file = open_or_fail(path, O_RDONLY);
  std::size_t bytes = 0;
  while (bytes < bytes_max) {
    const ssize_t got = read(file, buffer.data(), buffer.size());
    if (got < 0) fatal("cannot read", path);
    if (got == 0) break;
    if (keep != nullptr) keep->insert(keep->end(), buffer.data(), buffer.data() + got);
    bytes += static_cast<std::size_t>(got);
  }
  close(file);
  return bytes;
}

void write_through(const std::string& path, std::string_view bytes) {
  const int file = open_or_fail(path, O_WRONLY);
  for (std::size_t at = 0; at < bytes.size(); at += kReadBytes) {
    const std::string_view part = bytes.substr(at, kReadBytes);
    if (write(file, part.data(), part.size()) != static_cast<ssize_t>(part.size()))
      fatal("cannot write", path);
  }
  close(file);
}

double timed_read(const std::string& path, std::size_t bytes_max) {
  const std::uint64_t begin = monotonic_ns();
  const std::size_t bytes = read_through(path, bytes_max);
  return gib_per_s(bytes, monotonic_ns() - begin);
}

double timed_write(const std::string& path, std::string_view bytes) {
  const std::uint64_t begin = monotonic_ns();
  write_through(path, bytes);
  return gib_per_s(bytes.size(), monotonic_ns() - begin);
}

void measure_read(const Lab& lab, const ServerProcess& server, const ServerProcess& floor,
                  std::size_t bytes) {
  lab.report().add("stream read through `data`, 1 MiB at a time", "GiB/s",
                   interleaved(
                       lab.repetitions(),
                       [&] {
                         write_text(device_file(server, kSource, "state"), "stop_copy");
                         const double rate =
                             timed_read(device_file(server, kSource, "data"), SIZE_MAX);
                         write_text(device_file(server, kSource, "state"), "stop");
                         return rate;
                       },
                       [&] { return timed_read(function_path(floor, 0) + "/data", bytes); }),
                   ratio_at_least(0.95));
}

void measure_write(const Lab& lab, const ServerProcess& server, const ServerProcess& floor,
                   std::string_view stream) {
  lab.report().add("stream written through `data`, 1 MiB at a time", "GiB/s",
                   interleaved(
                       lab.repetitions(),
                       [&] {
                         write_text(device_file(server, kTarget, "state"), "resuming");
                         const double rate =
                             timed_write(device_file(server, kTarget, "data"), stream);
                         write_text(device_file(server, kTarget, "state"), "stop");
                         return rate;
                       },
                       [&] { return timed_write(function_path(floor, 0) + "/data", stream); }),
                   ratio_at_least(0.95));
}

}  // namespace

void measure_data_files(const Lab& lab) {
  const auto server =
      lab.start_server(lab.host_file("stream", stream_host(lab.quick() ? 64 : 256)), {});
  const auto floor = lab.start_floor({.functions = 1, .types = 1}, {});
  std::vector<char> stream;
  write_text(device_file(*server, kSource, "state"), "stop_copy");
  read_through(device_file(*server, kSource, "data"), SIZE_MAX, &stream);
  write_text(device_file(*server, kSource, "state"), "stop");
  measure_read(lab, *server, *floor, stream.size());
  measure_write(lab, *server, *floor, {stream.data(), stream.size()});
}

}  // namespace mdevsim::bench
