// The state of a device that can be migrated: its memory, its VFIO migration state and its stream,
// behind a lock of their own. The world's lock finds a device and is never held while one works:
// making, moving or comparing gigabytes takes time.
//
// Who holds a migration: a mover takes the device, and lets it go when it is done or dies. What it
// began and did not commit is undone then: a source runs on, a target is reset. Who changes the
// state without having taken the device (a shell) has nothing undone. What a mover configured the
// target as is taken back by the world (EndFitting), unless the target has become the device.
//
// The commit is the target's step to RUNNING; the source is done then, and stays stopped. Where one
// process has both devices, it changes both at once. Where it has one of them, the mover hands the
// device over in three steps: the source promises itself to the migration of some token, and from
// then on does not run by itself, whoever dies; the target takes it over, and remembers the token;
// the source is told that it is given. Between the first and the last step only the target can tell
// which of the two is the device.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/clock.h"
#include "sim/base/executor.h"
#include "sim/base/mutex.h"
#include "sim/base/result.h"
#include "sim/state/migration.h"
#include "sim/world/command.h"
#include "sim/world/modelled.h"

namespace mdevsim {

class State;

// What all devices of a host share.
struct DeviceResources {
  std::shared_ptr<state::MemoryBudget> budget;
  std::shared_ptr<state::ArenaPool> pool;
  std::shared_ptr<Executor> executor;  // none: everything is done by who asks for it
};

// Thread-safe. Functions that work on the state wait for each other; those of the first group do
// not wait for anybody.
class MigratableDevice {
 public:
  struct Identity {
    std::shared_ptr<const model::Catalog> catalog;  // owns the model
    const model::DeviceModel* model = nullptr;
    ConfigurationPtr configuration;
    std::uint64_t seed = 0;  // two devices hold different states
  };

  // Takes no memory before the state is asked for.
  MigratableDevice(Identity identity, const Clock& clock, DeviceResources resources);
  ~MigratableDevice();

  const model::StateSpec& spec() const;
  state::MigrationState state() const { return state_.load(std::memory_order_acquire); }
  // Nobody has taken it and it just runs: it may be configured anew, or be forgotten.
  bool is_idle() const;
  // It was removed, or is another device now: whoever still has it gets ENODEV.
  void retire() { fate_.store(Fate::retired); }
  // The same, and true, unless a state that it has loaded has run: then it is the device of some
  // migration.
  bool retire_unless_loaded() { return becomes(Fate::retired); }
  // False when another mover has it.
  bool take();
  // The stream that there is now; ENODEV without one. Its reads and writes are ENODEV when it has
  // ended.
  Result<state::StreamId> stream(state::Stream direction) const;

  // The end of what a mover took.
  void let_go() EXCLUDES(mutex_);

  // Who asks for a state: whoever has taken the device, or anybody (who gets EBUSY while it is
  // taken).
  enum class Asker : std::uint8_t { anybody, holder };

  // Whether that asker may change anything now: EBUSY while a mover has the device, but for itself.
  Result<void> allows(Asker asker) EXCLUDES(mutex_);

  // One request to VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE. EINVAL when no way leads there, or when
  // what was written to the stream is no whole state; ENOMEM without memory for it. On an error the
  // device may be in any state on the way.
  Result<void> set_state(state::MigrationState target, Asker asker) EXCLUDES(mutex_);
  // As VFIO_DEVICE_RESET: runs, with the contents that it had at the start.
  Result<void> reset() EXCLUDES(mutex_);

  using Deliver = state::Migration::Deliver;
  // The next bytes of a stream, delivered once, with the lock held that keeps them as they are;
  // none at its end. ENOMSG at the temporary end of a pre-copy.
  Result<void> read(state::StreamId stream, std::size_t size, const Deliver& deliver)
      EXCLUDES(mutex_);
  Result<void> write(state::StreamId stream, std::string_view bytes) EXCLUDES(mutex_);

  Result<state::PrecopyInfo> precopy_info() EXCLUDES(mutex_);  // EINVAL outside of pre-copy
  Result<std::uint64_t> stop_copy_bytes() EXCLUDES(mutex_);
  // EBUSY while a workload changes the contents.
  Result<std::string> digest() EXCLUDES(mutex_);

  // How fast the running device changes its own state.
  Result<std::uint64_t> dirty_rate() EXCLUDES(mutex_);
  Result<void> set_dirty_rate(std::uint64_t bytes_per_s) EXCLUDES(mutex_);

  // With a bandwidth the device's time is that of its stream: it goes on by what reading takes at
  // so many bytes a second, and stands still otherwise. 0: it goes with the host's clock.
  std::uint64_t bandwidth() const { return bandwidth_.load(std::memory_order_relaxed); }
  Result<void> set_bandwidth(std::uint64_t bytes_per_s) EXCLUDES(mutex_);

  // The commit of a migration: the target, which has loaded its state, runs; the source, which has
  // stopped, is done and stays stopped. Both at once, or neither. EINVAL when one of them is not
  // there yet, or they are the same.
  static Result<void> commit(MigratableDevice& source, MigratableDevice& target);

