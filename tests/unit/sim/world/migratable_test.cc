#include "sim/world/migratable.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "sim/world/world.h"
#include "tests/support/sample_host.h"
#include "tests/support/sample_states.h"

namespace mdevsim {
namespace {

using Asker = MigratableDevice::Asker;
using state::MigrationState;
using testing::kKiB;
using testing::kMiB;

model::StateSpec working() {
  model::StateSpec spec;
  spec.sections = {{"memory", 256 * kKiB, ""}, {"table", 8 * kKiB, "rss"}};
  spec.workload.dirty_bytes_per_s = kMiB;
  spec.features = {.stop_copy = true, .p2p = true, .pre_copy = true};
  return spec;
}

std::shared_ptr<const model::Catalog> catalog() {
  std::vector<model::DeviceModel> models;
  models.push_back(testing::my_nic_with(working()));
  return std::make_shared<const model::Catalog>(*model::Catalog::build(std::move(models)));
}

ConfigurationPtr configuration(const model::Catalog& of, const std::string& text) {
  return std::make_shared<const model::Configuration>(
      *model::parse_configuration(of.models().front(), text));
}

// A machine that is so slow that time goes on between any two looks.
class TickingClock : public Clock {
 public:
  std::int64_t uptime_ms() const override { return now_ms_ += 100; }

 private:
  mutable std::int64_t now_ms_ = 0;
};

// Has something happen in the middle of what looks at it, once.
class InterruptingClock : public Clock {
 public:
  std::int64_t uptime_ms() const override {
    if (const auto what = std::exchange(interrupt, {})) what();
    return 0;
  }

  mutable std::function<void()> interrupt;
};

class MigratableTest : public ::testing::Test {
 protected:
  std::shared_ptr<MigratableDevice> device(std::uint64_t seed, DeviceResources memory = {}) {
    return device(seed, clock_, std::move(memory));
  }
  std::shared_ptr<MigratableDevice> device(std::uint64_t seed, const Clock& clock,
                                           DeviceResources memory = {}) {
    return std::make_shared<MigratableDevice>(
        MigratableDevice::Identity{.catalog = catalog_,
                                   .model = &catalog_->models().front(),
                                   .configuration = configuration(*catalog_, "version=1"),
                                   .seed = seed},
        clock, std::move(memory));
  }

  static Errc code(const Result<void>& result) { return result ? Errc::ok : result.error().code; }

  Errc set(MigratableDevice& device, MigrationState state, Asker asker = Asker::holder) {
    return code(device.set_state(state, asker));
  }

  // All that there is to read until an end, put into the target.
  Errc copy(MigratableDevice& from, MigratableDevice& to, std::size_t size = kMiB) {
    const auto reads = *from.stream(state::Stream::saving);
    const auto writes = *to.stream(state::Stream::resuming);
    for (;;) {
      bool ended = true;
      const auto got = from.read(reads, size, [&](auto pieces) {
        for (const state::ConstBytes piece : pieces) {
          ended = false;
          EXPECT_TRUE(
              to.write(writes, {reinterpret_cast<const char*>(piece.data()), piece.size()}));
        }
      });
      if (!got) return got.error().code;
      if (ended) return Errc::ok;
    }
  }

  // In STOP: nothing else has a digest while there is a workload.
  std::string digest_at_rest(MigratableDevice& device) {
    EXPECT_EQ(set(device, MigrationState::stop, Asker::anybody), Errc::ok);
    const std::string digest = *device.digest();
    EXPECT_EQ(set(device, MigrationState::running, Asker::anybody), Errc::ok);
    return digest;
  }

  void migrate_up_to_commit() {
    hold_source_ = MigrationHold::take(source_);
    hold_target_ = MigrationHold::take(target_);
    ASSERT_EQ(set(*source_, MigrationState::stop_copy), Errc::ok);
    ASSERT_EQ(set(*target_, MigrationState::resuming), Errc::ok);
    ASSERT_EQ(copy(*source_, *target_), Errc::ok);
    ASSERT_EQ(set(*target_, MigrationState::stop), Errc::ok);
  }

