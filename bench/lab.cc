#include "bench/lab.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "bench/client_ops.h"
#include "bench/fatal.h"

namespace mdevsim::bench {
namespace {

// As mdevsim-server sets it.
constexpr std::string_view kUringDepth = "128";

// From "mdevsim-server VERSION, transport TEXT".
std::string ask_transport(const std::string& server, const std::string& output) {
  command_s({server, "--version"}, output);
  std::ifstream file(output);
  std::string line;
  std::getline(file, line);
  constexpr std::string_view kBefore = ", transport ";
  const std::size_t at = line.find(kBefore);
  if (at == std::string::npos) fatal("says nothing of its transport", server);
  return line.substr(at + kBefore.size());
}

}  // namespace

Lab::Lab(std::string binaries, std::string scratch, bool quick, Report& report)
    : binaries_(std::move(binaries)),
      scratch_(std::move(scratch)),
      quick_(quick),
      report_(report),
      transport_(ask_transport(binary("mdevsim-server"), scratch_ + "/version")) {}

int Lab::cpus() const { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

std::string Lab::host_file(std::string_view name, std::string_view text) const {
  std::string path = fmt::format("{}/{}.toml", scratch_, name);
  std::ofstream file(path);
  file << text;
  if (!file.flush()) fatal("cannot write", path);
  return path;
}

std::string Lab::shipped_host(std::string_view name) {
  return fmt::format("{}/scenarios/hosts/{}", MDEVSIM_SOURCE_DIR, name);
}

std::string Lab::script(std::string_view name) {
  return fmt::format("{}/bench/{}", MDEVSIM_SOURCE_DIR, name);
}

std::string Lab::new_mountpoint() const {
  return fmt::format("{}/mount{}", scratch_, ++mountpoints_);
}

std::vector<std::string> Lab::server_command(const std::string& host_file,
                                             const std::string& mountpoint) const {
  return {binary("mdevsim-server"),
          host_file,
          "--mountpoint",
          mountpoint,
          "--events",
          "both",
          "--foreground"};
}

std::vector<std::string> Lab::floor_command(FloorShape shape, CreateCost cost,
                                            const std::string& mountpoint) const {
  return {binary("mdevsim-floor-server"),
          mountpoint,
          "--functions",
          std::to_string(shape.functions),
          "--types",
          std::to_string(shape.types),
          "--expires",
          std::to_string(cost.expires),
          "--invalidates",
          std::to_string(cost.invalidates),
          "--messages",
          std::to_string(cost.messages)};
}

std::unique_ptr<ServerProcess> Lab::start_server(
    const std::string& host_file, const Cpus& cpus,
    const std::vector<std::string>& further_options) const {
  const std::string mountpoint = new_mountpoint();
  std::vector<std::string> command = server_command(host_file, mountpoint);
  command.insert(command.end(), further_options.begin(), further_options.end());
  return std::make_unique<ServerProcess>(command, mountpoint, cpus);
}

std::unique_ptr<ServerProcess> Lab::start_floor(FloorShape shape, const Cpus& cpus,
                                                CreateCost cost) const {
  const std::string mountpoint = new_mountpoint();
  std::vector<std::string> command = floor_command(shape, cost, mountpoint);
  if (uses_uring()) command.insert(command.end(), {"--uring-depth", std::string(kUringDepth)});
  return std::make_unique<ServerProcess>(command, mountpoint, cpus);
}

std::unique_ptr<ServerProcess> Lab::start_plain_floor(FloorShape shape) const {
  const std::string mountpoint = new_mountpoint();
  return std::make_unique<ServerProcess>(floor_command(shape, {}, mountpoint), mountpoint, Cpus{});
}

std::vector<Placement> placements(const Lab& lab) {
  std::vector<Placement> result{{"server on the client's CPU", {0}, {0}}};
  if (lab.cpus() > 1) result.push_back({"server on another CPU", {1}, {0}});
  return result;
}

std::string bench_host(FloorShape shape) {
  return fmt::format(R"([host.bench]
kernel = "6.12"

[host.bench.pci."0000:00:{{i:02x}}.0"]
repeat = {}
vendor = 0x1af4
device = 0x1041
class = 0x020000
driver = "bench"
mdev_types = [ {{ id = "{{i}}", repeat = {}, instances = 16, description = "a type to measure with" }} ]
)",
                     shape.functions, shape.types);
}

std::string function_path(const ServerProcess& server, std::uint32_t function) {
  return fmt::format("{}/devices/pci0000:00/{}", server.mountpoint(),
                     floor_function_name(function));
}

std::string type_path(const ServerProcess& server, std::uint32_t function, std::uint32_t type) {
  return fmt::format("{}/mdev_supported_types/{}", function_path(server, function),
                     floor_type_name(type));
}

}  // namespace mdevsim::bench
