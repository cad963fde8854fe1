// The classes of virtual devices: /sys/class/<class> and the directory between /sys/devices/virtual
// and the devices.
#include "fusefs/sysfs/kinds.h"

namespace mdevsim::sysfs {
namespace {

bool alive(const View& view) { return view.object() < view.state.classes.size(); }
NodeId class_holder(const View& view) { return view.other(Kind::host, 0, host_row::device_class); }
NodeId glue_holder(const View& view) {
  return view.other(Kind::host, 0, host_row::devices_virtual);
}
void class_name(const View& view, std::string& out) { out += view.state.classes[view.object()]; }

template <std::uint32_t kRow>
void devices_children(const View& view, const ChildSink& sink) {
  for (std::uint32_t i = 0; i < view.state.virtual_devices.size(); ++i) {
    const VirtualDevice& device = view.state.virtual_devices[i];
    if (raw(device.device_class) == view.object())
      sink(device.name, view.other(Kind::virtual_device, i, kRow));
  }
}
template <std::uint32_t kRow>
bool devices_find(const View& view, std::string_view name, NodeId& out) {
  bool found = false;
  devices_children<kRow>(view, [&](std::string_view child, NodeId node) {
    found = found || find_only(name, child, node, out);
  });
  return found;
}
std::uint32_t devices_count(const View& view) {
  std::uint32_t count = 0;
  devices_children<virtual_row::self>(view, [&](std::string_view, NodeId) { ++count; });
  return count;
}

constexpr Row kRows[] = {
    with_children(directory_in(class_holder, class_name), devices_children<virtual_row::class_link>,
                  devices_find<virtual_row::class_link>),
    with_children(directory_in(glue_holder, class_name), devices_children<virtual_row::self>,
                  devices_find<virtual_row::self>, devices_count),
};

}  // namespace

const Table kDeviceClassTable = {kRows, alive};

}  // namespace mdevsim::sysfs
