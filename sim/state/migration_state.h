// VFIO's migration states and the steps between them (uapi vfio.h, vfio_mig_get_next_state). Only
// the arcs are typed in; which steps lead from a state to another is derived from them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/base/result.h"
#include "sim/model/migration_features.h"

namespace mdevsim::state {

// In the order of enum vfio_device_mig_state.
enum class MigrationState : std::uint8_t {
  error,
  stop,
  running,
  stop_copy,
  resuming,
  running_p2p,
  pre_copy,
  pre_copy_p2p,
};
inline constexpr std::size_t kMigrationStates = 8;

// As the kernel's debugfs spells it: "PRE_COPY_P2P".
std::string_view state_name(MigrationState state);
// In any case; nothing when it names no state.
std::optional<MigrationState> state_from_name(std::string_view name);

// What the kernel's debugfs lists: a line each of stop-copy, p2p, pre-copy, and dirty-tracking for
// a device that logs its writes, as all of ours do.
std::string features_text(const model::MigrationFeatures& features);

// Whether the device has the state: the optional ones come with their features.
bool has_state(const model::MigrationFeatures& features, MigrationState state);

// Whether the device works in that state, so that its contents change.
bool is_running(MigrationState state);

// Which stream a device has in a state. All saving states share one: going from PRE_COPY on to
// STOP_COPY goes on with it.
enum class Stream : std::uint8_t { none, saving, resuming };
Stream stream_of(MigrationState state);

// What a step does to the stream.
enum class StreamEffect : std::uint8_t {
  none,
  open_saving,    // the caller gets a new stream to read from
  keep,           // goes on with the one that there is
  close,          // whoever still has it gets ENODEV
  open_resuming,  // the caller gets a new stream to write to
  load,           // what was written must be a whole state (EINVAL); then as close
};

struct MigrationStep {
  MigrationState from = MigrationState::stop;
  MigrationState to = MigrationState::stop;
  StreamEffect effect = StreamEffect::none;

  friend bool operator==(const MigrationStep&, const MigrationStep&) = default;
};

// The steps that lead from one state to another; none from a state to itself.
class MigrationPath {
 public:
  static constexpr std::size_t kStepsMax = 4;

  void add(MigrationStep step);
  std::span<const MigrationStep> steps() const { return {steps_.data(), count_}; }

  // Whether one of its steps does that to the stream.
  bool has(StreamEffect effect) const;

  // Whether its last step is in a state with a stream that was not there before.
  bool opens_stream() const;

 private:
  std::array<MigrationStep, kStepsMax> steps_ = {};
  std::size_t count_ = 0;
};

// EINVAL when there is no way: into ERROR, out of it (that takes a reset), from STOP_COPY back to
// PRE_COPY, and to or from a state that the device does not have.
Result<MigrationPath> path_between(const model::MigrationFeatures& features, MigrationState from,
                                   MigrationState to);

}  // namespace mdevsim::state