  const std::shared_ptr<const model::Catalog> catalog_ = catalog();
  testing::ManualClock clock_;
  const std::shared_ptr<MigratableDevice> source_ = device(1);
  const std::shared_ptr<MigratableDevice> target_ = device(2);
  std::shared_ptr<MigrationHold> hold_source_;
  std::shared_ptr<MigrationHold> hold_target_;
};

TEST_F(MigratableTest, OneMoverAtATimeMayChangeTheState) {
  hold_source_ = MigrationHold::take(source_);
  ASSERT_NE(hold_source_, nullptr);
  EXPECT_EQ(MigrationHold::take(source_), nullptr);
  EXPECT_EQ(set(*source_, MigrationState::stop, Asker::anybody), Errc::busy);
  EXPECT_EQ(set(*source_, MigrationState::stop, Asker::holder), Errc::ok);
  hold_source_.reset();
  EXPECT_NE(MigrationHold::take(source_), nullptr);
}

TEST_F(MigratableTest, ASourceThatIsLetGoRunsOnFromAnyState) {
  for (const MigrationState state :
       {MigrationState::stop, MigrationState::running_p2p, MigrationState::pre_copy,
        MigrationState::pre_copy_p2p, MigrationState::stop_copy}) {
    hold_source_ = MigrationHold::take(source_);
    ASSERT_EQ(set(*source_, state), Errc::ok);
    hold_source_.reset();
    EXPECT_EQ(source_->state(), MigrationState::running) << state::state_name(state);
    EXPECT_TRUE(source_->is_idle());
  }
}

TEST_F(MigratableTest, ATargetThatIsLetGoIsReset) {
  const std::string pristine = digest_at_rest(*target_);
  migrate_up_to_commit();
  EXPECT_NE(*target_->digest(), pristine);
  hold_target_.reset();
  EXPECT_EQ(target_->state(), MigrationState::running);
  EXPECT_EQ(digest_at_rest(*target_), pristine);
}

TEST_F(MigratableTest, WhatWasSetWithoutAHolderStays) {
  ASSERT_EQ(set(*source_, MigrationState::stop, Asker::anybody), Errc::ok);
  hold_source_ = MigrationHold::take(source_);
  hold_source_.reset();
  EXPECT_EQ(source_->state(), MigrationState::stop);
}

TEST_F(MigratableTest, ACommitChangesBothAtOnce) {
  migrate_up_to_commit();
  const std::string digest = *source_->digest();
  ASSERT_TRUE(MigratableDevice::commit(*source_, *target_));
  EXPECT_EQ(target_->state(), MigrationState::running);
  ASSERT_EQ(set(*source_, MigrationState::stop), Errc::ok);
  hold_source_.reset();
  hold_target_.reset();
  EXPECT_EQ(source_->state(), MigrationState::stop) << "it stays stopped";
  EXPECT_EQ(target_->state(), MigrationState::running);
  EXPECT_EQ(digest_at_rest(*target_), digest);
}

TEST_F(MigratableTest, ACommitTakesAStoppedSourceAndALoadedTarget) {
  EXPECT_EQ(code(MigratableDevice::commit(*source_, *target_)), Errc::invalid);
  EXPECT_EQ(code(MigratableDevice::commit(*source_, *source_)), Errc::invalid);
  hold_source_ = MigrationHold::take(source_);
  hold_target_ = MigrationHold::take(target_);
  ASSERT_EQ(set(*source_, MigrationState::stop_copy), Errc::ok);
  EXPECT_EQ(code(MigratableDevice::commit(*source_, *target_)), Errc::invalid);
  ASSERT_EQ(set(*target_, MigrationState::resuming), Errc::ok);
  EXPECT_EQ(code(MigratableDevice::commit(*source_, *target_)), Errc::invalid) << "half a state";
  ASSERT_EQ(copy(*source_, *target_), Errc::ok);
  EXPECT_EQ(code(MigratableDevice::commit(*source_, *target_)), Errc::invalid) << "not loaded yet";
  hold_source_.reset();
  EXPECT_EQ(source_->state(), MigrationState::running);
}

TEST_F(MigratableTest, AHandoverTakesAStoppedSourceAndALoadedTarget) {
  EXPECT_EQ(code(source_->promise("t1")), Errc::invalid) << "it runs";
  EXPECT_EQ(code(target_->take_over("t1")), Errc::invalid) << "it has loaded nothing";
  migrate_up_to_commit();
  EXPECT_EQ(code(source_->give("t1")), Errc::invalid) << "it has promised nothing";
  ASSERT_TRUE(source_->promise("t1"));
  ASSERT_TRUE(target_->take_over("t1"));
  EXPECT_EQ(target_->state(), MigrationState::running);
  EXPECT_EQ(code(source_->give("t2")), Errc::invalid) << "not to that migration";
  ASSERT_TRUE(source_->give("t1"));
  EXPECT_EQ(source_->handover(), "given t1");
  EXPECT_EQ(target_->handover(), "taken t1");
  hold_source_.reset();
  hold_target_.reset();
  EXPECT_EQ(source_->state(), MigrationState::stop_copy);
  EXPECT_EQ(target_->state(), MigrationState::running);
}

TEST_F(MigratableTest, APromisedSourceDoesNotRunByItselfWhoeverDies) {
  migrate_up_to_commit();
  ASSERT_TRUE(source_->promise("t1"));
  hold_source_.reset();
  hold_target_.reset();
  EXPECT_EQ(source_->state(), MigrationState::stop_copy);
  EXPECT_EQ(source_->handover(), "promised t1");
  EXPECT_EQ(target_->handover(), "none");
  hold_source_ = MigrationHold::take(source_);
  hold_source_.reset();
  EXPECT_EQ(source_->state(), MigrationState::stop_copy) << "nor when another mover has looked";
  ASSERT_EQ(set(*source_, MigrationState::running, Asker::anybody), Errc::ok);
  EXPECT_EQ(source_->handover(), "none");
  EXPECT_EQ(code(source_->give("t1")), Errc::invalid);
}

TEST_F(MigratableTest, APromiseThatAMoverTakesBackIsForgotten) {
  migrate_up_to_commit();
  ASSERT_TRUE(source_->promise("t1"));
  ASSERT_EQ(set(*source_, MigrationState::running), Errc::ok);
  ASSERT_EQ(set(*source_, MigrationState::stop), Errc::ok);
  hold_source_.reset();
  EXPECT_EQ(source_->state(), MigrationState::running);
}

TEST_F(MigratableTest, ATargetRemembersWhatItTookUntilItLoadsAgain) {
  migrate_up_to_commit();
  ASSERT_TRUE(source_->promise("t1"));
  ASSERT_TRUE(target_->take_over("t1"));
  hold_target_.reset();
  digest_at_rest(*target_);
  EXPECT_EQ(target_->handover(), "taken t1");
  ASSERT_EQ(set(*target_, MigrationState::resuming, Asker::anybody), Errc::ok);
  EXPECT_EQ(target_->handover(), "none");
  ASSERT_TRUE(source_->reset());
  EXPECT_EQ(source_->handover(), "none");
}

// Whoever promised that still has to learn that it is not the device any more.
TEST_F(MigratableTest, ADeviceThatWasMovedOnStillTellsWhatItHadTaken) {
  migrate_up_to_commit();
  ASSERT_TRUE(target_->take_over("t1"));
  ASSERT_EQ(set(*target_, MigrationState::stop_copy), Errc::ok);
  ASSERT_TRUE(target_->promise("t2"));
  EXPECT_EQ(target_->handover(), "promised t2\ntaken t1");
  ASSERT_EQ(set(*target_, MigrationState::running), Errc::ok);
  EXPECT_EQ(target_->handover(), "taken t1") << "the promise was taken back";
  ASSERT_EQ(set(*target_, MigrationState::stop_copy), Errc::ok);
  ASSERT_TRUE(target_->promise("t3"));
  ASSERT_TRUE(target_->give("t3"));
  EXPECT_EQ(target_->handover(), "given t3\ntaken t1");
  ASSERT_TRUE(target_->reset());
  EXPECT_EQ(target_->handover(), "none");
}

TEST_F(MigratableTest, ATokenIsAShortWord) {
  migrate_up_to_commit();
  for (const std::string& wrong :
       {std::string(), std::string("a b"), std::string(1, '\n'), std::string(65, 'a')})
    EXPECT_EQ(code(source_->promise(wrong)), Errc::invalid) << wrong;
  EXPECT_TRUE(source_->promise(std::string(64, 'a')));
}

TEST_F(MigratableTest, SmallReadsGiveTheSameState) {
  migrate_up_to_commit();
  target_->let_go();
  hold_target_ = MigrationHold::take(target_);
  ASSERT_EQ(set(*source_, MigrationState::stop), Errc::ok);
  ASSERT_EQ(set(*source_, MigrationState::stop_copy), Errc::ok);
  ASSERT_EQ(set(*target_, MigrationState::resuming), Errc::ok);
  ASSERT_EQ(copy(*source_, *target_, 777), Errc::ok);
  ASSERT_EQ(set(*target_, MigrationState::stop), Errc::ok);
  EXPECT_EQ(*target_->digest(), *source_->digest());
}

TEST_F(MigratableTest, ARetiredDeviceIsGoneForWhoeverStillHasIt) {
  migrate_up_to_commit();
  const auto stream = *source_->stream(state::Stream::saving);
  source_->retire();
  EXPECT_EQ(code(source_->read(stream, 100, [](auto) {})), Errc::no_device);
  EXPECT_EQ(set(*source_, MigrationState::running), Errc::no_device);
  hold_source_.reset();
}

TEST_F(MigratableTest, ARunningDevicesTimeStandsStillUntilItIsMigrated) {
  const std::string before = digest_at_rest(*source_);
  clock_.now_ms += 10'000;
  EXPECT_EQ(digest_at_rest(*source_), before);
  ASSERT_EQ(set(*source_, MigrationState::pre_copy, Asker::anybody), Errc::ok);
  clock_.now_ms += 10'000;
  EXPECT_GT(source_->precopy_info()->dirty_bytes, 0u);
}

TEST_F(MigratableTest, ARunningDevicesTimeStandsStillOnASlowMachineToo) {
  const TickingClock clock;
  const auto slow = device(1, clock);
  EXPECT_EQ(digest_at_rest(*slow), digest_at_rest(*source_));
  EXPECT_EQ(digest_at_rest(*slow), digest_at_rest(*source_));
  ASSERT_TRUE(slow->set_bandwidth(kMiB));
  ASSERT_EQ(set(*slow, MigrationState::pre_copy, Asker::anybody), Errc::ok);
  EXPECT_EQ(slow->precopy_info()->dirty_bytes, 0u);  // nothing was read yet
}

TEST_F(MigratableTest, WithABandwidthTimeIsWhatTheStreamTakes) {
  ASSERT_TRUE(source_->set_bandwidth(kMiB));
  ASSERT_EQ(set(*source_, MigrationState::pre_copy, Asker::anybody), Errc::ok);
  clock_.now_ms += 10'000;
  EXPECT_EQ(source_->precopy_info()->dirty_bytes, 0u);
  ASSERT_EQ(set(*target_, MigrationState::resuming, Asker::anybody), Errc::ok);
  ASSERT_EQ(copy(*source_, *target_), Errc::no_message);
  // A quarter of a second at 1 MiB/s, in which about as much was written, some of it twice.
  EXPECT_GT(source_->precopy_info()->dirty_bytes, 64 * kKiB);
  EXPECT_LE(source_->precopy_info()->dirty_bytes, 256 * kKiB);
}

TEST_F(MigratableTest, AStateThatDoesNotFitIntoTheBudgetIsNotMade) {
  const auto small = device(3, {.budget = std::make_shared<state::MemoryBudget>(64 * kKiB),
                                .pool = nullptr,
                                .executor = nullptr});
  EXPECT_EQ(set(*small, MigrationState::stop), Errc::no_memory);
  EXPECT_EQ(small->state(), MigrationState::running);
}

class MigratableInstance : public MigratableTest {
 protected:
  MigratableInstance() {
    auto modelled = std::make_shared<ModelledSpec>();
    modelled->model = &catalog_->models().front();
    modelled->initial = configuration(*catalog_, "version=2");
    TypeSpec type;
    type.id = type.name = "1";
    type.modelled = modelled;
    type.instances = {{.uuid = testing::uuid(1)}};
    const auto parent = std::make_shared<ParentSpec>();
    parent->types = {type};
    index_types(*parent);
    HostSpec host;
    host.name = "alpha";
    host.catalog = catalog_;
    host.virtual_devices = {{.class_name = "card", .name = "card", .parent = parent}};
    world_ = std::move(*World::build(host, clock_));
    const World::Reading reading(*world_);
    ref_ = {ObjectRef::Type::instance, raw(reading->instances.find_uuid(testing::uuid(1)))};
  }

