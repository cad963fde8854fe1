#include "sim/state/migration_mover.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mdevsim::state {
namespace {

using State = MigrationState;

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr std::uint64_t kMicrosecond = 1'000'000;  // of a second

// How long so many bytes take; the remainder goes to the next ones.
class Wire {
 public:
  explicit Wire(std::uint64_t bytes_per_s) : bytes_per_s_(bytes_per_s) {}

  std::int64_t us_for(std::uint64_t bytes) const {
    if (bytes_per_s_ == 0) return 0;
    const std::uint64_t seconds = bytes / bytes_per_s_;
    const std::uint64_t rest = bytes % bytes_per_s_;
    // `rest` is less than the rate, so this is less than a second; large rates are scaled down.
    const std::uint64_t scale = bytes_per_s_ > (std::uint64_t{1} << 43) ? 1 << 20 : 1;
    return static_cast<std::int64_t>(seconds * kMicrosecond +
                                     rest / scale * kMicrosecond / (bytes_per_s_ / scale));
  }

  std::int64_t send(std::uint64_t bytes) {
    sent_ += bytes;
    const std::int64_t before = std::exchange(us_, us_for(sent_));
    return us_ - before;
  }

 private:
  std::uint64_t bytes_per_s_;
  std::uint64_t sent_ = 0;
  std::int64_t us_ = 0;
};

class Mover {
 public:
  Mover(MigrationEnd& source, MigrationEnd& target, const MoveLimits& limits,
        MoveObserver* observer)
      : source_(source),
        target_(target),
        limits_(limits),
        observer_(observer),
        wire_(limits.bandwidth_bytes_per_s),
        piece_(kPieceBytes) {}

  MoveReport run() {
    if (auto done = move(); !done) {
      report_.error = std::move(done).error();
      put_back();
    } else {
      report_.outcome = MoveOutcome::moved;
    }
    return std::move(report_);
  }

 private:
  Result<void> move();
  Result<void> pre_copy();
  Result<void> stop_and_copy();
  Result<bool> send_piece(bool paused);
  Result<void> send_round(bool paused);
  Result<void> look_whether_cancelled();
  void put_back();

  MigrationEnd& source_;
  MigrationEnd& target_;
  const MoveLimits& limits_;
  MoveObserver* observer_;
  Wire wire_;
  std::vector<std::byte> piece_;
  MoveReport report_;
};

Result<void> Mover::move() {
  TRY_SET(const model::MigrationFeatures features, source_.features());
  if (auto set = target_.set_state(State::resuming); !set) return set;
  if (features.pre_copy) {
    if (auto copied = pre_copy(); !copied) return copied;
  }
  return stop_and_copy();
}

// Rounds until the rest fits into the downtime.
Result<void> Mover::pre_copy() {
  if (auto set = source_.set_state(State::pre_copy); !set) return set;
  for (std::uint32_t round = 0;; ++round) {
    if (auto sent = send_round(false); !sent) return sent;
    const std::uint64_t left = report_.rounds.back().left_bytes;
    if (wire_.us_for(left) <= limits_.downtime_us) return {};
    if (round + 1 < limits_.rounds_max) continue;
    if (limits_.force) return {};
    report_.outcome = MoveOutcome::not_converged;
    return fail(Errc::busy, std::to_string(left) + " bytes are left after " +
                                std::to_string(round + 1) +
                                " rounds: more than the downtime that is allowed can move");
  }
}

Result<void> Mover::stop_and_copy() {
  if (auto set = source_.set_state(State::stop_copy); !set) return set;
  if (auto sent = send_round(true); !sent) return sent;
  report_.downtime_us = report_.rounds.back().us;
  if (auto set = target_.set_state(State::stop); !set) return set;
  TRY_SET(const Digest sent, source_.digest());
  TRY_SET(const Digest loaded, target_.digest());
  if (sent != loaded) {
    return fail(Errc::fault, "the target holds another state than the source: " +
                                 loaded.to_string() + " is not " + sent.to_string());
  }
  report_.digest = loaded;
  if (auto set = target_.set_state(State::running); !set) return set;
  // From here on the target is the device: a source that cannot be told so changes nothing of it.
  if (auto set = source_.set_state(State::stop); !set) report_.source_left_in = set.error().why;
  return {};
}

// Until the temporary end, or the end.
Result<void> Mover::send_round(bool paused) {
  report_.rounds.emplace_back();
  for (;;) {
    TRY_SET(const bool more, send_piece(paused));
    if (!more) break;
  }
  TRY_SET(report_.rounds.back().left_bytes, source_.left_bytes());
  return {};
}

// False at the end of the round.
Result<bool> Mover::send_piece(bool paused) {
  auto read = source_.read(piece_);
  if (!read && read.error().code == Errc::no_message && !paused) return false;
  if (!read) return tl::unexpected(std::move(read).error());
  if (*read == 0) return false;
  if (auto written = target_.write(ConstBytes(piece_).first(*read)); !written) {
    if (written.error().code == Errc::fault) report_.outcome = MoveOutcome::refused;
    return tl::unexpected(std::move(written).error());
  }
  const std::int64_t us = wire_.send(*read);
  report_.rounds.back().bytes += *read;
  report_.rounds.back().us += us;
  report_.bytes += *read;
  report_.total_us += us;
  if (auto passed = source_.pass(us); !passed) return tl::unexpected(std::move(passed).error());
  if (auto passed = target_.pass(us); !passed) return tl::unexpected(std::move(passed).error());
  if (auto goes_on = look_whether_cancelled(); !goes_on)
    return tl::unexpected(std::move(goes_on).error());
  return true;
}

Result<void> Mover::look_whether_cancelled() {
  bool is_cancelled = limits_.cancel_after_us && report_.total_us >= *limits_.cancel_after_us;
  if (observer_ != nullptr) {
    TRY_SET(const std::uint64_t left, source_.left_bytes());
    is_cancelled = !observer_->on_progress(report_, left) || is_cancelled;
  }
  if (!is_cancelled) return {};
  report_.outcome = MoveOutcome::cancelled;
  return fail(Errc::cancelled,
              "the migration was cancelled after " + std::to_string(report_.total_us) + " us");
}

// The target must not run with half a state, and the source never stopped being the device.
void Mover::put_back() {
  if (auto reset = target_.reset(); !reset) report_.target_left_in = reset.error().why;
  if (auto set = source_.set_state(State::running); !set) report_.source_left_in = set.error().why;
}

}  // namespace

Result<void> LocalEnd::set_state(MigrationState state) {
  auto set = migration_->set_state(state);
  if (!set) return tl::unexpected(std::move(set).error());
  return {};
}

Result<std::size_t> LocalEnd::read(Bytes out) {
  return migration_->read(migration_->stream(), out);
}

Result<void> LocalEnd::write(ConstBytes in) {
  auto written = migration_->write(migration_->stream(), in);
  if (!written) return tl::unexpected(std::move(written).error());
  return {};
}

Result<std::uint64_t> LocalEnd::left_bytes() { return migration_->stop_copy_bytes(); }

Result<void> LocalEnd::pass(std::int64_t us) {
  return migration_->advance(migration_->device().now_us() + us);
}

MoveReport move_state(MigrationEnd& source, MigrationEnd& target, const MoveLimits& limits,
                      MoveObserver* observer) {
  return Mover(source, target, limits, observer).run();
}

std::string_view outcome_name(MoveOutcome outcome) {
  constexpr std::array<std::string_view, 5> kNames = {"moved", "not converged", "refused",
                                                      "cancelled", "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

}  // namespace mdevsim::state
