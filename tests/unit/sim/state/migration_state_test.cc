// Every pair of states with every set of features, against the kernel's own table and against what
// a real kernel's mtty answered.
#include "sim/state/migration_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace mdevsim::state {
namespace {

using model::MigrationFeatures;
using enum MigrationState;

constexpr MigrationState kAll[] = {error,    stop,        running,  stop_copy,
                                   resuming, running_p2p, pre_copy, pre_copy_p2p};

MigrationFeatures features_of(std::uint32_t vfio_bits) {
  return {.stop_copy = (vfio_bits & 1) != 0,
          .p2p = (vfio_bits & 2) != 0,
          .pre_copy = (vfio_bits & 4) != 0};
}

// vfio_from_fsm_table of drivers/vfio/vfio_main.c (6.12), row by row as it stands there: what comes
// next on the way from the row's state to the column's.
struct KernelRow {
  MigrationState from;
  std::array<MigrationState, kMigrationStates> next;  // by enum vfio_device_mig_state
};
constexpr KernelRow kKernelTable[] = {
    //          ERROR  STOP   RUNNING STOP_COPY RESUMING RUNNING_P2P PRE_COPY PRE_COPY_P2P
    {error, {error, error, error, error, error, error, error, error}},
    {stop, {error, stop, running_p2p, stop_copy, resuming, running_p2p, running_p2p, running_p2p}},
    {running,
     {error, running_p2p, running, running_p2p, running_p2p, running_p2p, pre_copy, running_p2p}},
    {stop_copy, {error, stop, stop, stop_copy, stop, stop, error, error}},
    {resuming, {error, stop, stop, stop, resuming, stop, stop, stop}},
    {running_p2p, {error, stop, running, stop, stop, running_p2p, running, pre_copy_p2p}},
    {pre_copy, {error, running, running, pre_copy_p2p, running, running, pre_copy, pre_copy_p2p}},
    {pre_copy_p2p,
     {error, running_p2p, running_p2p, stop_copy, running_p2p, running_p2p, pre_copy,
      pre_copy_p2p}},
};

MigrationState kernel_next(MigrationState from, MigrationState to) {
  return kKernelTable[static_cast<std::size_t>(from)].next[static_cast<std::size_t>(to)];
}

// state_flags_table of the same file.
bool kernel_allows(std::uint32_t flags, MigrationState state) {
  constexpr std::uint32_t kNeeded[] = {~0U, 1, 1, 1, 1, 1 | 2, 1 | 4, 1 | 2 | 4};
  const std::uint32_t needed = kNeeded[static_cast<std::size_t>(state)];
  return (needed & flags) == needed;
}

// vfio_mig_get_next_state, until the wanted state is reached; nothing: EINVAL.
std::optional<std::vector<MigrationState>> kernel_path(std::uint32_t flags, MigrationState from,
                                                       MigrationState to) {
  std::vector<MigrationState> path;
  while (from != to || from == error) {
    if (!kernel_allows(flags, from) || !kernel_allows(flags, to)) return std::nullopt;
    MigrationState next = kernel_next(from, to);
    while (!kernel_allows(flags, next) && next != error) next = kernel_next(next, to);
    if (next == error) return std::nullopt;
    path.push_back(next);
    from = next;
  }
  if (!kernel_allows(flags, to)) return std::nullopt;
  return path;
}

class EveryPair : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(EveryPair, TakesTheKernelsSteps) {
  const std::uint32_t flags = GetParam();
  for (const MigrationState from : kAll) {
    for (const MigrationState to : kAll) {
      const auto expected = kernel_path(flags, from, to);
      const auto path = path_between(features_of(flags), from, to);
      const std::string pair = std::string(state_name(from)) + " -> " + std::string(state_name(to));
      ASSERT_EQ(path.has_value(), expected.has_value()) << pair;
      if (!path) {
        EXPECT_EQ(path.error().code, Errc::invalid) << pair;
        continue;
      }
      std::vector<MigrationState> taken;
      MigrationState at = from;
      for (const MigrationStep& step : path->steps()) {
        EXPECT_EQ(step.from, at) << pair;
        taken.push_back(at = step.to);
      }
      EXPECT_EQ(taken, *expected) << pair;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(FeatureSets, EveryPair, ::testing::Range(0U, 8U));

struct StepCase {
  MigrationState from;
  MigrationState to;
  StreamEffect effect;
};

class DirectStep : public ::testing::TestWithParam<StepCase> {};

TEST_P(DirectStep, OpensKeepsOrClosesTheStream) {
  const auto path = path_between(features_of(7), GetParam().from, GetParam().to);
  ASSERT_TRUE(path.has_value());
  const MigrationStep expected = {GetParam().from, GetParam().to, GetParam().effect};
  ASSERT_EQ(path->steps().size(), 1U);
  EXPECT_EQ(path->steps()[0], expected);
}

// The comments of vfio.h on each arc.
INSTANTIATE_TEST_SUITE_P(Arcs, DirectStep,
                         ::testing::Values(StepCase{running, running_p2p, StreamEffect::none},
                                           StepCase{running_p2p, running, StreamEffect::none},
                                           StepCase{running_p2p, stop, StreamEffect::none},
                                           StepCase{stop, running_p2p, StreamEffect::none},
                                           StepCase{stop, stop_copy, StreamEffect::open_saving},
                                           StepCase{stop_copy, stop, StreamEffect::close},
                                           StepCase{stop, resuming, StreamEffect::open_resuming},
                                           StepCase{resuming, stop, StreamEffect::load},
                                           StepCase{running, pre_copy, StreamEffect::open_saving},
                                           StepCase{pre_copy, running, StreamEffect::close},
                                           StepCase{running_p2p, pre_copy_p2p,
                                                    StreamEffect::open_saving},
                                           StepCase{pre_copy_p2p, running_p2p, StreamEffect::close},
                                           StepCase{pre_copy, pre_copy_p2p, StreamEffect::keep},
                                           StepCase{pre_copy_p2p, pre_copy, StreamEffect::keep},
                                           StepCase{pre_copy_p2p, stop_copy, StreamEffect::keep}));

TEST(MigrationPath, FromPreCopyToStopCopyKeepsTheStreamWithoutP2pToo) {
  const auto path = path_between(features_of(1 | 4), pre_copy, stop_copy);
  ASSERT_TRUE(path.has_value());
  ASSERT_EQ(path->steps().size(), 1U);
  EXPECT_EQ(path->steps()[0].effect, StreamEffect::keep);
  EXPECT_FALSE(path->opens_stream());
}

TEST(MigrationState, IsNamedAsInDebugfsAndParsedInAnyCase) {
  for (const MigrationState state : kAll) {
    std::string lower(state_name(state));
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    EXPECT_EQ(state_from_name(lower), state);
    EXPECT_EQ(state_from_name(state_name(state)), state);
  }
  EXPECT_EQ(state_name(pre_copy_p2p), "PRE_COPY_P2P");
  EXPECT_EQ(state_from_name("Pre_Copy"), pre_copy);
  for (const char* wrong : {"", "STOPPED", "STO", "PRE-COPY", "STOP ", "STOP\n", "8"})
    EXPECT_EQ(state_from_name(wrong), std::nullopt) << wrong;
}

TEST(MigrationFeatures, AreListedAsDebugfsDoes) {
  EXPECT_EQ(features_text(features_of(7)), "stop-copy\np2p\npre-copy\ndirty-tracking\n");
  EXPECT_EQ(features_text(features_of(1)), "stop-copy\ndirty-tracking\n");
  EXPECT_EQ(features_text(features_of(0)), "");
}

// A line `vfio.set FROM -> TO <tab> 0 or -1 <tab> errno <tab> now=STATE data_fd=…` of a recording.
struct RecordedStep {
  std::string from;
  std::string to;
  bool succeeds = false;
  std::string now;
  bool new_stream = false;
};

std::vector<RecordedStep> recorded_steps() {
  std::ifstream file("tests/oracle/recordings/6.12/vfio-mtty.golden");
  std::vector<RecordedStep> steps;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    RecordedStep step;
    std::string prefix;
    std::string arrow;
    std::string result;
    std::string code;
    std::string stream;
    words >> prefix;
    if (prefix != "vfio.set") continue;
    words >> step.from >> arrow >> step.to >> result >> code >> step.now >> stream;
    step.succeeds = result == "0";
    step.new_stream = stream == "data_fd=yes";
    steps.push_back(step);
  }
  return steps;
}

TEST(RecordedMtty, AnswersEveryPairAsWeDo) {
  const std::vector<RecordedStep> steps = recorded_steps();
  ASSERT_EQ(steps.size(), 7U * 9U);
  for (const RecordedStep& step : steps) {
    const std::string pair = step.from + " -> " + step.to;
    const auto from = state_from_name(step.from);
    const auto to = state_from_name(step.to);
    ASSERT_TRUE(from.has_value()) << pair;
    if (!to) {  // the number 8, which names no state
      EXPECT_FALSE(step.succeeds) << pair;
      continue;
    }
    const auto path = path_between(features_of(7), *from, *to);
    // Nothing was written before leaving RESUMING there, so loading it failed.
    const bool loads =
        path.has_value() && !path->steps().empty() && path->steps()[0].effect == StreamEffect::load;
    EXPECT_EQ(path.has_value() && !loads, step.succeeds) << pair;
    EXPECT_EQ(step.now, "now=" + (step.succeeds ? step.to : step.from)) << pair;
    EXPECT_EQ(step.succeeds && path->opens_stream(), step.new_stream) << pair;
  }
}

}  // namespace
}  // namespace mdevsim::state
