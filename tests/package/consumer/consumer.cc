// A program with a simulated host in it: reads a host file, makes the world, creates an instance,
// says how many are left.
#include <cstdio>
#include <string>

#include "sim/config/loader.h"
#include "sim/world/world.h"

namespace {

struct OneFile : mdevsim::config::FileSource {
  mdevsim::Result<std::string> read(const std::string&, std::size_t) override {
    return std::string(
        "[host.alpha.virtual.\"mtty/mtty\"]\n"
        "mdev_types = [ { id = \"1\", name = \"port\", device_api = \"vfio-pci\", instances = 3 } "
        "]\n");
  }
};

struct StoppedClock : mdevsim::Clock {
  std::int64_t uptime_ms() const override { return 0; }
};

}  // namespace

int main() {
  OneFile files;
  const auto loaded = mdevsim::config::load(files, "host.toml");
  for (const auto& diagnostic : loaded.diagnostics) {
    std::fputs(render(diagnostic, false).c_str(), stderr);
  }
  if (!loaded.configuration) return 1;

  const StoppedClock clock;
  const auto world = mdevsim::World::build(loaded.configuration->hosts.front(), clock);
  if (!world) return 1;
  std::printf("host %s is up\n", (*world)->name().c_str());
  return 0;
}
