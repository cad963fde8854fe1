// /sys/kernel/mdevsim/devices/<uuid or address>: the simulator's own files, where no client trips
// over them.
#include "fusefs/sysfs/kinds.h"

namespace mdevsim::sysfs {
namespace {

bool is_function(const View& view) { return (view.object() & kPhysical) != 0; }
const PciFunction& function_of(const View& view) {
  return view.state.functions[view.object() & ~kPhysical];
}
bool alive(const View& view) {
  if (!is_function(view)) return view.state.exists(InstanceId(view.object()));
  return (view.object() & ~kPhysical) < view.state.functions.size() && function_of(view).present;
}
NodeId holder(const View& view) { return view.other(Kind::host, 0, host_row::mdevsim_devices); }
void name(const View& view, std::string& out) {
  if (is_function(view)) {
    out += function_of(view).spec.address.to_string();
  } else {
    view.state.instance(InstanceId(view.object()))->uuid.append_to(out);
  }
}
ObjectRef device_of(const View& view) {
  if (is_function(view))
    return {ObjectRef::Type::pci_function, raw(view.state.id_of(function_of(view)))};
  return {ObjectRef::Type::instance, view.object()};
}
NodeId device_node(const View& view) {
  return node_of(view.node.host(), view.state, device_of(view));
}

// Open for as long as a guest uses the device: remove and unbind wait for its close. Reads as the
// number of users.
Errc hold_show(const View& view, std::string& out) {
  const std::uint32_t users = is_function(view)
                                  ? function_of(view).holds
                                  : view.state.instance(InstanceId(view.object()))->holds;
  out += std::to_string(users);
  out += '\n';
  return Errc::ok;
}
Result<Command> hold_opened(const View& view) { return Hold{device_of(view)}; }
Command hold_released(const View& view) { return Release{device_of(view)}; }
constexpr Row hold_file() {
  return {.name = "hold",
          .parent = 0,
          .mode = 0400,
          .show = hold_show,
          .opened = hold_opened,
          .released = hold_released};
}

constexpr Row kRows[] = {
    directory_in(holder, name),
    link("device", 0, device_node),
    hold_file(),
};
static_assert(modes_match_callbacks(kRows));

}  // namespace

const Table kSimulatedDeviceTable = {kRows, alive};

}  // namespace mdevsim::sysfs
