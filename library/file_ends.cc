#include "library/file_ends.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace mdevsim {
namespace {

using state::MigrationState;
using Direction = DeviceFiles::Direction;

Result<std::string> line_of(DeviceFiles& device, const char* name) {
  TRY_SET(std::string text, device.read(name));
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

Error unreadable(DeviceFiles& device, const char* name, std::string_view text) {
  return {Errc::io, fmt::format("{}/{}: '{}' is no number", device.path(), name, text)};
}

Result<std::uint64_t> number_of(DeviceFiles& device, const char* name) {
  TRY_SET(const std::string text, line_of(device, name));
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return tl::unexpected(unreadable(device, name, text));
  return number;
}

Result<state::Digest> digest_of(DeviceFiles& device) {
  constexpr std::size_t kHalf = 16;
  TRY_SET(const std::string text, line_of(device, "digest"));
  state::Digest digest;
  const char* const middle = text.data() + std::min(kHalf, text.size());
  const auto high = std::from_chars(text.data(), middle, digest.high, 16);
  const auto low = std::from_chars(middle, text.data() + text.size(), digest.low, 16);
  if (high.ec != std::errc() || low.ec != std::errc())
    return tl::unexpected(unreadable(device, "digest", text));
  return digest;
}

// Also of one that was moved on since.
Result<bool> has_taken(DeviceFiles& target, std::string_view token) {
  TRY_SET(const std::string lines, target.read("commit"));
  return ("\n" + lines).find(fmt::format("\ntaken {}\n", token)) != std::string::npos;
}

// What is left open when a commit has ended, however it has.
struct Loose {
  std::string source;       // why a source that is done still reads as promised
  bool is_unknown = false;  // which of the two is the device: the target does not tell
};

// Whoever dies where, the target is asked whether it has taken the device, and then it has.
Result<void> hand_over(DeviceFiles& source, DeviceFiles& target, const Handover& handover,
                       Loose& loose) {
  if (!handover.carry_out)
    return fail(Errc::not_supported, "the devices are of two servers: that takes a handover");
  auto done = handover.carry_out([&]() -> Result<void> {
    auto promised = source.write("commit", "promise " + handover.token);
    if (!promised) return promised;
    if (auto taken = target.write("commit", "take " + handover.token); !taken) return taken;
    return source.write("commit", "give " + handover.token);
  });
  if (done) return done;
  const auto taken = has_taken(target, handover.token);
  loose.is_unknown = !taken;
  if (!taken || !*taken) return done;
  if (line_of(source, "commit") == "given " + handover.token) return {};
  if (auto given = source.write("commit", "give " + handover.token); !given)
    loose.source = given.error().why;
  return {};
}

// One server changes both at once.
Result<void> commit(DeviceFiles& source, DeviceFiles& target, const Handover& handover,
                    Loose& loose) {
  TRY_SET(const DeviceFiles::Address from, source.address());
  TRY_SET(const DeviceFiles::Address to, target.address());
  if (from.filesystem != to.filesystem) return hand_over(source, target, handover, loose);
  return source.write("commit", std::to_string(to.number));
}

class FileEnd : public state::MigrationEnd {
 public:
  FileEnd(DeviceFiles& device, Direction direction) : device_(device), direction_(direction) {}

  Result<model::MigrationFeatures> features() override {
    TRY_SET(const std::string text, device_.read("features"));
    const auto has = [&](std::string_view line) { return text.find(line) != std::string::npos; };
    return model::MigrationFeatures{
        .stop_copy = has("stop-copy\n"), .p2p = has("p2p\n"), .pre_copy = has("pre-copy\n")};
  }
  Result<void> set_state(MigrationState state) override {
    return device_.set_state(state_name(state));
  }
  Result<std::size_t> read(state::Bytes out) override {
    if (auto opened = open(); !opened) return tl::unexpected(std::move(opened).error());
    return device_.read_stream(out);
  }
  Result<void> write(state::ConstBytes in) override {
    if (auto opened = open(); !opened) return opened;
    return device_.write_stream(in);
  }
  Result<std::uint64_t> left_bytes() override { return number_of(device_, "stop_copy_size"); }
  Result<state::Digest> digest() override { return digest_of(device_); }
  // The source's `bandwidth` says what time passes with each byte.
  Result<void> pass(std::int64_t) override { return {}; }
  Result<void> reset() override { return device_.write("reset", "1"); }

 private:
  Result<void> open() {
    if (std::exchange(open_, true)) return {};
    return device_.open_stream(direction_);
  }

  DeviceFiles& device_;
  const Direction direction_;
  bool open_ = false;
};

Error unknown_device(const DeviceFiles& side) {
  return {Errc::busy, side.path() + ": it is left as it is: the target may have taken the device"};
}

// It runs on, unless the target may be the device.
class SourceEnd final : public FileEnd {
 public:
  SourceEnd(DeviceFiles& source, const Loose& loose)
      : FileEnd(source, Direction::from_device), source_(source), loose_(loose) {}
  Result<void> set_state(MigrationState state) override {
    if (state == MigrationState::running && loose_.is_unknown)
      return tl::unexpected(unknown_device(source_));
    return FileEnd::set_state(state);
  }

 private:
  DeviceFiles& source_;
  const Loose& loose_;
};

// Its step to RUNNING, once it has loaded, is the commit.
class TargetEnd final : public FileEnd {
 public:
  TargetEnd(DeviceFiles& target, DeviceFiles& source, const Handover& handover, Loose& loose)
      : FileEnd(target, Direction::to_device),
        target_(target),
        source_(source),
        handover_(handover),
        loose_(loose) {}
  Result<void> set_state(MigrationState state) override {
    if (state == MigrationState::running) return commit(source_, target_, handover_, loose_);
    return FileEnd::set_state(state);
  }
  Result<void> reset() override {
    if (loose_.is_unknown) return tl::unexpected(unknown_device(target_));
    return FileEnd::reset();
  }

 private:
  DeviceFiles& target_;
  DeviceFiles& source_;
  const Handover& handover_;
  Loose& loose_;
};

// What a mover left undone that died in the middle of a handover. True when that was all that was
// missing: the target is the device.
Result<bool> finish_handover(DeviceFiles& source, DeviceFiles& target) {
  constexpr std::string_view kPromised = "promised ";
  TRY_SET(const std::string handover, line_of(source, "commit"));
  if (!handover.starts_with(kPromised)) return false;
  const std::string token = handover.substr(kPromised.size());
  TRY_SET(const bool taken, has_taken(target, token));
  if (!taken) {
    return fail(
        Errc::busy,
        fmt::format("{}: its mover died while it handed the device over ({}), and {} has not "
                    "taken it. Name the target of that migration; or, when that one does not "
                    "run it, write `running` to {}/state",
                    source.path(), token, target.path(), source.path()));
  }
  if (auto given = source.write("commit", "give " + token); !given)
    return tl::unexpected(std::move(given).error());
  return true;
}

FileMove finished(DeviceFiles& source) {
  FileMove move;
  move.report.outcome = state::MoveOutcome::moved;
  if (auto stopped = source.write("state", "stop"); !stopped)
    move.report.source_left_in = stopped.error().why;
  if (auto digest = digest_of(source)) move.report.digest = *digest;
  return move;
}

// True when something had to be changed. EINVAL when there is no way to.
Result<bool> fit(DeviceFiles& source, DeviceFiles& target) {
  TRY_SET(const std::string wanted, source.read("identity"));
  TRY_SET(const std::string before, target.read("identity"));
  if (before == wanted) return false;
  if (auto fitted = target.fit(wanted); !fitted) return tl::unexpected(std::move(fitted).error());
  TRY_SET(const std::string after, target.read("identity"));
  return before != after;
}

Result<void> take(DeviceFiles& source) {
  if (auto held = source.hold(); !held) return held;
  TRY_SET(const std::string now, line_of(source, "state"));
  if (now != state_name(MigrationState::running)) {
    return fail(
        Errc::invalid,
        fmt::format("{}: the device is in {}: only one that runs is migrated", source.path(), now));
  }
  return {};
}

FileMove not_begun(state::MoveOutcome outcome, Error error) {
  FileMove move;
  move.report.outcome = outcome;
  move.report.error = std::move(error);
  return move;
}

}  // namespace

FileMove migrate(DeviceFiles& source, DeviceFiles& target, const state::MoveLimits& limits,
                 state::MoveObserver* observer, const Handover& handover) {
  auto was_finished = finish_handover(source, target);
  if (!was_finished) return not_begun(state::MoveOutcome::failed, std::move(was_finished).error());
  if (*was_finished) return finished(source);
  if (auto taken = take(source); !taken)
    return not_begun(state::MoveOutcome::failed, std::move(taken).error());
  auto fitted = fit(source, target);  // before it is held: a device in use cannot be configured
  if (!fitted) {
    const bool refused = fitted.error().code == Errc::invalid;
    return not_begun(refused ? state::MoveOutcome::refused : state::MoveOutcome::failed,
                     std::move(fitted).error());
  }
  auto begun = target.hold();
  if (begun) begun = source.write("bandwidth", std::to_string(limits.bandwidth_bytes_per_s));
  if (!begun) return not_begun(state::MoveOutcome::failed, std::move(begun).error());
  Loose loose;
  SourceEnd from(source, loose);
  TargetEnd to(target, source, handover, loose);
  FileMove move{state::move_state(from, to, limits, observer), *fitted};
  if (!loose.source.empty()) move.report.source_left_in = loose.source;
  return move;
}

}  // namespace mdevsim
