// Operations that wait for the users of a device: `remove` and `unbind` block in the kernel until
// the last user has gone, and cannot be interrupted. Here the caller's waiter is parked and comes
// back with the change that lets it finish.
#include "sim/world/change.h"

namespace mdevsim {

void Change::start(std::deque<Step> steps) {
  Operation operation{waiter_, std::move(steps)};
  if (run(operation)) return;
  out_.waits = true;
  blocked_.operations.push_back(std::move(operation));
}

bool Change::run(Operation& operation) {
  while (!operation.steps.empty()) {
    const bool done =
        std::visit([this](const auto& step) { return perform(step); }, operation.steps.front());
    if (!done) return false;
    operation.steps.pop_front();
  }
  return true;
}

void Change::resume_blocked() {
  for (auto at = blocked_.operations.begin(); at != blocked_.operations.end();) {
    if (run(*at)) {
      // Nobody waits for what vanished by a fault rule.
      if (at->waiter.request != 0) out_.finished.push_back({at->waiter, Errc::ok});
      at = blocked_.operations.erase(at);
    } else {
      ++at;
    }
  }
}

// A device of the second proposal cannot be opened before its parameters are applied.
bool Change::awaits_parameters(const ObjectRef& device) const {
  const ModelledSpec* const spec = state_.modelled_spec(device);
  if (spec == nullptr || !spec->interfaces.has(Interface::migration_params)) return false;
  const DeviceSettings* const settings = state_.settings(device);
  return settings == nullptr || !settings->applied;
}

void Change::operator()(const Hold& command) {
  if (awaits_parameters(command.device))
    return fail_with(Errc::again, "write 1 to migration/applied first");
  if (command.device.type == ObjectRef::Type::instance) {
    Instance* instance = state_.instances.find(InstanceId(command.device.id));
    if (instance == nullptr || !instance->bound || instance->removing || instance->unbinding) {
      return fail_with(Errc::no_device, "the instance has no driver, or is going");
    }
    if (instance->holds == UINT16_MAX) return fail_with(Errc::busy, "too many users");
    ++instance->holds;
    return;
  }
  const PciFunction* function = state_.function(FunctionId(command.device.id));
  if (function == nullptr || function->vfio_binding == BindingId::none || function->unbinding) {
    return fail_with(Errc::no_device, "the function is not bound to a VFIO driver");
  }
  ++state_.functions[state_.index_of(*function)].holds;
}

void Change::operator()(const Release& command) {
  if (command.device.type == ObjectRef::Type::instance) {
    Instance* instance = state_.instances.find(InstanceId(command.device.id));
    if (instance != nullptr && instance->holds > 0) --instance->holds;
    if (instance != nullptr && instance->holds == 0 && command.closes)
      state_.migratable->drop(command.device);
  } else {
    // The function cannot have gone away under its user: removing and unbinding wait for it.
    const PciFunction* function = state_.function(FunctionId(command.device.id));
    if (function != nullptr && function->holds > 0) {
      const std::uint32_t left = --state_.functions[state_.index_of(*function)].holds;
      if (left == 0 && command.closes) state_.migratable->drop(command.device);
    }
  }
  take_back(command.device);
  resume_blocked();
}

}  // namespace mdevsim
