// Where the fault plan strikes: before a command changes anything.
#include <fmt/format.h>

#include <variant>

#include "sim/world/change.h"
#include "sim/world/world.h"

namespace mdevsim {
namespace {

using model::FaultDecision;
using model::FaultOccurrence;
using model::FaultPoint;
using model::InstanceFate;

std::string name_of(const State& state, InstanceId id) {
  const Instance* const instance = state.instance(id);
  return instance == nullptr ? std::string() : instance->uuid.to_string();
}

// What the command is about to do to which device, if rules can wait for that.
struct Asked {
  FaultPoint point = FaultPoint::operation;
  std::string device;
};
class Asking {
 public:
  explicit Asking(const State& state) : state_(state) {}
  template <typename Other>
  Asked operator()(const Other&) const {
    return {};
  }
  Asked operator()(const Create& command) const {
    return {FaultPoint::create, command.uuid.to_string()};
  }
  Asked operator()(const Remove& command) const {
    return {FaultPoint::remove, name_of(state_, command.instance)};
  }
  Asked operator()(const BindDriver& command) const { return {FaultPoint::bind, command.device}; }
  Asked operator()(const ProbeDevice& command) const { return {FaultPoint::bind, command.device}; }
  Asked operator()(const UnbindDriver& command) const {
    return {FaultPoint::unbind, command.device};
  }

 private:
  const State& state_;
};

FaultDecision decide_about(State& state, const Command& command) {
  if (state.faults.empty()) return {};
  const Asked asked = std::visit(Asking(state), command);
  if (asked.point == FaultPoint::operation) return {};
  return state.faults.decide({.point = asked.point, .device = asked.device});
}

}  // namespace

void Change::operator()(const ChangeFaults& command) {
  model::FaultPlan changed = state_.faults;
  if (command.remove_all) changed.clear();
  for (const std::uint32_t id : command.remove) {
    if (!changed.remove(id)) return fail_with(Errc::no_entry, fmt::format("no rule {}", id));
  }
  const auto added = changed.add(command.add);
  if (!added) return fail_with(added.error().code, added.error().why);
  state_.faults = std::move(changed);
}

// The kernel before 6.? let a `remove` that came while the device was still being made fail after
// it had taken the file away.
void Change::get_stuck(InstanceId id) {
  Instance* const instance = state_.instances.find(id);
  if (instance == nullptr || instance->removing || instance->stuck) {
    return fail_with(Errc::no_device, "the instance is gone or going");
  }
  instance->stuck = true;
  vanished(ref(id), Facet::remove_file);
  fail_with(Errc::again, "a fault rule lets the instance get stuck");
}

Outcome World::Writing::apply(const Command& command, Waiter waiter) NO_THREAD_SAFETY_ANALYSIS {
  Outcome outcome;
  Change change(state_, *world_.operations_, outcome, waiter);
  const FaultDecision fault = decide_about(state_, command);
  outcome.reply_delay_ms = fault.delay_ms;
  if (fault.errc) {
    outcome.errc = *fault.errc;
    outcome.why = fmt::format("fault rule {}", fault.rule);
  } else if (fault.instance == InstanceFate::stuck) {
    change.get_stuck(std::get<Remove>(command).instance);
  } else {
    std::visit(change, command);
  }
  const auto* created = std::get_if<Create>(&command);
  if (created == nullptr || outcome.errc != Errc::ok) return outcome;
  const InstanceId id = state_.instances.find_uuid(created->uuid);
  if (fault.instance == InstanceFate::vanishes) {
    Change(state_, *world_.operations_, outcome, {})(Remove{id});
  } else if (fault.instance == InstanceFate::untyped) {
    state_.untyped_until_ms[raw(id)] = state_.clock->uptime_ms() + fault.delay_ms;
  }
  return outcome;
}

Outcome World::Writing::vanish(InstanceId id) NO_THREAD_SAFETY_ANALYSIS {
  Outcome outcome;
  Change(state_, *world_.operations_, outcome, {})(Remove{id});
  return outcome;
}

FaultDecision World::Writing::decide(const FaultOccurrence& occurrence) {
  return state_.faults.empty() ? FaultDecision{} : state_.faults.decide(occurrence);
}

}  // namespace mdevsim
