#include "bench/bench_world.h"

#include <string>
#include <utility>

#include "bench/fatal.h"

namespace mdevsim::bench {

HostSpec bench_host_spec(FloorShape shape, std::uint32_t instances_max) {
  auto parent = std::make_shared<ParentSpec>();
  for (std::uint32_t i = 0; i < shape.types; ++i) {
    TypeSpec type;
    type.id = std::to_string(i);
    type.name = type.id;
    type.max_instances = instances_max;
    parent->types.push_back(std::move(type));
  }
  index_types(*parent);
  HostSpec host;
  host.name = "bench";
  for (std::uint32_t i = 0; i < shape.functions; ++i) {
    PciFunctionSpec function;
    function.address.device = static_cast<std::uint8_t>(i);
    function.driver = "bench";
    function.parent = parent;
    host.functions.push_back(std::move(function));
  }
  return host;
}

std::unique_ptr<World> build_world(const HostSpec& spec, const Clock& clock) {
  auto world = World::build(spec, clock);
  if (!world) fatal("cannot build the world", world.error().why);
  return std::move(*world);
}

}  // namespace mdevsim::bench
