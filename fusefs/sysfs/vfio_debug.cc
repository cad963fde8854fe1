// /sys/kernel/debug/vfio/<device>/migration/, which the kernel has since 6.8: what VFIO's debugfs
// shows of a device that can be migrated.
#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/simulated_device.h"

namespace mdevsim::sysfs {
namespace {

NodeId holder(const View& view) { return view.other(Kind::host, 0, host_row::debug_vfio); }

enum : std::uint8_t { self, migration };
constexpr Row kRows[] = {
    directory_in(holder, simulated_device_name),
    directory("migration", self),
    read_only("state", migration, migration_state_show),
    read_only("features", migration, migration_features_show),
};
static_assert(modes_match_callbacks(kRows));

}  // namespace

bool has_debug_vfio(const View& view) {
  return view.state.kernel >= KernelRelease::v6_12 && view.state.has_states;
}

bool is_in_debug_vfio(const View& view) {
  if (!has_debug_vfio(view) || !is_simulated_device(view) || !has_state(view)) return false;
  const ObjectRef device = simulated_device(view);
  if (device.type == ObjectRef::Type::instance)
    return view.state.instance(InstanceId(device.id))->bound;
  return view.state.function(FunctionId(device.id))->vfio_binding != BindingId::none;
}

const Table kVfioDebugTable = {kRows, is_in_debug_vfio};

}  // namespace mdevsim::sysfs
