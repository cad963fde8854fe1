#include "sim/state/migration_state.h"

#include <algorithm>

#include "sim/base/check.h"

namespace mdevsim::state {
namespace {

using State = MigrationState;

struct Arc {
  State from;
  State to;
};

// What drivers implement; everything else is made of these.
constexpr Arc kArcs[] = {
    {State::running, State::running_p2p},
    {State::running_p2p, State::running},
    {State::running_p2p, State::stop},
    {State::stop, State::running_p2p},
    {State::stop, State::stop_copy},
    {State::stop_copy, State::stop},
    {State::stop, State::resuming},
    {State::resuming, State::stop},
    {State::running, State::pre_copy},
    {State::pre_copy, State::running},
    {State::running_p2p, State::pre_copy_p2p},
    {State::pre_copy_p2p, State::running_p2p},
    {State::pre_copy, State::pre_copy_p2p},
    {State::pre_copy_p2p, State::pre_copy},
    {State::pre_copy_p2p, State::stop_copy},
};

// What each state is and needs.
struct Trait {
  std::string_view name;
  bool running;
  Stream stream;
  bool needs_p2p;
  bool needs_pre_copy;
};

constexpr std::array<Trait, kMigrationStates> kTraits = {{
    {"ERROR", false, Stream::none, false, false},
    {"STOP", false, Stream::none, false, false},
    {"RUNNING", true, Stream::none, false, false},
    {"STOP_COPY", false, Stream::saving, false, false},
    {"RESUMING", false, Stream::resuming, false, false},
    {"RUNNING_P2P", true, Stream::none, true, false},
    {"PRE_COPY", true, Stream::saving, false, true},
    {"PRE_COPY_P2P", true, Stream::saving, true, true},
}};

constexpr std::size_t index(State state) { return static_cast<std::size_t>(state); }
constexpr const Trait& trait(State state) { return kTraits[index(state)]; }
constexpr bool saves(State state) { return trait(state).stream == Stream::saving; }

// A saving state is never passed through on the way to elsewhere: it would open a stream, or end
// one, that nobody asked for. The one exception goes on with the stream that there is.
constexpr bool may_pass(State through, State from, State to) {
  return !saves(through) ||
         (from == State::pre_copy && through == State::pre_copy_p2p && to == State::stop_copy);
}

// A stream that was ended by STOP_COPY cannot become a pre-copy again.
constexpr bool is_blocked(State from, State to) {
  return from == State::error || to == State::error ||
         (from == State::stop_copy && (to == State::pre_copy || to == State::pre_copy_p2p));
}

constexpr std::uint8_t kFar = 255;

// How many arcs lead from `from` to each state, on ways that end in `to`; breadth first.
constexpr std::array<std::uint8_t, kMigrationStates> distances(State from, State to) {
  std::array<std::uint8_t, kMigrationStates> far = {};
  for (std::uint8_t& distance : far) distance = kFar;
  far[index(from)] = 0;
  for (std::uint8_t round = 0; round < kMigrationStates; ++round) {
    for (const Arc& arc : kArcs) {
      if (far[index(arc.from)] != round || far[index(arc.to)] != kFar) continue;
      if (arc.to == to || may_pass(arc.to, from, to))
        far[index(arc.to)] = static_cast<std::uint8_t>(round + 1);
    }
  }
  return far;
}

// The state after `from` on the shortest way to `to`; ERROR where there is none.
constexpr State next_state(State from, State to) {
  if (from == to && from != State::error) return to;
  if (is_blocked(from, to)) return State::error;
  State best = State::error;
  std::uint8_t least = kFar;
  for (const Arc& arc : kArcs) {
    if (arc.from != from || !(arc.to == to || may_pass(arc.to, from, to))) continue;
    const std::uint8_t rest = distances(arc.to, to)[index(to)];
    if (rest < least) {
      least = rest;
      best = arc.to;
    }
  }
  return best;
}

using NextTable = std::array<std::array<State, kMigrationStates>, kMigrationStates>;

constexpr NextTable kNext = [] {
  NextTable table = {};
  for (std::size_t from = 0; from < kMigrationStates; ++from) {
    for (std::size_t to = 0; to < kMigrationStates; ++to)
      table[from][to] = next_state(static_cast<State>(from), static_cast<State>(to));
  }
  return table;
}();

StreamEffect effect_of(State from, State to) {
  const Stream before = stream_of(from);
  const Stream after = stream_of(to);
  if (before == after) return before == Stream::none ? StreamEffect::none : StreamEffect::keep;
  if (before == Stream::resuming) return StreamEffect::load;
  if (after == Stream::none) return StreamEffect::close;
  return after == Stream::saving ? StreamEffect::open_saving : StreamEffect::open_resuming;
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::string_view state_name(MigrationState state) { return trait(state).name; }

std::optional<MigrationState> state_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kMigrationStates; ++i) {
    if (std::equal(name.begin(), name.end(), kTraits[i].name.begin(), kTraits[i].name.end(),
                   [](char a, char b) { return upper(a) == b; }))
      return static_cast<State>(i);
  }
  return std::nullopt;
}

std::string features_text(const model::MigrationFeatures& features) {
  if (!features.stop_copy) return {};
  std::string text = "stop-copy\n";
  if (features.p2p) text += "p2p\n";
  if (features.pre_copy) text += "pre-copy\n";
  return text + "dirty-tracking\n";
}

bool has_state(const model::MigrationFeatures& features, MigrationState state) {
  const Trait& needs = trait(state);
  return features.stop_copy && (features.p2p || !needs.needs_p2p) &&
         (features.pre_copy || !needs.needs_pre_copy);
}

bool is_running(MigrationState state) { return trait(state).running; }

Stream stream_of(MigrationState state) { return trait(state).stream; }

void MigrationPath::add(MigrationStep step) {
  CHECK(count_ < kStepsMax);
  steps_[count_++] = step;
}

bool MigrationPath::has(StreamEffect effect) const {
  const auto taken = steps();
  return std::any_of(taken.begin(), taken.end(),
                     [effect](const MigrationStep& step) { return step.effect == effect; });
}

bool MigrationPath::opens_stream() const {
  if (count_ == 0) return false;
  const StreamEffect last = steps_[count_ - 1].effect;
  return last == StreamEffect::open_saving || last == StreamEffect::open_resuming;
}

Result<MigrationPath> path_between(const model::MigrationFeatures& features, MigrationState from,
                                   MigrationState to) {
  const auto refuse = [&](std::string_view why) {
    std::string text = "migration state ";
    text.append(state_name(from)).append(" to ").append(state_name(to)).append(": ").append(why);
    return fail(Errc::invalid, std::move(text));
  };
  if (from == State::error) return refuse("only a reset leads out of ERROR");
  if (to == State::error) return refuse("ERROR cannot be asked for");
  if (!has_state(features, from) || !has_state(features, to))
    return refuse("the device does not have that state");
  MigrationPath path;
  for (State at = from; at != to;) {
    State next = kNext[index(at)][index(to)];
    // What the device does not have is skipped: the step leads to what comes behind it.
    while (next != State::error && !has_state(features, next)) next = kNext[index(next)][index(to)];
    if (next == State::error) return refuse("a stream that STOP_COPY ended cannot go on");
    path.add({at, next, effect_of(at, next)});
    at = next;
  }
  return path;
}

}  // namespace mdevsim::state
