// Whole moves on simulated time, and what is left when one fails at any point.
#include "sim/state/migration_mover.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/random.h"
#include "tests/support/sample_states.h"
#include "tests/support/stream_records.h"

namespace mdevsim::state {
namespace {

using testing::kKiB;
using testing::kMiB;
using testing::Migratable;
using testing::my_nic_with;
using enum MigrationState;

const DeviceStateOptions kOther = {.seed = 99, .budget = nullptr, .pool = nullptr};

testing::DeviceModel busy_model(std::uint64_t dirty_bytes_per_s, std::uint64_t bytes = 16 * kMiB) {
  model::StateSpec spec;
  spec.sections = {{"memory", bytes, ""}, {"registers", 16 * kKiB, ""}};
  spec.workload.dirty_bytes_per_s = dirty_bytes_per_s;
  return my_nic_with(spec);
}

// Both ends of a move, and what they were before.
struct Move {
  explicit Move(const testing::DeviceModel& model)
      : source(model, "version=1"), target(model, "version=1", kOther) {
    EXPECT_TRUE(target.migration.set_state(stop).has_value());
    target_before = *target.migration.digest();
    EXPECT_TRUE(target.migration.set_state(running).has_value());
  }

  MoveReport run(const MoveLimits& limits, MoveObserver* observer = nullptr) {
    LocalEnd from(source.migration);
    LocalEnd to(target.migration);
    return move_state(from, to, limits, observer);
  }

  void expect_as_before() {
    EXPECT_EQ(source.migration.state(), running);
    EXPECT_EQ(target.migration.state(), running);
    ASSERT_TRUE(target.migration.set_state(stop).has_value());
    EXPECT_EQ(*target.migration.digest(), target_before);
  }

