// One simulated host: the only mutable state there is. All changes go through Writing::apply.
#pragma once

#include <memory>

#include "sim/base/mutex.h"
#include "sim/base/result.h"
#include "sim/world/command.h"
#include "sim/world/state.h"

namespace mdevsim {

class World {
 public:
  // Makes the host as it is when its drivers have been loaded. The clock must outlive the world.
  // Errors: ENOSPC or EUSERS when the instances that the file asks for do not fit, EEXIST for a
  // uuid used twice.
  static Result<std::unique_ptr<World>> build(const HostSpec& spec, const Clock& clock);
  ~World();

  const std::string& name() const { return name_; }

  // Looks at the state; holds the lock while it lives.
  class SCOPED_CAPABILITY Reading {
   public:
    explicit Reading(const World& world) ACQUIRE(world.mutex_);
    ~Reading() RELEASE();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    const State& state() const { return state_; }
    const State* operator->() const { return &state_; }

   private:
    const World& world_;
    const State& state_;
  };

  // Changes the state; holds the lock while it lives. What the outcome entails is to be queued
  // before the lock goes, so that effects leave in the order of the changes; carrying them out is
  // for afterwards.
  class SCOPED_CAPABILITY Writing {
   public:
    explicit Writing(World& world) ACQUIRE(world.mutex_);
    ~Writing() RELEASE();
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;
    const State& state() const { return state_; }
    Outcome apply(const Command& command, Waiter waiter);

   private:
    friend class World;
    World& world_;
    State& state_;
  };

 private:
  struct Operations;
  explicit World(std::string name);

  const std::string name_;
  mutable Mutex mutex_;
  std::unique_ptr<State> state_ GUARDED_BY(mutex_);
  std::unique_ptr<Operations> operations_ GUARDED_BY(mutex_);  // what blocks on devices in use
};

}  // namespace mdevsim
