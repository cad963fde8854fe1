// /sys/kernel/mdevsim/devices/<uuid or address>: the simulator's own files, where no client trips
// over them.
#include "fusefs/sysfs/simulated_device.h"

#include <optional>
#include <utility>

#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/parse.h"
#include "fusefs/sysfs/path.h"
#include "fusefs/sysfs/text.h"
#include "sim/base/limits.h"
#include "sim/model/configuration.h"
#include "sim/model/modinfo.h"
#include "sim/model/verdict.h"
#include "sim/state/identity.h"

namespace mdevsim::sysfs {
namespace {

using state::MigrationState;

bool is_function(const View& view) { return (view.object() & kPhysical) != 0; }
const PciFunction& function_of(const View& view) {
  return view.state.functions[view.object() & ~kPhysical];
}
NodeId holder(const View& view) { return view.other(Kind::host, 0, host_row::mdevsim_devices); }
NodeId device_node(const View& view) {
  return node_of(view.node.host(), view.state, simulated_device(view));
}

// ---- hold ---------------------------------------------------------------------------------------

// Open for as long as a guest uses the device: remove and unbind wait for its close. Reads as the
// number of users.
Errc hold_show(const View& view, std::string& out) {
  return put(out, "{}\n",
             is_function(view) ? function_of(view).holds
                               : view.state.instance(InstanceId(view.object()))->holds);
}
Result<Opening> hold_opened(const View& view, Access) {
  return Opening{.command = Hold{simulated_device(view)}};
}
Command hold_released(const View& view) { return Release{simulated_device(view), true}; }
constexpr Row hold_file() {
  return {.name = "hold",
          .parent = 0,
          .mode = 0400,
          .show = hold_show,
          .opened = hold_opened,
          .released = hold_released};
}

// ---- the device model, whichever interfaces show it: what a vendor's own tool goes through ----

bool has_model(const View& view) {
  return view.state.modelled_spec(simulated_device(view)) != nullptr;
}

Errc configuration_show(const View& view, std::string& out) {
  const Modelled modelled = *view.state.modelled(simulated_device(view));
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
  const Modelled modelled = *view.state.modelled(simulated_device(view));
  if (!has_vfio_driver(view)) return fail(Errc::no_device, "no VFIO driver has the device");
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  TRY_SET(model::Configuration wanted, model::parse_configuration(modelled.device_model(), bytes));
  return ConfigureDevice{simulated_device(view),
                         std::make_shared<const model::Configuration>(std::move(wanted))};
}

std::string modinfo_of(const View& view) {
  const Modelled modelled = *view.state.modelled(simulated_device(view));
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

// ---- state: who opens it for reading and writing holds the migration ----------------------------

Result<void> state_store(MigratableDevice& device, std::string_view bytes,
                         MigratableDevice::Asker asker) {
  if (auto allowed = device.allows(asker); !allowed) return allowed;
  const auto wanted = state::state_from_name(parse_name(bytes));
  if (!wanted) return fail(Errc::invalid, "no migration state has that name");
  return device.set_state(*wanted, asker);
}
Result<Opening> state_opened(const View& view, Access access) {
  if (!access.read || !access.write) return Opening{};
  auto device = migratable_device(view);
  if (device == nullptr) return fail(Errc::no_device, "the device has no VFIO driver");
  auto hold = MigrationHold::take(std::move(device));
  if (hold == nullptr) return fail(Errc::busy, "another mover has the device");
  Opening opening{.command = Hold{simulated_device(view)}};
  opening.file.keeps = std::move(hold);
  return opening;
}
Command state_released(const View& view) { return Release{simulated_device(view), false}; }

// A rule is asked when a stream is about to be opened for reading, and when what was written to one
// is about to become the device's state.
std::optional<model::FaultPoint> state_point(const MigratableDevice& device,
                                             std::string_view bytes) {
  const auto wanted = state::state_from_name(parse_name(bytes));
  if (!wanted) return std::nullopt;
  const auto path = state::path_between(device.spec().features, device.state(), *wanted);
  if (!path) return std::nullopt;
  if (path->has(state::StreamEffect::load)) return model::FaultPoint::load;
  if (path->has(state::StreamEffect::open_saving)) return model::FaultPoint::save;
  return std::nullopt;
}

constexpr DeviceFile kState = {.store = state_store, .point = state_point};
constexpr Row state_file() {
  return {.name = "state",
          .parent = 0,
          .mode = 0644,
          .visible = has_state,
          .show = migration_state_show,
          .device = &kState,
          .opened = state_opened,
          .released = state_released};
}

// ---- data: the stream ---------------------------------------------------------------------------

// Ends with the session that the device had when it was opened.
class DataStream : public Stream {
 public:
  DataStream(std::shared_ptr<MigratableDevice> device, state::StreamId stream, std::string path)
      : device_(std::move(device)), stream_(stream), path_(std::move(path)) {}

  Result<void> read(std::size_t size, const Deliver& deliver) override {
    return named(device_->read(stream_, size, deliver));
  }
  Result<void> write(std::string_view bytes) override {
    return named(device_->write(stream_, bytes));
  }

 private:
  Result<void> named(Result<void> result) const {
    if (!result) result.error().why.insert(0, path_ + ": ");
    return result;
  }

  const std::shared_ptr<MigratableDevice> device_;
  const state::StreamId stream_;
  const std::string path_;
};

Result<Opening> data_opened(const View& view, Access access) {
  auto device = migratable_device(view);
  if (device == nullptr) return fail(Errc::no_device, "the device has no VFIO driver");
  if (access.read == access.write)
    return fail(Errc::invalid, "a stream is read, or it is written: it is not both");
  TRY_SET(const state::StreamId stream,
          device->stream(access.read ? state::Stream::saving : state::Stream::resuming));
  std::string path;
  append_path(view.state, view.node, path);
  Opening opening;
  opening.file.stream = std::make_shared<DataStream>(std::move(device), stream, std::move(path));
  return opening;
}
constexpr Row data_file() {
  return {.name = "data",
          .parent = 0,
          .mode = 0600,
          .file = FileKind::stream,
          .visible = has_state,
          .opened = data_opened};
}

// ---- what a mover wants to know, and to say -----------------------------------------------------

Result<void> precopy_info_show(MigratableDevice& device, std::string& out) {
  TRY_SET(const state::PrecopyInfo info, device.precopy_info());
  put(out, "initial_bytes {}\ndirty_bytes {}\n", info.initial_bytes, info.dirty_bytes);
  return {};
}
Result<void> stop_copy_size_show(MigratableDevice& device, std::string& out) {
  TRY_SET(const std::uint64_t bytes, device.stop_copy_bytes());
  put(out, "{}\n", bytes);
  return {};
}
Result<void> digest_show(MigratableDevice& device, std::string& out) {
  TRY_SET(const std::string digest, device.digest());
  put(out, "{}\n", digest);
  return {};
}
Result<void> dirty_rate_show(MigratableDevice& device, std::string& out) {
  TRY_SET(const std::uint64_t bytes_per_s, device.dirty_rate());
  put(out, "{}\n", bytes_per_s);
  return {};
}
Result<void> dirty_rate_store(MigratableDevice& device, std::string_view bytes,
                              MigratableDevice::Asker) {
  TRY_SET(const std::uint64_t bytes_per_s, parse_unsigned(bytes));
  return device.set_dirty_rate(bytes_per_s);
}
Errc bandwidth_show(const View& view, std::string& out) {
  const auto device = view.state.migratable->find(simulated_device(view));
  return put(out, "{}\n", device == nullptr ? 0 : device->bandwidth());
}
Result<void> bandwidth_store(MigratableDevice& device, std::string_view bytes,
                             MigratableDevice::Asker) {
  TRY_SET(const std::uint64_t bytes_per_s, parse_unsigned(bytes));
  return device.set_bandwidth(bytes_per_s);
}
Result<void> reset_store(MigratableDevice& device, std::string_view bytes,
                         MigratableDevice::Asker) {
  TRY_SET(const std::uint64_t number, parse_unsigned(bytes));
  if (number != 1) return fail(Errc::invalid, "write 1 to reset the device");
  return device.reset();
}
Result<void> commit_show(MigratableDevice& device, std::string& out) {
  put(out, "{}\n", device.handover());
  return {};
}
// A number is the inode number of the target's directory: then store_with is called instead.
Result<void> commit_store(MigratableDevice& device, std::string_view bytes,
                          MigratableDevice::Asker) {
  struct Step {
    std::string_view verb;  // with the blank behind it
    Result<void> (MigratableDevice::*take)(std::string_view token);
  };
  constexpr Step kSteps[] = {{"promise ", &MigratableDevice::promise},
                             {"take ", &MigratableDevice::take_over},
                             {"give ", &MigratableDevice::give}};
  const std::string_view text = parse_name(bytes);
  for (const Step& step : kSteps) {
    if (text.starts_with(step.verb)) return (device.*step.take)(text.substr(step.verb.size()));
  }
  return fail(Errc::invalid,
              "neither promise, take or give with a TOKEN, nor the inode number of a directory");
}

// ---- what a device is, and what it can become ---------------------------------------------------

Errc identity_show(const View& view, std::string& out) {
  const auto modelled = view.state.modelled(simulated_device(view));
  const model::Device device{modelled->device_model(), *modelled->configuration};
  const auto layout = state::Layout::of(device);
  if (!layout) return layout.error().code;
  out += state::identity_text(device, *layout);
  return Errc::ok;
}

// ---- fit: what is made of a device by who opens it for reading and writing is taken back when it
// is closed, unless a loaded state runs by then -------------------------------------------------

Result<Opening> fit_opened(const View& view, Access access) {
  if (!access.read || !access.write) return Opening{};
  return Opening{.command = BeginFitting{simulated_device(view)}};
}
Command fit_released(const View& view) { return EndFitting{simulated_device(view)}; }
// Whether somebody has it open for both.
Errc fit_show(const View& view, std::string& out) {
  const DeviceSettings* const settings = view.state.settings(simulated_device(view));
  return put(out, "{}\n", settings != nullptr && settings->fitting ? 1 : 0);
}
// Takes the identity of a source and makes the device one that can load its state.
Result<Command> fit_store(const View& view, std::string_view bytes) {
  TRY_SET(const state::Identity source, state::parse_identity(bytes));
  const auto modelled = view.state.modelled(simulated_device(view));
  const model::Device target{modelled->device_model(), *modelled->configuration};
  const model::Verdict verdict = model::decide(source.device(), target);
  if (verdict.answer == model::Answer::incompatible)
    return fail(Errc::invalid, to_text(verdict.reasons.front(), source.device(), target));
  if (verdict.steps.empty()) return Nothing{};
  return ConfigureDevice{.device = simulated_device(view),
                         .configuration = std::make_shared<const model::Configuration>(
                             model::apply(target.model, target.configuration, verdict.steps)),
                         .fits = true};
}
constexpr Row fit_file() {
  return {.name = "fit",
          .parent = 0,
          .mode = 0644,
          .visible = has_state,
          .show = fit_show,
          .store = fit_store,
          .opened = fit_opened,
          .released = fit_released};
}

constexpr DeviceFile kPrecopyInfo = {.show = precopy_info_show};
constexpr DeviceFile kStopCopySize = {.show = stop_copy_size_show};
constexpr DeviceFile kDirtyRate = {.show = dirty_rate_show, .store = dirty_rate_store};
constexpr DeviceFile kDigest = {.show = digest_show};
constexpr DeviceFile kBandwidth = {.store = bandwidth_store};
constexpr DeviceFile kReset = {.store = reset_store};
constexpr DeviceFile kCommit = {
    .show = commit_show, .store = commit_store, .store_with = MigratableDevice::commit};

constexpr Row device_file(std::string_view name, std::uint16_t mode, const DeviceFile& device,
                          Errc (*show)(const View&, std::string&) = nullptr) {
  return {.name = name,
          .parent = 0,
          .mode = mode,
          .visible = has_state,
          .show = show,
          .device = &device};
}

constexpr Row kRows[] = {
    directory_in(holder, simulated_device_name),
    link("device", 0, device_node),
    hold_file(),
    read_write("configuration", 0, configuration_show, configuration_store, has_model),
    modinfo_file(),
    state_file(),
    data_file(),
    device_file("precopy_info", 0444, kPrecopyInfo),
    device_file("stop_copy_size", 0444, kStopCopySize),
    device_file("dirty_rate", 0644, kDirtyRate),
    device_file("digest", 0444, kDigest),
    device_file("bandwidth", 0644, kBandwidth, bandwidth_show),
    device_file("commit", 0644, kCommit),
    device_file("reset", 0200, kReset),
    read_only("features", 0, migration_features_show, has_state),
    read_only("identity", 0, identity_show, has_state),
    fit_file(),
};
static_assert(modes_match_callbacks(kRows));

}  // namespace

bool is_simulated_device(const View& view) {
  if (!is_function(view)) return view.state.exists(InstanceId(view.object()));
  return (view.object() & ~kPhysical) < view.state.functions.size() && function_of(view).present;
}

void simulated_device_name(const View& view, std::string& out) {
  if (is_function(view)) {
    out += function_of(view).spec.address.to_string();
  } else {
    view.state.instance(InstanceId(view.object()))->uuid.append_to(out);
  }
}

ObjectRef simulated_device(const View& view) {
  if (is_function(view))
    return {ObjectRef::Type::pci_function, raw(view.state.id_of(function_of(view)))};
  return {ObjectRef::Type::instance, view.object()};
}

bool has_state(const View& view) {
  const ModelledSpec* spec = view.state.modelled_spec(simulated_device(view));
  return spec != nullptr && spec->model->state().has_value();
}

std::shared_ptr<MigratableDevice> migratable_device(const View& view) {
  return view.state.migratable->of(view.state, simulated_device(view));
}

Errc migration_state_show(const View& view, std::string& out) {
  const auto device = view.state.migratable->find(simulated_device(view));
  const MigrationState now = device == nullptr ? MigrationState::running : device->state();
  return put(out, "{}\n", state::state_name(now));
}

Errc migration_features_show(const View& view, std::string& out) {
  out += state::features_text(
      view.state.modelled_spec(simulated_device(view))->model->state()->features);
  return Errc::ok;
}

const Table kSimulatedDeviceTable = {kRows, is_simulated_device};

}  // namespace mdevsim::sysfs
