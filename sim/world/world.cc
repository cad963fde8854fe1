#include "sim/world/world.h"

#include <utility>

#include "sim/world/change.h"

namespace mdevsim {

World::World(std::string name)
    : name_(std::move(name)),
      state_(std::make_unique<State>()),
      operations_(std::make_unique<Operations>()) {}

World::~World() = default;

World::Reading::Reading(const World& world) ACQUIRE(world.mutex_)
    : world_(world), state_((world.mutex_.lock(), *world.state_)) {}

World::Reading::~Reading() { world_.mutex_.unlock(); }

World::Writing::Writing(World& world) ACQUIRE(world.mutex_)
    : world_(world), state_((world.mutex_.lock(), *world.state_)) {}

World::Writing::~Writing() {
  state_.forget_old();
  world_.has_operation_faults_.store(state_.faults.has_operations(), std::memory_order_release);
  world_.mutex_.unlock();
}

}  // namespace mdevsim