  Errc apply(const Command& command) {
    World::Writing writing(*world_);
    return writing.apply(command, {}).errc;
  }
  std::shared_ptr<MigratableDevice> find() {
    const World::Reading reading(*world_);
    return reading->migratable->find(ref_);
  }
  std::shared_ptr<MigratableDevice> made() {
    const World::Reading reading(*world_);
    return reading->migratable->of(reading.state(), ref_);
  }

  std::unique_ptr<World> world_;
  ObjectRef ref_;
};

TEST_F(MigratableInstance, IsMadeWhenItIsAskedForAndGoneWithItsInstance) {
  EXPECT_EQ(find(), nullptr);
  const auto device = made();
  ASSERT_NE(device, nullptr);
  EXPECT_EQ(find(), device);
  ASSERT_EQ(apply(Remove{InstanceId(ref_.id)}), Errc::ok);
  EXPECT_EQ(find(), nullptr);
  EXPECT_EQ(made(), nullptr);
  EXPECT_EQ(set(*device, MigrationState::stop), Errc::no_device);
}

TEST_F(MigratableInstance, BeginsAnewWithAnotherConfigurationButNotInTheMiddle) {
  const auto device = made();
  const ConfigureDevice other{ref_, configuration(*catalog_, "version=2,rss=off")};
  ASSERT_EQ(set(*device, MigrationState::stop_copy, Asker::anybody), Errc::ok);
  EXPECT_EQ(apply(other), Errc::busy);
  ASSERT_EQ(set(*device, MigrationState::running, Asker::anybody), Errc::ok);
  EXPECT_EQ(apply(other), Errc::ok);
  EXPECT_NE(made(), device);
}

// The instance was made to fit the source, and has loaded its state.
class FittedInstance : public MigratableInstance {
 protected:
  FittedInstance() {
    EXPECT_EQ(apply(BeginFitting{ref_}), Errc::ok);
    EXPECT_EQ(apply(ConfigureDevice{ref_, configuration(*catalog_, "version=1"), true}), Errc::ok);
    instance_ = made();
    EXPECT_EQ(set(*source_, MigrationState::stop_copy), Errc::ok);
    EXPECT_EQ(set(*instance_, MigrationState::resuming), Errc::ok);
    EXPECT_EQ(copy(*source_, *instance_), Errc::ok);
    EXPECT_EQ(set(*instance_, MigrationState::stop), Errc::ok);
  }
  std::string configured() {
    const World::Reading reading(*world_);
    const auto has = reading->modelled(ref_);
    return to_text(has->device_model(), *has->configuration);
  }

