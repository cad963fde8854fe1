// Configurations of device models: what a type is set to, what a device presents, what is staged.
#include <fmt/format.h>

#include <utility>

#include "sim/model/configuration.h"
#include "sim/world/change.h"

namespace mdevsim {
namespace {

bool is_held(const State& state, const ObjectRef& device) {
  if (device.type == ObjectRef::Type::instance)
    return state.instances.find(InstanceId(device.id))->holds > 0;
  return state.function(FunctionId(device.id))->holds > 0;
}

}  // namespace

// Interfaces build configurations with sim/model; this makes sure that none slips by.
bool Change::may_be(const ObjectRef& object, const ConfigurationPtr& configuration) {
  const ModelledSpec* spec = state_.modelled_spec(object);
  if (spec == nullptr) {
    fail_with(Errc::no_device, "it has no device model, or is gone");
    return false;
  }
  if (const auto fault = model::check_configuration(*spec->model, *configuration)) {
    fail_with(fault->code, fault->why);
    return false;
  }
  return true;
}

void Change::operator()(const SetTypeConfiguration& command) {
  const ObjectRef type{ObjectRef::Type::mdev_type, raw(command.type)};
  if (!may_be(type, command.configuration)) return;
  const auto before = state_.modelled(type)->configuration;
  if (*before == *command.configuration) return;
  state_.type_configurations[raw(command.type)] = command.configuration;
  out_.effects.emplace_back(Reconfigured{type, before});
}

// False, with the reason in the outcome, when it is gone.
bool Change::is_there(const ObjectRef& device) {
  const bool there = device.type == ObjectRef::Type::instance
                         ? state_.exists(InstanceId(device.id))
                         : state_.modelled_spec(device) != nullptr;
  if (!there) fail_with(Errc::no_device, "the device is gone");
  return there;
}

// Of a device that is there; made if there are none.
DeviceSettings& Change::settings_of(const ObjectRef& device) {
  if (device.type == ObjectRef::Type::instance) return state_.instance_settings[device.id];
  return state_.function_settings[static_cast<std::uint16_t>(device.id & 0xffff)];
}

// Null, with the reason in the outcome, when it cannot be changed now.
DeviceSettings* Change::settings_to_change(const ObjectRef& device, bool fits) {
  if (!is_there(device)) return nullptr;
  if (is_held(state_, device)) {
    fail_with(Errc::busy, "a user has the device open");
    return nullptr;
  }
  const auto migratable = state_.migratable->find(device);
  if (migratable != nullptr && !migratable->is_idle()) {
    fail_with(Errc::busy, "the device's state is being migrated");
    return nullptr;
  }
  const DeviceSettings* const has = state_.settings(device);
  if (has != nullptr && has->fitting && !fits) {
    fail_with(Errc::busy, "a mover makes the device fit");
    return nullptr;
  }
  return &settings_of(device);
}

void Change::become(const ObjectRef& device, DeviceSettings& settings,
                    ConfigurationPtr configuration) {
  const ConfigurationPtr before = state_.modelled(device)->configuration;
  settings.configuration = std::move(configuration);
  const ConfigurationPtr after = state_.modelled(device)->configuration;
  if (*before == *after) return;
  // Another configuration has another state: it begins anew.
  state_.migratable->drop(device);
  out_.effects.emplace_back(Reconfigured{device, before});
}

void Change::operator()(const ConfigureDevice& command) {
  if (!may_be(command.device, command.configuration)) return;
  DeviceSettings* const settings = settings_to_change(command.device, command.fits);
  if (settings != nullptr) become(command.device, *settings, command.configuration);
}

void Change::operator()(const BeginFitting& command) {
  if (!is_there(command.device)) return;
  DeviceSettings& settings = settings_of(command.device);
  if (settings.fitting) return fail_with(Errc::busy, "another mover makes the device fit");
  settings.fitting = Fitting{settings.configuration};
}

void Change::operator()(const EndFitting& command) {
  const DeviceSettings* const settings = state_.settings(command.device);
  if (settings == nullptr || !settings->fitting) return;  // it was removed meanwhile
  settings_of(command.device).fitting->ended = true;
  take_back(command.device);
}

// What an ended fitting has left, once nobody uses the device; unless the device has become by it
// what it is.
void Change::take_back(const ObjectRef& device) {
  const DeviceSettings* const has = state_.settings(device);
  const bool due =
      has != nullptr && has->fitting && has->fitting->ended && !is_held(state_, device);
  if (!due) return;
  DeviceSettings& settings = settings_of(device);
  const ConfigurationPtr before = std::exchange(settings.fitting, std::nullopt)->before;
  if (before == settings.configuration) return;
  const auto migratable = state_.migratable->find(device);
  if (migratable != nullptr && !migratable->retire_unless_loaded()) return;
  state_.migratable->drop(device);
  become(device, settings, before);
}

// Only the values are looked at: what they require of each other is seen when they are applied.
void Change::operator()(const StageConfiguration& command) {
  const ModelledSpec* const spec = state_.modelled_spec(command.device);
  if (spec == nullptr) return fail_with(Errc::no_device, "it has no device model, or is gone");
  DeviceSettings* const settings = settings_to_change(command.device);
  if (settings == nullptr) return;
  if (settings->applied)
    return fail_with(Errc::busy, "the parameters are applied: write 0 to `applied` first");
  settings->staged = command.configuration;
}

void Change::operator()(const ApplyStaged& command) {
  const auto now = state_.modelled(command.device);
  if (!now) return fail_with(Errc::no_device, "it has no device model, or is gone");
  const DeviceSettings* const has = state_.settings(command.device);
  const ConfigurationPtr staged = has == nullptr ? nullptr : has->staged;
  if (command.on && staged && !may_be(command.device, staged)) return;
  DeviceSettings* const settings = settings_to_change(command.device);
  if (settings == nullptr) return;
  settings->applied = command.on;
  if (!command.on) settings->staged = nullptr;
  if (!command.on || staged) become(command.device, *settings, command.on ? staged : nullptr);
}

}  // namespace mdevsim
