// One simulated host: the only mutable state there is. All changes go through Writing::apply.
#pragma once

#include <atomic>
#include <memory>

#include "sim/base/executor.h"
#include "sim/base/mutex.h"
#include "sim/base/result.h"
#include "sim/world/command.h"
#include "sim/world/state.h"

namespace mdevsim {

class World {
 public:
  // Makes the host as it is when its drivers have been loaded. The clock must outlive the world.
  // The executor has other threads help with the streams of its devices.
  // Errors: ENOSPC or EUSERS when the instances that the file asks for do not fit, EEXIST for a
  // uuid used twice.
  static Result<std::unique_ptr<World>> build(const HostSpec& spec, const Clock& clock,
                                              std::shared_ptr<Executor> executor = nullptr);
  ~World();

  const std::string& name() const { return name_; }
  // Whether any fault rule waits for operations; costs no lock.
  bool has_operation_faults() const {
    return has_operation_faults_.load(std::memory_order_acquire);
  }

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
    // The plan of faults is asked first: its rule may refuse the command, or let it end otherwise.
    Outcome apply(const Command& command, Waiter waiter);
    // Removes an instance by nobody's request, whatever the plan of faults says.
    Outcome vanish(InstanceId id);
    // Asks the plan about something else that is about to begin: an operation, an event, the saving
    // or loading of a device's state.
    model::FaultDecision decide(const model::FaultOccurrence& occurrence);

   private:
    friend class World;
    World& world_;
    State& state_;
  };

 private:
  struct Operations;
  explicit World(std::string name);

  const std::string name_;
  std::atomic<bool> has_operation_faults_ = false;  // follows the state, when a change ends
  mutable Mutex mutex_;
  std::unique_ptr<State> state_ GUARDED_BY(mutex_);
  std::unique_ptr<Operations> operations_ GUARDED_BY(mutex_);  // what blocks on devices in use
};

}  // namespace mdevsim