  std::shared_ptr<MigratableDevice> instance_;
};

TEST_F(FittedInstance, StaysWhatItWasMadeWhenItRunsWhatItLoaded) {
  ASSERT_TRUE(MigratableDevice::commit(*source_, *instance_));
  ASSERT_EQ(apply(EndFitting{ref_}), Errc::ok);
  EXPECT_EQ(configured(), "version=1");
  EXPECT_EQ(made(), instance_);
  EXPECT_EQ(digest_at_rest(*instance_), *source_->digest());
}

TEST_F(FittedInstance, StaysWhatItWasMadeWhenAShellHasItRun) {
  ASSERT_EQ(set(*instance_, MigrationState::running, Asker::anybody), Errc::ok);
  ASSERT_EQ(apply(EndFitting{ref_}), Errc::ok);
  EXPECT_EQ(configured(), "version=1");
  EXPECT_EQ(made(), instance_);
}

TEST_F(MigratableTest, IsNotTheDeviceWhenItIsTakenBackInTheMiddleOfTheCommit) {
  const InterruptingClock clock;
  const auto target = device(2, clock);
  ASSERT_EQ(set(*source_, MigrationState::stop_copy), Errc::ok);
  ASSERT_EQ(set(*target, MigrationState::resuming), Errc::ok);
  ASSERT_EQ(copy(*source_, *target), Errc::ok);
  ASSERT_EQ(set(*target, MigrationState::stop), Errc::ok);
  bool taken_back = false;
  clock.interrupt = [&] { taken_back = target->retire_unless_loaded(); };
  EXPECT_EQ(code(MigratableDevice::commit(*source_, *target)), Errc::no_device);
  EXPECT_TRUE(taken_back);
  EXPECT_EQ(source_->handover(), "none") << "it is the device";
  EXPECT_EQ(set(*source_, MigrationState::running), Errc::ok);
}

TEST_F(FittedInstance, IsWhatItWasWhenItHasNotRun) {
  ASSERT_EQ(apply(EndFitting{ref_}), Errc::ok);
  EXPECT_EQ(configured(), "version=2");
  EXPECT_NE(made(), instance_);
  EXPECT_EQ(made()->state(), MigrationState::running);
  EXPECT_EQ(code(MigratableDevice::commit(*source_, *instance_)), Errc::no_device) << "too late";
  EXPECT_EQ(source_->handover(), "none") << "it is the device";
}

TEST_F(FittedInstance, LosesToNobodyAsLongAsAMoverHoldsIt) {
  ASSERT_EQ(apply(Hold{ref_}), Errc::ok);
  ASSERT_EQ(apply(EndFitting{ref_}), Errc::ok);
  ASSERT_TRUE(MigratableDevice::commit(*source_, *instance_));
  ASSERT_EQ(apply(Release{ref_, false}), Errc::ok);
  EXPECT_EQ(configured(), "version=1");
  EXPECT_EQ(made(), instance_);
}

TEST_F(FittedInstance, IsWhatItWasWhenItsNextAttemptFails) {
  ASSERT_TRUE(MigratableDevice::commit(*source_, *instance_));
  ASSERT_EQ(apply(EndFitting{ref_}), Errc::ok);
  ASSERT_EQ(apply(BeginFitting{ref_}), Errc::ok);
  ASSERT_EQ(apply(ConfigureDevice{ref_, configuration(*catalog_, "version=2"), true}), Errc::ok);
  ASSERT_EQ(apply(EndFitting{ref_}), Errc::ok);
  EXPECT_EQ(configured(), "version=1");
}

TEST_F(FittedInstance, MayHaveBeenMadeWhatItWasBefore) {
  ASSERT_EQ(set(*instance_, MigrationState::running), Errc::ok);
  ASSERT_EQ(apply(ConfigureDevice{ref_, configuration(*catalog_, "version=2"), true}), Errc::ok);
  ASSERT_NE(made(), nullptr);
  ASSERT_EQ(apply(EndFitting{ref_}), Errc::ok);
  EXPECT_EQ(configured(), "version=2");
  EXPECT_TRUE(made()->reset());
}

TEST_F(MigratableInstance, IsResetWhenItsLastUserClosesIt) {
  const auto device = made();
  ASSERT_EQ(apply(Hold{ref_}), Errc::ok);
  ASSERT_EQ(apply(Hold{ref_}), Errc::ok);
  ASSERT_EQ(apply(Release{ref_}), Errc::ok);
  EXPECT_EQ(find(), device);
  ASSERT_EQ(apply(Release{ref_, false}), Errc::ok) << "a mover's";
  EXPECT_EQ(find(), device);
  ASSERT_EQ(apply(Hold{ref_}), Errc::ok);
  ASSERT_EQ(apply(Release{ref_}), Errc::ok);
  EXPECT_EQ(find(), nullptr);
}

}  // namespace
}  // namespace mdevsim
