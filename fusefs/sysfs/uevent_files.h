// The uevent files: what they show, what they take.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fusefs/sysfs/notice.h"
#include "fusefs/sysfs/parse.h"
#include "fusefs/sysfs/table.h"

namespace mdevsim::sysfs {

using Variables = std::vector<std::pair<std::string, std::string>>;

// What a device's bus, class and driver add to its uevents, in the kernel's order.
Variables device_variables(const State& state, const ObjectRef& object,
                           std::optional<DriverId> driver, Action action);

// The complete event, named from the state of its moment; nothing for devices without a subsystem,
// which send none.
std::optional<Uevent> make_uevent(std::uint32_t host, const State& state, const Event& event);

std::string subsystem_of(const State& state, const ObjectRef& object);

// Shows a device's variables, one KEY=VALUE a line.
Errc show_variables(const View& view, const ObjectRef& object, std::string& out);

template <ObjectRef::Type kType>
Errc uevent_show(const View& view, std::string& out) {
  return show_variables(view, {kType, view.object()}, out);
}

template <ObjectRef::Type kType>
Result<Command> uevent_store(const View& view, std::string_view bytes) {
  TRY_SET(SynthesizedEvent event, parse_uevent(bytes));
  return SynthesizeEvent{
      {kType, view.object()}, event.action, std::move(event.uuid), std::move(event.arguments)};
}

}  // namespace mdevsim::sysfs
