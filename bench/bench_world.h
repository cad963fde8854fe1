// Worlds made in process, for what is measured without a server.
#pragma once

#include <cstdint>
#include <memory>

#include "bench/floor_tree.h"
#include "sim/base/clock.h"
#include "sim/world/spec.h"
#include "sim/world/world.h"

namespace mdevsim::bench {

class StandingClock : public Clock {
 public:
  std::int64_t uptime_ms() const override { return 0; }
};

// PCI parents with the same types each; every type takes `instances_max` instances. As bench_host()
// in TOML.
HostSpec bench_host_spec(FloorShape shape, std::uint32_t instances_max = 16);

std::unique_ptr<World> build_world(const HostSpec& spec, const Clock& clock);

}  // namespace mdevsim::bench
