// /sys/kernel/mdevsim/devices/<uuid or address>: the simulator's own files, where no client trips
// over them.
#include "fusefs/sysfs/kinds.h"
#include "sim/base/limits.h"
#include "sim/model/configuration.h"
#include "sim/model/modinfo.h"

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
Result<Opening> hold_opened(const View& view, Access) {
  return Opening{.command = Hold{device_of(view)}};
}
Command hold_released(const View& view) { return Release{device_of(view)}; }
constexpr Row hold_file() {
  return {.name = "hold",
          .parent = 0,
          .mode = 0400,
          .show = hold_show,
          .opened = hold_opened,
          .released = hold_released};
}

// ---- the device model, whichever interfaces show it: what a vendor's own tool goes through ----

bool has_model(const View& view) { return view.state.modelled_spec(device_of(view)) != nullptr; }

Errc configuration_show(const View& view, std::string& out) {
  const Modelled modelled = *view.state.modelled(device_of(view));
  const std::string text = to_text(modelled.device_model(), *modelled.configuration);
  if (text.size() + 1 > kShowBytesMax) return Errc::overflow;
  out += text + '\n';
  return Errc::ok;
}

bool has_vfio_driver(const View& view) {
  if (is_function(view)) return function_of(view).vfio_binding != BindingId::none;
  const Instance& instance = *view.state.instance(InstanceId(view.object()));
  return instance.bound && !instance.unbinding && !instance.removing;
}

// Taken only while a VFIO driver has the device; EBUSY while somebody has it open.
Result<Command> configuration_store(const View& view, std::string_view bytes) {
  const Modelled modelled = *view.state.modelled(device_of(view));
  if (!has_vfio_driver(view)) return fail(Errc::no_device, "no VFIO driver has the device");
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  TRY_SET(model::Configuration wanted, model::parse_configuration(modelled.device_model(), bytes));
  return ConfigureDevice{device_of(view),
                         std::make_shared<const model::Configuration>(std::move(wanted))};
}

std::string modinfo_of(const View& view) {
  const Modelled modelled = *view.state.modelled(device_of(view));
  return model::to_modinfo({modelled.device_model(), *modelled.configuration});
}
std::uint64_t modinfo_size(const View& view) { return modinfo_of(view).size(); }
// Longer than a page when a model has many parameters.
Errc modinfo_read(const View& view, std::uint64_t offset, std::size_t size, const Caller&,
                  std::string& out) {
  const std::string text = modinfo_of(view);
  if (offset < text.size()) out.append(text, offset, size);
  return Errc::ok;
}
constexpr Row modinfo_file() {
  return {.name = "modinfo",
          .parent = 0,
          .mode = 0444,
          .file = FileKind::binary,
          .visible = has_model,
          .size = modinfo_size,
          .read = modinfo_read};
}

constexpr Row kRows[] = {
    directory_in(holder, name),
    link("device", 0, device_node),
    hold_file(),
    read_write("configuration", 0, configuration_show, configuration_store, has_model),
    modinfo_file(),
};
static_assert(modes_match_callbacks(kRows));

}  // namespace

const Table kSimulatedDeviceTable = {kRows, alive};

}  // namespace mdevsim::sysfs
