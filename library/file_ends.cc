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

// One server changes both at once. Of two servers the target's is told first: until the source's
// has heard of it, a mover that dies leaves both running.
Result<void> commit(DeviceFiles& source, DeviceFiles& target) {
  TRY_SET(const DeviceFiles::Address from, source.address());
  TRY_SET(const DeviceFiles::Address to, target.address());
  if (from.filesystem == to.filesystem) return source.write("commit", std::to_string(to.number));
  if (auto runs = target.set_state(state_name(MigrationState::running)); !runs) return runs;
  return source.write("commit", "elsewhere");
}

class FileEnd : public state::MigrationEnd {
 public:
  FileEnd(DeviceFiles& device, Direction direction) : device_(device), direction_(direction) {}

  model::MigrationFeatures features() override {
    const std::string text = device_.read("features").value_or("");
    const auto has = [&](std::string_view line) { return text.find(line) != std::string::npos; };
    return {.stop_copy = has("stop-copy\n"), .p2p = has("p2p\n"), .pre_copy = has("pre-copy\n")};
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

// Its step to RUNNING, once it has loaded, is the commit.
class TargetEnd final : public FileEnd {
 public:
  TargetEnd(DeviceFiles& target, DeviceFiles& source)
      : FileEnd(target, Direction::to_device), target_(target), source_(source) {}
  Result<void> set_state(MigrationState state) override {
    if (state == MigrationState::running) return commit(source_, target_);
    return FileEnd::set_state(state);
  }

 private:
  DeviceFiles& target_;
  DeviceFiles& source_;
};

// True when something had to be changed. EINVAL when there is no way to.
Result<bool> fit(DeviceFiles& source, DeviceFiles& target) {
  TRY_SET(const std::string wanted, source.read("identity"));
  TRY_SET(const std::string before, target.read("identity"));
  if (before == wanted) return false;
  if (auto fitted = target.write("fit", wanted); !fitted)
    return tl::unexpected(std::move(fitted).error());
  TRY_SET(const std::string after, target.read("identity"));
  return before != after;
}

Result<void> take(DeviceFiles& source, DeviceFiles& target, std::uint64_t bandwidth_bytes_per_s) {
  if (auto held = source.hold(); !held) return held;
  if (auto held = target.hold(); !held) return held;
  TRY_SET(const std::string now, line_of(source, "state"));
  if (now != state_name(MigrationState::running)) {
    return fail(
        Errc::invalid,
        fmt::format("{}: the device is in {}: only one that runs is migrated", source.path(), now));
  }
  return source.write("bandwidth", std::to_string(bandwidth_bytes_per_s));
}

FileMove not_begun(state::MoveOutcome outcome, Error error) {
  FileMove move;
  move.report.outcome = outcome;
  move.report.error = std::move(error);
  return move;
}

}  // namespace

FileMove migrate(DeviceFiles& source, DeviceFiles& target, const state::MoveLimits& limits,
                 state::MoveObserver* observer) {
  auto fitted = fit(source, target);
  if (!fitted) {
    const bool refused = fitted.error().code == Errc::invalid;
    return not_begun(refused ? state::MoveOutcome::refused : state::MoveOutcome::failed,
                     std::move(fitted).error());
  }
  if (auto taken = take(source, target, limits.bandwidth_bytes_per_s); !taken)
    return not_begun(state::MoveOutcome::failed, std::move(taken).error());
  FileEnd from(source, Direction::from_device);
  TargetEnd to(target, source);
  return {state::move_state(from, to, limits, observer), *fitted};
}

}  // namespace mdevsim
