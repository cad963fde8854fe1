#include "sim/world/migratable.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>

#include "sim/base/limits.h"
#include "sim/base/random.h"
#include "sim/world/state.h"

namespace mdevsim {
namespace {

using state::MigrationState;
using state::StreamId;

constexpr std::uint64_t kUsPerSecond = 1'000'000;

Error gone() { return {Errc::no_device, "the device is gone, or is another one now"}; }

// How long so many bytes take; more than any clock tells for ever.
std::int64_t time_us(std::uint64_t bytes, std::uint64_t bytes_per_s) {
  const std::uint64_t seconds = bytes / bytes_per_s;
  const std::uint64_t rest = bytes % bytes_per_s;
  // A double is exact enough for a part of a second.
  const auto rest_us = static_cast<std::uint64_t>(static_cast<double>(rest) /
                                                  static_cast<double>(bytes_per_s) * kUsPerSecond);
  const std::uint64_t us =
      std::min<std::uint64_t>(seconds, std::numeric_limits<std::int32_t>::max()) * kUsPerSecond +
      rest_us;
  return static_cast<std::int64_t>(us);
}

Result<void> check_token(std::string_view token) {
  const bool is_one =
      !token.empty() && token.size() <= kHandoverTokenBytesMax &&
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (is_one) return {};
  return fail(Errc::invalid, "a token is 1 to 64 printable characters without a blank");
}

bool saves(MigrationState state) { return state::stream_of(state) == state::Stream::saving; }

}  // namespace

MigratableDevice::MigratableDevice(Identity identity, const Clock& clock, DeviceResources resources)
    : identity_(std::move(identity)), clock_(clock), resources_(std::move(resources)) {}

MigratableDevice::~MigratableDevice() = default;

const model::StateSpec& MigratableDevice::spec() const { return *identity_.model->state(); }

bool MigratableDevice::is_idle() const {
  return state() == MigrationState::running && !taken_.load(std::memory_order_relaxed);
}

bool MigratableDevice::take() { return !taken_.exchange(true); }

// A session that ends, or begins, between the two looks is noticed at the first read or write.
Result<StreamId> MigratableDevice::stream(state::Stream direction) const {
  const bool has_one = state::stream_of(state()) == direction;
  const StreamId stream = stream_.load(std::memory_order_relaxed);
  if (!has_one || stream == StreamId::none)
    return fail(Errc::no_device, "the device is in no state that has such a stream");
  return stream;
}

std::int64_t MigratableDevice::host_us() const { return clock_.uptime_ms() * 1000; }

void MigratableDevice::note_state() {
  stream_.store(machine_->migration.stream(), std::memory_order_relaxed);
  state_.store(machine_->migration.state(), std::memory_order_release);
}

bool MigratableDevice::becomes(Fate fate) {
  Fate before = Fate::open;
  return fate_.compare_exchange_strong(before, fate) || before == fate;
}

// Of two that come at once, a target's commit and the end of the mover that had it fit, one is
// first.
Result<void> MigratableDevice::note_loaded() {
  if (becomes(Fate::loaded)) return {};
  return tl::unexpected(gone());
}

Result<MigratableDevice::Machine*> MigratableDevice::machine() {
  if (is_retired()) return tl::unexpected(gone());
  if (machine_ == nullptr) {
    TRY_SET(state::DeviceState device,
            state::DeviceState::create(
                *identity_.model, *identity_.configuration,
                {.seed = identity_.seed, .budget = resources_.budget, .pool = resources_.pool}));
    machine_ = std::make_unique<Machine>(std::move(device));
    if (resources_.executor != nullptr) machine_->migration.share_out(*resources_.executor);
    behind_host_us_ = host_us();
  }
  return machine_.get();
}

// Nobody can look at the contents of a device that just runs: its time stands still, so that it
// need not catch up with hours of writing when somebody comes.
Result<MigratableDevice::Machine*> MigratableDevice::machine_now() {
  TRY_SET(Machine* const machine, this->machine());
  const std::int64_t host_us = this->host_us();  // once: it goes on meanwhile
  const std::uint64_t bandwidth = bandwidth_.load(std::memory_order_relaxed);
  if (bandwidth != 0) {
    behind_host_us_ = host_us - stream_began_us_ - time_us(streamed_bytes_, bandwidth);
  } else if (machine->migration.state() == MigrationState::running) {
    behind_host_us_ = host_us - machine->device.now_us();
  }
  auto advanced = machine->migration.advance(host_us - behind_host_us_);
  note_state();
  if (!advanced) return tl::unexpected(std::move(advanced).error());
  return machine;
}

Result<void> MigratableDevice::may_change(Asker asker) const {
  if (asker == Asker::holder || !taken_.load(std::memory_order_relaxed)) return {};
  return fail(Errc::busy, "a mover has the device");
}

Result<void> MigratableDevice::allows(Asker asker) {
  const MutexLock lock(mutex_);
  return may_change(asker);
}

Result<void> MigratableDevice::set_state(MigrationState target, Asker asker) {
  const MutexLock lock(mutex_);
  if (auto allowed = may_change(asker); !allowed) return allowed;
  TRY_SET(Machine* const machine, machine_now());
  const auto moved = machine->migration.set_state(target);
  note_state();
  const MigrationState now = state();
  if (is_target_ && state::is_running(now)) {
    if (auto noted = note_loaded(); !noted) return noted;
  }
  if (now == MigrationState::resuming) forget_handover();
  if (now == MigrationState::running && handover_ != Handover::taken)
    set_handover(taken_token_.empty() ? Handover::none : Handover::taken, taken_token_);
  is_source_ = now != MigrationState::running && handover_ != Handover::given &&
               (is_source_ || asker == Asker::holder || saves(now));
  is_target_ = (is_target_ || now == MigrationState::resuming) && !state::is_running(now);
  if (!moved) return tl::unexpected(moved.error());
  return {};
}

Result<void> MigratableDevice::start_again() {
  TRY_SET(Machine* const machine, this->machine());
  is_source_ = false;
  is_target_ = false;
  forget_handover();
  auto reset = machine->migration.reset();
  note_state();
  return reset;
}

Result<void> MigratableDevice::reset() {
  const MutexLock lock(mutex_);
  return start_again();
}

// A device that has broken down is what it was at the start: there is nothing else to run on with.
// Of a source that has promised itself, only the target can tell whether it may run.
void MigratableDevice::let_go() {
  const MutexLock lock(mutex_);
  bandwidth_.store(0);
  if (machine_ != nullptr && !is_retired()) {
    if (is_target_ || state() == MigrationState::error) {
      if (!start_again()) machine_->migration.fail_device();
    } else if (is_source_ && handover_ != Handover::promised) {
      behind_host_us_ = host_us() - machine_->device.now_us();
      if (!machine_->migration.set_state(MigrationState::running))
        machine_->migration.fail_device();
    }
    note_state();
    is_source_ = false;
    is_target_ = false;
  }
  taken_.store(false);
}

Result<void> MigratableDevice::read(StreamId stream, std::size_t size, const Deliver& deliver) {
  const MutexLock lock(mutex_);
  TRY_SET(Machine* const machine, machine_now());
  std::uint64_t bytes = 0;
  auto read =
      machine->migration.deliver(stream, size, [&](std::span<const state::ConstBytes> pieces) {
        for (const state::ConstBytes piece : pieces) bytes += piece.size();
        deliver(pieces);
      });
  streamed_bytes_ += bytes;
  return read;
}

Result<void> MigratableDevice::write(StreamId stream, std::string_view bytes) {
  const MutexLock lock(mutex_);
  TRY_SET(Machine* const machine, this->machine());
  const auto written = machine->migration.write(stream, std::as_bytes(std::span(bytes)));
  if (!written) return tl::unexpected(written.error());
  return {};
}

Result<state::PrecopyInfo> MigratableDevice::precopy_info() {
  const MutexLock lock(mutex_);
  TRY_SET(Machine* const machine, machine_now());
  if (!state::is_running(state()) || state::stream_of(state()) != state::Stream::saving)
    return fail(Errc::invalid, "the device is not in a state of pre-copy");
  return machine->migration.precopy_info(machine->migration.stream());
}

Result<std::uint64_t> MigratableDevice::stop_copy_bytes() {
  const MutexLock lock(mutex_);
  TRY_SET(Machine* const machine, machine_now());
  return machine->migration.stop_copy_bytes();
}

Result<std::string> MigratableDevice::digest() {
  const MutexLock lock(mutex_);
  TRY_SET(Machine* const machine, this->machine());
  TRY_SET(const state::Digest digest, machine->migration.digest());
  return digest.to_string();
}

Result<std::uint64_t> MigratableDevice::dirty_rate() {
  const MutexLock lock(mutex_);
  return machine_ == nullptr ? spec().workload.dirty_bytes_per_s
                             : machine_->device.dirty_rate_bytes_per_s();
}

Result<void> MigratableDevice::set_dirty_rate(std::uint64_t bytes_per_s) {
  const MutexLock lock(mutex_);
  TRY_SET(Machine* const machine, machine_now());
  return machine->device.set_dirty_rate(bytes_per_s);
}

Result<void> MigratableDevice::set_bandwidth(std::uint64_t bytes_per_s) {
  const MutexLock lock(mutex_);
  TRY_SET(Machine* const machine, machine_now());
  stream_began_us_ = machine->device.now_us();
  streamed_bytes_ = 0;
  bandwidth_.store(bytes_per_s);
  return {};
}

bool MigratableDevice::is_source_ready() const {
  return machine_ != nullptr && is_source_ && !state::is_running(state());
}

bool MigratableDevice::is_target_ready() const {
  return machine_ != nullptr && is_target_ &&
         (state() == MigrationState::stop || state() == MigrationState::running_p2p);
}

void MigratableDevice::set_handover(Handover step, std::string_view token) {
  handover_ = step;
  token_ = token;
}

void MigratableDevice::forget_handover() {
  set_handover(Handover::none);
  taken_token_.clear();
}

// A target whose state was loaded is the device from now on.
Result<void> MigratableDevice::run_loaded() {
  if (!is_target_ready()) return fail(Errc::invalid, "the target has loaded nothing");
  TRY_SET(Machine* const machine, machine_now());
  const auto runs = machine->migration.set_state(MigrationState::running);
  note_state();
  if (!runs) return tl::unexpected(runs.error());
  if (auto noted = note_loaded(); !noted) return noted;
  is_target_ = false;
  return {};
}

Result<void> MigratableDevice::commit_locked(MigratableDevice& source, MigratableDevice& target) {
  if (!source.is_source_ready())
    return fail(Errc::invalid, "the source is not stopped, or was not saved");
  if (auto runs = target.run_loaded(); !runs) return runs;
  target.set_handover(Handover::taken);
  source.is_source_ = false;
  source.set_handover(Handover::given);
  return {};
}

// Each of two devices may be the other's source: their locks are taken in the order of addresses.
Result<void> MigratableDevice::commit(MigratableDevice& source,
                                      MigratableDevice& target) NO_THREAD_SAFETY_ANALYSIS {
  if (&source == &target) return fail(Errc::invalid, "a device is no target for itself");
  const auto [first, second] = std::minmax({&source, &target}, std::less<>());
  const MutexLock lock_first(first->mutex_);
  const MutexLock lock_second(second->mutex_);
  return commit_locked(source, target);
}

Result<void> MigratableDevice::promise(std::string_view token) {
  if (auto checked = check_token(token); !checked) return checked;
  const MutexLock lock(mutex_);
  if (!is_source_ready()) return fail(Errc::invalid, "the source is not stopped, or was not saved");
  set_handover(Handover::promised, token);
  return {};
}

Result<void> MigratableDevice::take_over(std::string_view token) {
  if (auto checked = check_token(token); !checked) return checked;
  const MutexLock lock(mutex_);
  if (auto runs = run_loaded(); !runs) return runs;
  set_handover(Handover::taken, token);
  taken_token_ = token;
  return {};
}

Result<void> MigratableDevice::give(std::string_view token) {
  const MutexLock lock(mutex_);
  if (handover_ != Handover::promised || token_ != token)
    return fail(Errc::invalid, "the device is not promised to that migration");
  is_source_ = false;
  set_handover(Handover::given, token);
  return {};
}

std::string MigratableDevice::handover() const {
  constexpr std::string_view kNames[] = {"none", "promised", "given", "taken"};
  const MutexLock lock(mutex_);
  std::string text(kNames[static_cast<std::size_t>(handover_)]);
  if (!token_.empty()) text += " " + token_;
  if (handover_ != Handover::taken && !taken_token_.empty()) text += "\ntaken " + taken_token_;
  return text;
}

std::shared_ptr<MigrationHold> MigrationHold::take(std::shared_ptr<MigratableDevice> device) {
  if (!device->take()) return nullptr;
  return std::make_shared<MigrationHold>(std::move(device));
}

// ---- the devices of a host ----------------------------------------------------------------------

namespace {

std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0;
  for (const char c : name) hash = Random(hash ^ static_cast<unsigned char>(c)).next();
  return hash;
}

// Nothing without a VFIO driver: there would be nobody to ask.
std::optional<std::string> name_of_vfio_device(const State& state, const ObjectRef& device) {
  if (device.type == ObjectRef::Type::instance) {
    const Instance* instance = state.instance(InstanceId(device.id));
    if (instance == nullptr || !instance->bound) return std::nullopt;
    return instance->uuid.to_string();
  }
  const PciFunction* function = state.function(FunctionId(device.id));
  if (function == nullptr || function->vfio_binding == BindingId::none) return std::nullopt;
  return function->spec.address.to_string();
}

}  // namespace

