// Any bytes as a host file: loading ends, what it returns keeps the invariants, and a host that it
// accepts can be built. A form feed
// separates files, which include one another as "1", "2" and so on.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "sim/config/loader.h"
#include "sim/world/world.h"
#include "tests/support/config_invariants.h"
#include "tests/support/memory_files.h"

namespace {

using mdevsim::config::Loaded;

class StoppedClock final : public mdevsim::Clock {
 public:
  std::int64_t uptime_ms() const override { return 0; }
};

// Hosts of a size that leaves time for other inputs.
bool is_small(const mdevsim::HostSpec& host) {
  std::uint64_t weight = host.functions.size() + host.virtual_devices.size();
  const auto add = [&](const mdevsim::ParentSpec* parent) {
    if (parent == nullptr) return;
    for (const mdevsim::TypeSpec& type : parent->types) {
      for (const mdevsim::InstanceSpec& instance : type.instances) weight += instance.count;
    }
  };
  if (weight > 100) return false;
  for (const auto& function : host.functions) add(function.parent.get());
  for (const auto& device : host.virtual_devices) add(device.parent.get());
  return weight <= 1000;
}

void build_hosts(const Loaded& loaded) {
  const StoppedClock clock;
  for (const mdevsim::HostSpec& host : loaded.configuration->hosts) {
    if (!is_small(host)) return;
    if (const auto world = mdevsim::World::build(host, clock); !world) {
      std::fprintf(stderr, "a host that was accepted cannot be built: %s\n",
                   world.error().why.c_str());
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::map<std::string, std::string> texts;
  std::string* text = &texts["0"];
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == '\f') {
      text = &texts[std::to_string(texts.size())];
    } else {
      text->push_back(static_cast<char>(data[i]));
    }
  }
  mdevsim::config::MemoryFiles files(std::move(texts));
  const Loaded loaded = load(files, "0");
  if (const std::string broken = broken_invariant(loaded); !broken.empty()) {
    std::fprintf(stderr, "broken invariant: %s\n", broken.c_str());
    std::abort();
  }
  if (loaded.configuration) build_hosts(loaded);
  return 0;
}
