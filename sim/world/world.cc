#include "sim/world/world.h"

#include <utility>

#include "sim/world/change.h"

namespace mdevsim {

struct World::Operations : BlockedOperations {};

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
  world_.mutex_.unlock();
}

Outcome World::Writing::apply(const Command& command, Waiter waiter) NO_THREAD_SAFETY_ANALYSIS {
  Outcome outcome;
  Change change(state_, *world_.operations_, outcome, waiter);
  std::visit(change, command);
  return outcome;
}

}  // namespace mdevsim