std::shared_ptr<MigratableDevice> MigratableDevices::find(const ObjectRef& device) const {
  const MutexLock lock(mutex_);
  const auto found = devices_.find(device);
  return found == devices_.end() ? nullptr : found->second;
}

std::shared_ptr<MigratableDevice> MigratableDevices::of(const State& state,
                                                        const ObjectRef& device) {
  const auto modelled = state.modelled(device);
  if (!modelled || !modelled->device_model().state()) return nullptr;
  const auto name = name_of_vfio_device(state, device);
  if (!name) return nullptr;
  const MutexLock lock(mutex_);
  std::shared_ptr<MigratableDevice>& known = devices_[device];
  if (known == nullptr) {
    known = std::make_shared<MigratableDevice>(
        MigratableDevice::Identity{.catalog = state.catalog,
                                   .model = &modelled->device_model(),
                                   .configuration = modelled->configuration,
                                   .seed = hash_of(state.name + "/" + *name)},
        *state.clock, resources_);
  }
  return known;
}

void MigratableDevices::drop(const ObjectRef& device) {
  std::shared_ptr<MigratableDevice> dropped;  // its memory is given back without the lock
  const MutexLock lock(mutex_);
  const auto found = devices_.find(device);
  if (found == devices_.end()) return;
  dropped = std::move(found->second);
  dropped->retire();
  devices_.erase(found);
}

}  // namespace mdevsim
