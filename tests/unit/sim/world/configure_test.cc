// Device models of types, instances and functions: which configuration each has, and what changes
// it.
#include <gtest/gtest.h>

#include "sim/model/configuration.h"
#include "sim/world/world.h"
#include "tests/support/modelled_host.h"

namespace mdevsim {
namespace {

using testing::build_world;
using testing::configuration;
using testing::modelled_host;
using testing::uuid;

class ConfigureTest : public ::testing::Test {
 protected:
  // Parent 0 is the function my-nic with the types any (version 2 at first) and scaled (up to 4
  // units of 8); 0000:5e:00.1 is a function with a model of its own, bound to vfio-pci.
  ConfigureTest() : world_(build_world(modelled_host())) {}

  Outcome apply(const Command& command) {
    World::Writing writing(*world_);
    return writing.apply(command, {});
  }
  static TypeId type(std::uint32_t index) { return TypeId(index); }
  static ObjectRef type_ref(std::uint32_t index) { return {ObjectRef::Type::mdev_type, index}; }
  ObjectRef instance(int n) {
    const World::Reading reading(*world_);
    return {ObjectRef::Type::instance, raw(reading->instances.find_uuid(uuid(n)))};
  }
  ObjectRef instance_of(const Create& create) {
    EXPECT_EQ(apply(create).errc, Errc::ok);
    const World::Reading reading(*world_);
    return {ObjectRef::Type::instance, raw(reading->instances.find_uuid(create.uuid))};
  }
  ObjectRef function() {
    const World::Reading reading(*world_);
    return {ObjectRef::Type::pci_function,
            raw(reading->id_of(*reading->function_at("0000:5e:00.1")))};
  }
  std::string text_of(const ObjectRef& object) {
    const World::Reading reading(*world_);
    const auto has = reading->modelled(object);
    return has ? to_text(has->device_model(), *has->configuration) : "no model";
  }
  std::uint32_t available(std::uint32_t index) {
    const World::Reading reading(*world_);
    const Parent* parent = reading->parent_of(type(index));
    return reading->available(*parent, reading->index_of(*parent, type(index)));
  }

