// Where a plan of faults strikes a world.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sim/world/world.h"
#include "tests/support/sample_host.h"

namespace mdevsim {
namespace {

class FaultsTest : public ::testing::Test {
 protected:
  Outcome apply(const Command& command) {
    return World::Writing(*world).apply(command, {.request = 1});
  }
  void add(const std::string& line) {
    ChangeFaults change;
    change.add = {*model::parse_fault(line)};
    ASSERT_EQ(apply(change).errc, Errc::ok) << line;
  }
  Uuid uuid(unsigned number) const {
    return *Uuid::parse("c0ffee00-1234-4abc-8def-00000000000" + std::to_string(number));
  }
  // Of the first parent's first type.
  Outcome create(unsigned number) {
    const TypeId type{0};
    Create command{};
    command.type = type;
    command.uuid = uuid(number);
    return apply(command);
  }
  InstanceId find(unsigned number) {
    return World::Reading(*world)->instances.find_uuid(uuid(number));
  }

  testing::ManualClock clock;
  std::unique_ptr<World> world = std::move(*World::build(testing::sample_host(), clock));
};

TEST_F(FaultsTest, ARefusedCreationChangesNothing) {
  add("at=create device=*1 errno=EBUSY");
  const Outcome refused = create(1);
  EXPECT_EQ(refused.errc, Errc::busy);
  EXPECT_TRUE(refused.effects.empty());
  EXPECT_EQ(find(1), InstanceId::none);
  EXPECT_EQ(create(2).errc, Errc::ok);
}

TEST_F(FaultsTest, ADelayIsSaidAndTheCreationDone) {
  add("at=create delay=40ms times=1");
  EXPECT_EQ(create(1).reply_delay_ms, 40U);
  EXPECT_NE(find(1), InstanceId::none);
  EXPECT_EQ(create(2).reply_delay_ms, 0U);
}

TEST_F(FaultsTest, AnInstanceVanishesRightAfterItsCreation) {
  add("at=create instance=vanishes times=1");
  const Outcome created = create(1);
  EXPECT_EQ(created.errc, Errc::ok);
  EXPECT_FALSE(created.waits);
  EXPECT_EQ(find(1), InstanceId::none);
  const auto* first = std::get_if<Appeared>(&created.effects.front());
  ASSERT_NE(first, nullptr);
  bool gone = false;
  for (const Effect& effect : created.effects) {
    const auto* vanished = std::get_if<Vanished>(&effect);
    gone = gone || (vanished != nullptr && vanished->facet == Facet::device);
  }
  EXPECT_TRUE(gone);
  EXPECT_EQ(create(1).errc, Errc::ok);
}

TEST_F(FaultsTest, AStuckInstanceStaysAndCannotBeRemovedAnyMore) {
  create(1);
  add("at=remove instance=stuck times=1");
  const InstanceId id = find(1);
  EXPECT_EQ(apply(Remove{id}).errc, Errc::again);
  EXPECT_EQ(find(1), id);
  EXPECT_TRUE(World::Reading(*world)->instance(id)->stuck);
}

TEST_F(FaultsTest, AnInstanceIsWithoutItsTypeForAWhile) {
  add("at=create instance=untyped delay=40ms times=1");
  EXPECT_EQ(create(1).reply_delay_ms, 40U);
  const InstanceId id = find(1);
  const auto is_typed = [&](InstanceId one) { return World::Reading(*world)->is_typed(one); };
  EXPECT_FALSE(is_typed(id));
  clock.now_ms += 39;
  EXPECT_FALSE(is_typed(id));
  clock.now_ms += 1;
  EXPECT_TRUE(is_typed(id));
  create(2);
  EXPECT_TRUE(is_typed(find(2)));
}

TEST_F(FaultsTest, SomethingElseMayRemoveAnInstance) {
  create(1);
  const InstanceId id = find(1);
  const Outcome outcome = World::Writing(*world).vanish(id);
  EXPECT_EQ(outcome.errc, Errc::ok);
  EXPECT_EQ(find(1), InstanceId::none);
}

TEST_F(FaultsTest, NobodyIsAnsweredForAnInstanceThatVanishesWhenItIsLetGo) {
  create(1);
  const InstanceId id = find(1);
  const ObjectRef device{ObjectRef::Type::instance, raw(id)};
  ASSERT_EQ(apply(Hold{device}).errc, Errc::ok);
  World::Writing(*world).vanish(id);
  EXPECT_TRUE(apply(Release{device}).finished.empty());
  EXPECT_EQ(find(1), InstanceId::none);
}

TEST_F(FaultsTest, RulesChangeAllOrNone) {
  add("at=create errno=EIO");
  ChangeFaults change;
  change.remove = {1, 7};
  EXPECT_EQ(apply(change).errc, Errc::no_entry);
  EXPECT_EQ(create(1).errc, Errc::io);
  change.remove = {1};
  EXPECT_EQ(apply(change).errc, Errc::ok);
  EXPECT_EQ(create(1).errc, Errc::ok);
}

TEST_F(FaultsTest, AHostMayBeginWithRules) {
  HostSpec spec = testing::sample_host();
  spec.faults = {*model::parse_fault("at=create errno=EIO"),
                 *model::parse_fault("operation=read errno=EIO")};
  world = testing::build_world(spec);
  EXPECT_EQ(create(1).errc, Errc::io);
  EXPECT_TRUE(world->has_operation_faults());
  ChangeFaults none;
  none.remove_all = true;
  apply(none);
  EXPECT_FALSE(world->has_operation_faults());
}

}  // namespace
}  // namespace mdevsim