  Migratable source;
  Migratable target;
  Digest target_before;
};

TEST(Mover, MovesABusyDeviceWithinItsDowntime) {
  const auto model = busy_model(20 * kMiB);
  Move move(model);
  const MoveReport report = move.run({.bandwidth_bytes_per_s = 100 * kMiB, .downtime_us = 10'000});
  ASSERT_EQ(report.outcome, MoveOutcome::moved) << report.error.why;
  EXPECT_EQ(move.source.migration.state(), stop);
  EXPECT_EQ(move.target.migration.state(), running);
  EXPECT_EQ(*move.source.migration.digest(), *report.digest);
  EXPECT_LE(report.downtime_us, 10'000);
  ASSERT_GE(report.rounds.size(), 3U);
  // 16 MiB at 100 MiB/s; then what was written meanwhile, less each time.
  EXPECT_NEAR(static_cast<double>(report.rounds[0].us), 160'000.0, 2000.0);
  EXPECT_LT(report.rounds[1].bytes, report.rounds[0].bytes / 3);
  EXPECT_LT(report.rounds[2].bytes, report.rounds[1].bytes / 3);
  std::uint64_t bytes = 0;
  std::int64_t us = 0;
  for (const MoveRound& round : report.rounds) {
    bytes += round.bytes;
    us += round.us;
  }
  EXPECT_EQ(bytes, report.bytes);
  EXPECT_EQ(us, report.total_us);
}

TEST(Mover, DoesTheSameEveryTime) {
  const auto model = busy_model(20 * kMiB);
  const auto rounds = [&] {
    Move move(model);
    std::vector<std::uint64_t> bytes;
    for (const MoveRound& round :
         move.run({.bandwidth_bytes_per_s = 50 * kMiB, .downtime_us = 1000}).rounds)
      bytes.push_back(round.bytes);
    return bytes;
  };
  EXPECT_EQ(rounds(), rounds());
}

TEST(Mover, GivesUpOnADeviceThatWritesFasterThanTheWire) {
  const auto model = busy_model(200 * kMiB);
  Move move(model);
  const MoveReport report =
      move.run({.bandwidth_bytes_per_s = 50 * kMiB, .downtime_us = 10'000, .rounds_max = 5});
  EXPECT_EQ(report.outcome, MoveOutcome::not_converged);
  EXPECT_EQ(report.rounds.size(), 5U);
  move.expect_as_before();
}

TEST(Mover, IsForcedToMoveADeviceThatDoesNotConverge) {
  const auto model = busy_model(200 * kMiB);
  Move move(model);
  const MoveReport report = move.run(
      {.bandwidth_bytes_per_s = 50 * kMiB, .downtime_us = 10'000, .rounds_max = 2, .force = true});
  EXPECT_EQ(report.outcome, MoveOutcome::moved);
  EXPECT_EQ(report.rounds.size(), 3U);
  EXPECT_GT(report.downtime_us, 10'000);
}

TEST(Mover, StopsADeviceThatHasNoPreCopyForAllOfIt) {
  model::StateSpec spec;
  spec.sections = {{"memory", 10 * kMiB, ""}};
  spec.features = {.stop_copy = true, .p2p = false, .pre_copy = false};
  const auto model = my_nic_with(spec);
  Move move(model);
  const MoveReport report = move.run({.bandwidth_bytes_per_s = 10 * kMiB});
  EXPECT_EQ(report.outcome, MoveOutcome::moved);
  EXPECT_EQ(report.rounds.size(), 1U);
  EXPECT_NEAR(static_cast<double>(report.downtime_us), 1e6, 2e4);
}

TEST(Mover, PutsBothBackWhenTheTargetRefuses) {
  const auto model = my_nic_with(testing::my_nic_state());
  Migratable source(model, "version=2");
  Migratable target(model, "version=1");
  const Digest before = *target.migration.digest();
  LocalEnd from(source.migration);
  LocalEnd to(target.migration);
  const MoveReport report = move_state(from, to, {});
  EXPECT_EQ(report.outcome, MoveOutcome::refused);
  EXPECT_EQ(report.error.code, Errc::fault);
  EXPECT_EQ(source.migration.state(), running);
  EXPECT_EQ(target.migration.state(), running);
  EXPECT_EQ(*target.migration.digest(), before);
}

TEST(Mover, TellsWhenTheSourceItselfBrokeDown) {
  model::StateSpec spec = testing::sparse_state(64 * kMiB);
  spec.workload.dirty_bytes_per_s = 64 * kMiB;
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1",
                    {.seed = 0, .budget = std::make_shared<MemoryBudget>(kMiB), .pool = nullptr});
  Migratable target(model, "version=1");
  LocalEnd from(source.migration);
  LocalEnd to(target.migration);
  const MoveReport report = move_state(from, to, {.bandwidth_bytes_per_s = 100, .downtime_us = 0});
  EXPECT_EQ(report.outcome, MoveOutcome::failed);
  EXPECT_EQ(report.error.code, Errc::no_memory);
  EXPECT_NE(report.source_left_in, "");
  EXPECT_EQ(target.migration.state(), running);
}

// Gives up when it was told so often.
class Impatient : public MoveObserver {
 public:
  explicit Impatient(int times) : left_(times) {}
  bool on_progress(const MoveReport&, std::uint64_t) override { return left_-- > 0; }

 private:
  int left_;
};

TEST(Mover, IsCancelledAtAnyMoment) {
  const auto model = busy_model(20 * kMiB, 4 * kMiB);
  for (int times = 0;; ++times) {
    Move move(model);
    Impatient observer(times);
    const MoveReport report =
        move.run({.bandwidth_bytes_per_s = 100 * kMiB, .downtime_us = 1000}, &observer);
    if (report.outcome == MoveOutcome::moved) {
      EXPECT_GT(times, 5);
      break;
    }
    EXPECT_EQ(report.outcome, MoveOutcome::cancelled);
    EXPECT_EQ(report.error.code, Errc::cancelled);
    move.expect_as_before();
  }
}

TEST(Mover, IsCancelledWhenItsTimeIsOver) {
  const auto model = busy_model(20 * kMiB, 4 * kMiB);
  const MoveLimits limits{
      .bandwidth_bytes_per_s = 100 * kMiB, .downtime_us = 1000, .cancel_after_us = 20'000};
  Move cut(model);
  const MoveReport report = cut.run(limits);
  EXPECT_EQ(report.outcome, MoveOutcome::cancelled);
  EXPECT_GE(report.total_us, 20'000);
  cut.expect_as_before();
  Move patient(model);
  EXPECT_EQ(patient
                .run({.bandwidth_bytes_per_s = 100 * kMiB,
                      .downtime_us = 1000,
                      .cancel_after_us = 10'000'000})
                .outcome,
            MoveOutcome::moved);
}

// What goes wrong on the way, by the number of the bytes that went through before.
class BadWire : public LocalEnd {
 public:
  using Damage = std::function<Result<void>(Bytes piece)>;
  BadWire(Migration& migration, std::uint64_t at, Damage damage)
      : LocalEnd(migration), at_(at), damage_(std::move(damage)) {}

  Result<std::size_t> read(Bytes out) override {
    auto got = LocalEnd::read(out);
    if (!got) return got;
    if (at_ >= passed_ && at_ < passed_ + *got) {
      if (auto done = damage_(out.subspan(at_ - passed_, 1)); !done)
        return tl::unexpected(std::move(done).error());
    }
    passed_ += *got;
    return got;
  }

 private:
  std::uint64_t at_;
  Damage damage_;
  std::uint64_t passed_ = 0;
};

struct Fault {
  const char* name;
  BadWire::Damage damage;
};

class FaultOnTheWire : public ::testing::TestWithParam<Fault> {};

TEST_P(FaultOnTheWire, LeavesTheSourceRunningAndTheTargetAsItWas) {
  const auto model = busy_model(20 * kMiB, kMiB);
  Random random(3);
  for (int i = 0; i < 100; ++i) {
    Move move(model);
    BadWire from(move.source.migration, random.next() % kMiB, GetParam().damage);
    LocalEnd to(move.target.migration);
    const MoveReport report =
        move_state(from, to, {.bandwidth_bytes_per_s = 100 * kMiB, .downtime_us = 1000});
    ASSERT_NE(report.outcome, MoveOutcome::moved) << i;
    move.expect_as_before();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, FaultOnTheWire,
    ::testing::Values(Fault{"cut", [](Bytes) { return fail(Errc::io, "the wire is cut"); }},
                      Fault{"flipped",
                            [](Bytes piece) -> Result<void> {
                              piece[0] ^= std::byte{4};
                              return {};
                            }}),
    [](const auto& test) { return test.param.name; });

TEST(Mover, PutsBothBackWhenTheWireIsCutAtAnyRecord) {
  auto spec = testing::my_nic_state();
  spec.features = {.stop_copy = true, .p2p = false, .pre_copy = false};
  const auto model = my_nic_with(spec);
  const auto stream = testing::saved(model, "version=1", {}, 0);
  const auto records = testing::records_of(stream);
  ASSERT_GT(records.size(), 3U);
  for (const testing::RecordPlace& record : records) {
    Move move(model);
    BadWire from(move.source.migration, record.offset,
                 [](Bytes) { return fail(Errc::io, "the wire is cut"); });
    LocalEnd to(move.target.migration);
    const MoveReport report = move_state(from, to, {});
    ASSERT_EQ(report.outcome, MoveOutcome::failed) << record.offset;
    ASSERT_EQ(report.error.code, Errc::io) << record.offset;
    move.expect_as_before();
  }
}

// Each state that a device of a migration can be in, given up there.
struct Cancelled {
  MigrationState source;
  bool target_has_some;
};

class CancelledIn : public ::testing::TestWithParam<Cancelled> {};

TEST_P(CancelledIn, LeavesTheSourceRunningAndTheTargetAsItWas) {
  const auto model = busy_model(20 * kMiB, kMiB);
  Move move(model);
  Migration& source = move.source.migration;
  Migration& target = move.target.migration;
  ASSERT_TRUE(target.set_state(resuming).has_value());
  ASSERT_TRUE(source.set_state(GetParam().source).has_value());
  if (GetParam().target_has_some) {
    std::vector<std::byte> some(300'000);
    ASSERT_TRUE(source.read(source.stream(), some).has_value());
    ASSERT_TRUE(target.write(target.stream(), some).has_value());
  }
  ASSERT_TRUE(source.set_state(running).has_value());
  ASSERT_TRUE(target.reset().has_value());
  move.expect_as_before();
}

INSTANTIATE_TEST_SUITE_P(States, CancelledIn,
                         ::testing::Values(Cancelled{running, false}, Cancelled{running_p2p, false},
                                           Cancelled{stop, false}, Cancelled{pre_copy, false},
                                           Cancelled{pre_copy, true}, Cancelled{pre_copy_p2p, true},
                                           Cancelled{stop_copy, false},
                                           Cancelled{stop_copy, true}));

}  // namespace
}  // namespace mdevsim::state