  std::unique_ptr<World> world_;
};

TEST_F(ConfigureTest, AnInstanceIsWhatItsTypeSaysAndCostsNothing) {
  EXPECT_EQ(text_of(type_ref(0)), "version=2");
  ASSERT_EQ(apply(Create{type(0), uuid(1)}).errc, Errc::ok);
  EXPECT_EQ(text_of(instance(1)), "version=2");
  EXPECT_TRUE(World::Reading(*world_)->instance_settings.empty());
}

TEST_F(ConfigureTest, CreateTakesTheConfigurationThatItsTypeIsSetTo) {
  const Outcome outcome = apply(SetTypeConfiguration{type(0), configuration("version=1")});
  ASSERT_EQ(outcome.errc, Errc::ok);
  ASSERT_EQ(outcome.effects.size(), 1U);
  const auto& changed = std::get<Reconfigured>(outcome.effects[0]);
  EXPECT_EQ(changed.object, type_ref(0));
  EXPECT_EQ(*changed.before, *configuration("version=2"));
  apply(Create{type(0), uuid(1)});
  apply(SetTypeConfiguration{type(0), configuration("version=3")});
  EXPECT_EQ(text_of(instance(1)), "version=1") << "what exists already stays as it was made";
}

TEST_F(ConfigureTest, SettingATypeToWhatItIsChangesNothing) {
  EXPECT_TRUE(apply(SetTypeConfiguration{type(0), configuration("version=2")}).effects.empty());
}

TEST_F(ConfigureTest, AConfigurationInCreateWinsOverThatOfTheType) {
  apply(Create{type(0), uuid(1), configuration("version=3,rss=off")});
  EXPECT_EQ(text_of(instance(1)), "version=3,rss=off");
  EXPECT_EQ(text_of(type_ref(0)), "version=2");
}

TEST_F(ConfigureTest, AnImpossibleConfigurationCreatesNothing) {
  auto impossible = std::make_shared<model::Configuration>(*configuration("version=2"));
  impossible->values[1] = model::Value::integer(4096);
  const Outcome outcome = apply(Create{type(0), uuid(1), impossible});
  EXPECT_EQ(outcome.errc, Errc::invalid);
  EXPECT_EQ(outcome.why, "`rx-filter-size`: 4096 is not allowed in version 2: it may be 0-64");
  EXPECT_EQ(raw(instance(1).id), 0U);
  EXPECT_TRUE(outcome.effects.empty());
}

TEST_F(ConfigureTest, ADeviceInUseCannotBeConfigured) {
  apply(Create{type(0), uuid(1)});
  apply(Hold{instance(1)});
  EXPECT_EQ(apply(ConfigureDevice{instance(1), configuration("version=1")}).errc, Errc::busy);
  EXPECT_EQ(text_of(instance(1)), "version=2");
  apply(Release{instance(1)});
  EXPECT_EQ(apply(ConfigureDevice{instance(1), configuration("version=1")}).errc, Errc::ok);
  EXPECT_EQ(text_of(instance(1)), "version=1");
}

TEST_F(ConfigureTest, WhatAMoverMadeOfADeviceIsTakenBackWhenItEnds) {
  for (const ObjectRef& device : {instance_of(Create{type(0), uuid(1)}), function()}) {
    const std::string before = text_of(device);
    const ConfigureDevice fits{device, configuration("version=1"), true};
    ASSERT_EQ(apply(BeginFitting{device}).errc, Errc::ok);
    ASSERT_EQ(apply(fits).errc, Errc::ok);
    const Outcome ended = apply(EndFitting{device});
    EXPECT_EQ(text_of(device), before);
    ASSERT_EQ(ended.effects.size(), 1U);
    EXPECT_EQ(*std::get<Reconfigured>(ended.effects[0]).before, *configuration("version=1"));
    EXPECT_EQ(apply(fits).errc, Errc::ok) << "nobody has it fit any more";
    EXPECT_EQ(text_of(device), "version=1");
  }
}

TEST_F(ConfigureTest, ADeviceThatAMoverMakesFitIsNotForOthersToConfigure) {
  EXPECT_EQ(apply(BeginFitting{function()}).errc, Errc::ok);
  EXPECT_EQ(apply(BeginFitting{function()}).errc, Errc::busy);
  EXPECT_EQ(apply(ConfigureDevice{function(), configuration("version=1")}).errc, Errc::busy);
  EXPECT_EQ(apply(StageConfiguration{function(), configuration("version=1")}).errc, Errc::busy);
  EXPECT_EQ(apply(ApplyStaged{function(), true}).errc, Errc::busy);
  EXPECT_TRUE(apply(EndFitting{function()}).effects.empty()) << "it made nothing of it";
  EXPECT_EQ(apply(ConfigureDevice{function(), configuration("version=1")}).errc, Errc::ok);
}

TEST_F(ConfigureTest, WhatAMoverMadeIsTakenBackWhenTheLastUserIsGone) {
  const ObjectRef device = instance_of(Create{type(0), uuid(1)});
  apply(BeginFitting{device});
  apply(ConfigureDevice{device, configuration("version=1"), true});
  apply(Hold{device});
  EXPECT_TRUE(apply(EndFitting{device}).effects.empty());
  EXPECT_EQ(text_of(device), "version=1");
  EXPECT_EQ(apply(Release{device, false}).effects.size(), 1U);
  EXPECT_EQ(text_of(device), "version=2");
}

TEST_F(ConfigureTest, ADeviceThatIsGoneIsNotTakenBack) {
  const ObjectRef device = instance_of(Create{type(0), uuid(1)});
  apply(BeginFitting{device});
  apply(ConfigureDevice{device, configuration("version=1"), true});
  apply(Remove{InstanceId(device.id)});
  EXPECT_EQ(apply(EndFitting{device}).errc, Errc::ok);
  EXPECT_EQ(apply(BeginFitting{device}).errc, Errc::no_device);
  EXPECT_TRUE(World::Reading(*world_)->instance_settings.empty());
}

TEST_F(ConfigureTest, AFunctionThatWasNeverCreatedIsConfiguredAlike) {
  EXPECT_EQ(text_of(function()), "version=3");
  EXPECT_EQ(apply(ConfigureDevice{function(), configuration("version=1")}).errc, Errc::ok);
  EXPECT_EQ(text_of(function()), "version=1");
  apply(RemoveFunction{FunctionId(function().id)});
  apply(Rescan{});
  EXPECT_EQ(text_of(function()), "version=3") << "a function that is found again is new";
}

TEST_F(ConfigureTest, RemovalForgetsWhatTheInstanceWas) {
  apply(Create{type(0), uuid(1), configuration("version=1")});
  apply(Remove{InstanceId(instance(1).id)});
  EXPECT_TRUE(World::Reading(*world_)->instance_settings.empty());
  apply(Create{type(0), uuid(1)});
  EXPECT_EQ(text_of(instance(1)), "version=2");
}

TEST_F(ConfigureTest, AnAggregateTakesItsUnitsAndGivesThemBack) {
  EXPECT_EQ(available(1), 8U);
  ASSERT_EQ(apply(Create{type(1), uuid(1), nullptr, 4}).errc, Errc::ok);
  ASSERT_EQ(apply(Create{type(1), uuid(2), nullptr, 3}).errc, Errc::ok);
  EXPECT_EQ(available(1), 1U);
  EXPECT_EQ(apply(Create{type(1), uuid(3), nullptr, 2}).errc, Errc::users);
  EXPECT_EQ(available(1), 1U);
  apply(Remove{InstanceId(instance(1).id)});
  EXPECT_EQ(available(1), 5U);
}

TEST_F(ConfigureTest, WhatIsStagedHasNoEffectBeforeItIsApplied) {
  apply(StageConfiguration{function(), configuration("version=3,rss=off")});
  EXPECT_EQ(text_of(function()), "version=3");
  EXPECT_EQ(apply(ApplyStaged{function(), true}).errc, Errc::ok);
  EXPECT_EQ(text_of(function()), "version=3,rss=off");
  EXPECT_EQ(apply(StageConfiguration{function(), configuration("version=3")}).errc, Errc::busy);
  EXPECT_EQ(apply(ApplyStaged{function(), false}).errc, Errc::ok);
  EXPECT_EQ(text_of(function()), "version=3");
}

TEST_F(ConfigureTest, ADeviceThatAwaitsItsParametersCannotBeOpened) {
  EXPECT_EQ(apply(Hold{function()}).errc, Errc::again);
  apply(ApplyStaged{function(), true});
  EXPECT_EQ(apply(Hold{function()}).errc, Errc::ok);
  EXPECT_EQ(apply(ApplyStaged{function(), false}).errc, Errc::busy);
}

}  // namespace
}  // namespace mdevsim
