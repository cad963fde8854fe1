// The power/ directory of every device (drivers/base/power/sysfs.c), as rows to append to a kind's
// table.
#pragma once

#include <array>
#include <cstddef>

#include "fusefs/sysfs/table.h"

namespace mdevsim::sysfs {

inline constexpr std::size_t kPowerRows = 10;

// The directory becomes row `at`, its files follow. kType says whose settings they are.
template <ObjectRef::Type kType>
constexpr std::array<Row, kPowerRows> power_rows(std::uint8_t at,
                                                 bool (*visible)(const View&) = nullptr);

// Tables are concatenated at compile time; positions are the order.
template <std::size_t N, std::size_t M>
constexpr std::array<Row, N + M> concat(const std::array<Row, N>& first,
                                        const std::array<Row, M>& second) {
  std::array<Row, N + M> all{};
  for (std::size_t i = 0; i < N; ++i) all[i] = first[i];
  for (std::size_t i = 0; i < M; ++i) all[N + i] = second[i];
  return all;
}

namespace power {

// PCI functions are powered by their core: runtime PM is forbidden, and active. Everything else has
// none.
template <ObjectRef::Type kType>
inline constexpr bool kManaged = kType == ObjectRef::Type::pci_function;
template <ObjectRef::Type kType>
inline constexpr bool kAsync = kManaged<kType> || kType == ObjectRef::Type::pci_root;

inline Errc text(std::string& out, std::string_view value) {
  out += value;
  out += '\n';
  return Errc::ok;
}

template <ObjectRef::Type kType>
ObjectRef owner(const View& view) {
  return {kType, view.object()};
}

template <ObjectRef::Type kType>
Errc async_show(const View& view, std::string& out) {
  return text(out, view.state.knob(owner<kType>(view), Knob::power_async, kAsync<kType>)
                       ? "enabled"
                       : "disabled");
}
template <ObjectRef::Type kType>
Result<Command> async_store(const View& view, std::string_view bytes) {
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  if (bytes != "enabled" && bytes != "disabled") return fail(Errc::invalid, "enabled or disabled");
  return SetKnob{owner<kType>(view), Knob::power_async, bytes == "enabled"};
}
inline Errc autosuspend_delay_ms_show(const View&, std::string&) { return Errc::io; }  // not in use
inline Result<Command> autosuspend_delay_ms_store(const View&, std::string_view) {
  return fail(Errc::io, "autosuspend is not in use");
}
template <ObjectRef::Type kType>
Errc control_show(const View& view, std::string& out) {
  return text(out, view.state.knob(owner<kType>(view), Knob::power_control_on, kManaged<kType>)
                       ? "on"
                       : "auto");
}
template <ObjectRef::Type kType>
Result<Command> control_store(const View& view, std::string_view bytes) {
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  if (bytes != "on" && bytes != "auto") return fail(Errc::invalid, "on or auto");
  return SetKnob{owner<kType>(view), Knob::power_control_on, bytes == "on"};
}
inline Errc zero_show(const View&, std::string& out) { return text(out, "0"); }
template <ObjectRef::Type kType>
Errc runtime_active_time_show(const View& view, std::string& out) {
  return text(out, kManaged<kType> ? std::to_string(view.state.clock->uptime_ms()) : "0");
}
template <ObjectRef::Type kType>
Errc runtime_enabled_show(const View& view, std::string& out) {
  if (!kManaged<kType>) return text(out, "disabled");
  return text(out, view.state.knob(owner<kType>(view), Knob::power_control_on, true) ? "forbidden"
                                                                                     : "enabled");
}
template <ObjectRef::Type kType>
Errc runtime_status_show(const View&, std::string& out) {
  return text(out, kManaged<kType> ? "active" : "unsupported");
}
template <ObjectRef::Type kType>
Errc runtime_usage_show(const View& view, std::string& out) {
  if constexpr (kType == ObjectRef::Type::pci_function) {
    const PciFunction* function = view.state.function(FunctionId(view.object()));
    return text(out, function != nullptr && function->driver ? "2" : "1");
  }
  return text(out, "0");
}
// The functions directly below a root, or below a bridge, are its active children.
template <ObjectRef::Type kType>
Errc runtime_active_kids_show(const View& view, std::string& out) {
  std::size_t kids = 0;
  for (const PciFunction& function : view.state.functions) {
    if (!function.present) continue;
    if constexpr (kType == ObjectRef::Type::pci_root) {
      kids += !function.bridge && raw(function.root) == view.object() ? 1U : 0U;
    } else if constexpr (kType == ObjectRef::Type::pci_function) {
      kids += function.bridge == (view.object() & 0xffff) ? 1U : 0U;
    }
  }
  return text(out, std::to_string(kids));
}

}  // namespace power

template <ObjectRef::Type kType>
constexpr std::array<Row, kPowerRows> power_rows(std::uint8_t at, bool (*visible)(const View&)) {
  return {{
      directory("power", 0, visible),
      read_write("async", at, power::async_show<kType>, power::async_store<kType>),
      read_write("autosuspend_delay_ms", at, power::autosuspend_delay_ms_show,
                 power::autosuspend_delay_ms_store),
      read_write("control", at, power::control_show<kType>, power::control_store<kType>),
      read_only("runtime_active_kids", at, power::runtime_active_kids_show<kType>),
      read_only("runtime_active_time", at, power::runtime_active_time_show<kType>),
      read_only("runtime_enabled", at, power::runtime_enabled_show<kType>),
      read_only("runtime_status", at, power::runtime_status_show<kType>),
      read_only("runtime_suspended_time", at, power::zero_show),
      read_only("runtime_usage", at, power::runtime_usage_show<kType>),
  }};
}

}  // namespace mdevsim::sysfs
