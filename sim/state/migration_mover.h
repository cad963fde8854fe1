// Moves a running device's state to another one: rounds of pre-copy until what is left fits into
// the downtime that is allowed, then the rest, then the target runs.
//
// The two ends are interfaces, so that the same loop moves devices of one process, or those behind
// files. The time is simulated: so many bytes take as long as the bandwidth says, and the source
// works on meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/result.h"
#include "sim/state/digest.h"
#include "sim/state/migration.h"

namespace mdevsim::state {

// One end of a move: a device with its migration, wherever that is.
class MigrationEnd {
 public:
  virtual ~MigrationEnd() = default;

  virtual Result<model::MigrationFeatures> features() = 0;
  virtual Result<void> set_state(MigrationState state) = 0;
  // As Migration::read() and write(), of the stream that the state has.
  virtual Result<std::size_t> read(Bytes out) = 0;
  virtual Result<void> write(ConstBytes in) = 0;
  // How many bytes are to be sent if the source stopped now, about.
  virtual Result<std::uint64_t> left_bytes() = 0;
  virtual Result<Digest> digest() = 0;
  // Simulated time passes.
  virtual Result<void> pass(std::int64_t us) = 0;
  // Back to RUNNING with the contents that it was created with.
  virtual Result<void> reset() = 0;
};

// A device of this process.
class LocalEnd : public MigrationEnd {
 public:
  explicit LocalEnd(Migration& migration) : migration_(&migration) {}

  Result<model::MigrationFeatures> features() override { return migration_->features(); }
  Result<void> set_state(MigrationState state) override;
  Result<std::size_t> read(Bytes out) override;
  Result<void> write(ConstBytes in) override;
  Result<std::uint64_t> left_bytes() override;
  Result<Digest> digest() override { return migration_->digest(); }
  Result<void> pass(std::int64_t us) override;
  Result<void> reset() override { return migration_->reset(); }

 private:
  Migration* migration_;
};

struct MoveLimits {
  std::uint64_t bandwidth_bytes_per_s = 0;  // 0: moving takes no time
  std::int64_t downtime_us = 300'000;
  std::uint32_t rounds_max = 30;  // of pre-copy; then it has not converged
  // Gives up when moving has taken so long and has not ended.
  std::optional<std::int64_t> cancel_after_us = std::nullopt;
  // Stops the source after rounds_max, however long the rest takes, instead of giving up.
  bool force = false;
};

// What one round took.
struct MoveRound {
  std::uint64_t bytes = 0;
  std::int64_t us = 0;
  std::uint64_t left_bytes = 0;  // when it was over
};

enum class MoveOutcome : std::uint8_t {
  moved,          // the target runs, the source is stopped
  not_converged,  // the source writes faster than the bandwidth
  refused,        // the target does not take such a state
  cancelled,      // by the observer, or when its time was over
  failed,         // anything else
};

struct MoveReport {
  MoveOutcome outcome = MoveOutcome::failed;
  Error error;                    // why, unless moved
  std::vector<MoveRound> rounds;  // the last one is that of the stopped source, when it got so far
  std::uint64_t bytes = 0;
  std::int64_t total_us = 0;
  std::int64_t downtime_us = 0;  // from the source's stop to the target's start
  std::optional<Digest> digest;  // of both, when moved
  // What could not be put back, when not moved; what could not be ended, when moved. Else empty.
  std::string source_left_in;
  std::string target_left_in;
};

// Told after each piece; false gives up: the source runs on.
class MoveObserver {
 public:
  virtual ~MoveObserver() = default;
  virtual bool on_progress(const MoveReport& so_far, std::uint64_t left_bytes) = 0;
};

// Unless it is moved, the source runs on and the target is reset.
MoveReport move_state(MigrationEnd& source, MigrationEnd& target, const MoveLimits& limits,
                      MoveObserver* observer = nullptr);

// "moved", "not converged", "refused", "cancelled", "failed"
std::string_view outcome_name(MoveOutcome outcome);

}  // namespace mdevsim::state