  // The same in three steps. A token is 1 to kHandoverTokenBytesMax printable characters without a
  // blank. EINVAL when it is none, and when the device is not there yet.
  Result<void> promise(std::string_view token) EXCLUDES(mutex_);    // the source
  Result<void> take_over(std::string_view token) EXCLUDES(mutex_);  // the target
  // The source, whose promise has that token.
  Result<void> give(std::string_view token) EXCLUDES(mutex_);
  // "none", or one of "promised", "given" and "taken" with the token, if there is one. Of a device
  // that had taken over and was moved on, in a second line, what it had taken: whoever promised
  // that may still ask.
  std::string handover() const EXCLUDES(mutex_);

 private:
  enum class Handover : std::uint8_t { none, promised, given, taken };
  enum class Fate : std::uint8_t { open, loaded, retired };  // the first of the two holds

  // The contents and their migration.
  struct Machine {
    explicit Machine(state::DeviceState made) : device(std::move(made)), migration(device) {}
    state::DeviceState device;
    state::Migration migration;
  };

  // Whether that is its fate now.
  bool becomes(Fate fate);
  bool is_retired() const { return fate_.load() == Fate::retired; }
  Result<void> note_loaded();  // ENODEV when it is retired
  Result<Machine*> machine() REQUIRES(mutex_);
  // The same, after the time that has passed.
  Result<Machine*> machine_now() REQUIRES(mutex_);
  Result<void> may_change(Asker asker) const REQUIRES(mutex_);
  Result<void> start_again() REQUIRES(mutex_);
  // What others may see without the lock.
  void note_state() REQUIRES(mutex_);
  std::int64_t host_us() const;
  void set_handover(Handover step, std::string_view token = {}) REQUIRES(mutex_);
  void forget_handover() REQUIRES(mutex_);
  Result<void> run_loaded() REQUIRES(mutex_);
  bool is_source_ready() const REQUIRES(mutex_);
  bool is_target_ready() const REQUIRES(mutex_);
  static Result<void> commit_locked(MigratableDevice& source, MigratableDevice& target)
      REQUIRES(source.mutex_, target.mutex_);

  const Identity identity_;
  const Clock& clock_;
  const DeviceResources resources_;

  std::atomic<state::MigrationState> state_ = state::MigrationState::running;
  std::atomic<state::StreamId> stream_ = state::StreamId::none;
  std::atomic<bool> taken_ = false;
  std::atomic<Fate> fate_ = Fate::open;
  std::atomic<std::uint64_t> bandwidth_ = 0;  // bytes a second

  mutable Mutex mutex_;
  std::unique_ptr<Machine> machine_ GUARDED_BY(mutex_);  // made when first needed
  // The device's time is the host's less this; with a bandwidth, what the stream took.
  std::int64_t behind_host_us_ GUARDED_BY(mutex_) = 0;
  std::uint64_t streamed_bytes_ GUARDED_BY(mutex_) = 0;  // since the bandwidth was set
  std::int64_t stream_began_us_ GUARDED_BY(mutex_) = 0;
  // What a holder that goes leaves behind is undone, unless it was committed.
  bool is_source_ GUARDED_BY(mutex_) = false;  // has left RUNNING in order to save
  bool is_target_ GUARDED_BY(mutex_) = false;  // was in RESUMING, and has not run since
  // Of the latest migration. A source's ends when it runs, a target's when it is to load again.
  Handover handover_ GUARDED_BY(mutex_) = Handover::none;
  std::string token_ GUARDED_BY(mutex_);  // of the handover; none when it was done at once
  // With which it became what it is, until it is reset or loads again; none: by no handover.
  std::string taken_token_ GUARDED_BY(mutex_);
};

// Takes a device for as long as it lives.
class MigrationHold {
 public:
  // Null when another mover has it.
  static std::shared_ptr<MigrationHold> take(std::shared_ptr<MigratableDevice> device);
  explicit MigrationHold(std::shared_ptr<MigratableDevice> taken) : device_(std::move(taken)) {}
  ~MigrationHold() { device_->let_go(); }
  MigrationHold(const MigrationHold&) = delete;
  MigrationHold& operator=(const MigrationHold&) = delete;

 private:
  const std::shared_ptr<MigratableDevice> device_;
};

// The devices of a host whose state somebody has asked for. Thread-safe; a leaf below the world's
// lock.
class MigratableDevices {
 public:
  explicit MigratableDevices(DeviceResources resources) : resources_(std::move(resources)) {}

  // Null when nobody has asked for it yet.
  std::shared_ptr<MigratableDevice> find(const ObjectRef& device) const EXCLUDES(mutex_);
  // Null for a device whose model has no state, or none that is bound to a VFIO driver.
  std::shared_ptr<MigratableDevice> of(const State& state, const ObjectRef& device)
      EXCLUDES(mutex_);
  // The device is gone, or becomes another.
  void drop(const ObjectRef& device) EXCLUDES(mutex_);

 private:
  const DeviceResources resources_;
  mutable Mutex mutex_;
  std::map<ObjectRef, std::shared_ptr<MigratableDevice>> devices_ GUARDED_BY(mutex_);
};

}  // namespace mdevsim
