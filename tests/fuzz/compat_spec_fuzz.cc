// Any bytes as a SPEC of mdevsim compat: it is refused with a reason, or is something of the file,
// whose writes, if a verdict has any, are by an interface that it has. Paths are left out: they are
// looked up on the disk.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/compat_verdict.h"
#include "sim/base/check.h"
#include "tests/support/memory_files.h"

namespace {

using namespace std::string_view_literals;
namespace cli = mdevsim::cli;
namespace config = mdevsim::config;

constexpr std::string_view kFile = R"(
[model."vendor-a.com/my-nic"]
params.rss = { type = "bool", off = false, since = 2 }
params.queues = { type = "int", initial = 1, allowed = ["1-8"] }
versions.1 = {}
versions.2 = { rss = true }
[host.a.pci."0000:00:04.0"]
vendor = 1
device = 1
class = 0x020000
driver = "vfio-pci"
model = "vendor-a.com/my-nic"
interfaces = ["config_params"]
[host.a.virtual."mtty/mtty"]
mdev_types = [
  { id = "any", model = "vendor-a.com/my-nic", interfaces = ["create-parameters", "migration-info"], max_instances = 2, instances = [{ uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001" }] },
  { id = "{version}", each_version_of = "vendor-a.com/my-nic", interfaces = ["version-per-type"], instances = 4 },
]
)"sv;

const config::Configuration& file() {
  static const config::Loaded loaded = [] {
    config::MemoryFiles files({{"host.toml", std::string(kFile)}});
    return config::load(files, "host.toml");
  }();
  CHECK(loaded.configuration.has_value());
  return *loaded.configuration;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static cli::Sides sides(file(), "");
  const std::string_view spec(reinterpret_cast<const char*>(data), size);
  if (spec.starts_with('/') || spec.starts_with('.')) return 0;
  const auto side = sides.find(spec);
  if (!side) {
    CHECK(!side.error().why.empty());
    return 0;
  }
  CHECK(side->model != nullptr);
  static const cli::Side source = *sides.find("vendor-a.com/my-nic@version=1,queues=2");
  const auto verdict = mdevsim::model::decide(source.as_device(), side->as_device());
  for (const cli::Plan& plan : cli::plans_of(*side, verdict, "UUID"))
    CHECK(!plan.interface || side->interfaces.has(*plan.interface));
  return 0;
}
