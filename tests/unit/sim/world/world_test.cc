// The cores of mdev, drivers and PCI: order of checks, of effects, and what blocks.
#include "sim/world/world.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "sim/base/random.h"
#include "tests/support/sample_host.h"

namespace mdevsim {
namespace {

using testing::build_world;
using testing::sample_host;
using testing::uuid;

std::string describe(const ObjectRef& object) {
  switch (object.type) {
    case ObjectRef::Type::instance:
      return "instance";
    case ObjectRef::Type::pci_function:
      return "function";
    case ObjectRef::Type::virtual_device:
      return "device";
    case ObjectRef::Type::vfio_device:
      return "vfio-dev";
    case ObjectRef::Type::vfio_group:
      return "vfio";
    default:
      return "other";
  }
}

std::string describe_events(const Outcome& outcome) {
  static constexpr const char* kNames[] = {"add",    "remove",  "change", "move",
                                           "online", "offline", "bind",   "unbind"};
  std::string out;
  for (const Effect& effect : outcome.effects) {
    const auto* event = std::get_if<Event>(&effect);
    if (event == nullptr) continue;
    if (!out.empty()) out += ' ';
    out += fmt::format("{}@{}", kNames[static_cast<int>(event->action)], describe(event->object));
    for (const auto& [key, value] : event->extra) out += fmt::format("[{}={}]", key, value);
  }
  return out;
}

class WorldTest : public ::testing::Test {
 protected:
  explicit WorldTest(KernelRelease kernel = KernelRelease::v6_12)
      : world_(build_world(sample_host(kernel))) {}

  Outcome apply(const Command& command, Waiter waiter = {}) {
    World::Writing writing(*world_);
    return writing.apply(command, waiter);
  }
  // Parents in the order of their registration: mtty, mdpy, then nvidia.
  TypeId type(std::size_t parent, std::uint32_t index) {
    const World::Reading reading(*world_);
    return TypeId(reading->parents[parent].first_type + index);
  }
  InstanceId find(int n) {
    const World::Reading reading(*world_);
    return reading->instances.find_uuid(uuid(n));
  }
  std::uint32_t available(TypeId type) {
    const World::Reading reading(*world_);
    const Parent* parent = reading->parent_of(type);
    return reading->available(*parent, reading->index_of(*parent, type));
  }
  DriverId driver(BusKind bus, const char* name) {
    const World::Reading reading(*world_);
    return *reading->driver_named(bus, name);
  }
  FunctionId function(const char* address) {
    const World::Reading reading(*world_);
    return reading->id_of(*reading->function_at(address));
  }

  std::unique_ptr<World> world_;
};

TEST_F(WorldTest, CreateAnnouncesDeviceGroupVfioDeviceAndBindInTheKernelsOrder) {
  const Outcome outcome = apply(Create{type(0, 1), uuid(1)});
  EXPECT_EQ(outcome.errc, Errc::ok);
  EXPECT_EQ(describe_events(outcome), "add@instance add@vfio add@vfio-dev bind@instance");
}

TEST_F(WorldTest, RemoveTakesThemDownInTheKernelsOrder) {
  apply(Create{type(0, 1), uuid(1)});
  const Outcome outcome = apply(Remove{find(1)});
  EXPECT_EQ(describe_events(outcome),
            "remove@vfio-dev remove@vfio unbind@instance remove@instance");
  EXPECT_EQ(find(1), InstanceId::none);
  EXPECT_EQ(available(type(0, 1)), 12u);
}

TEST_F(WorldTest, TypesOfAPoolShareItsUnits) {
  EXPECT_EQ(available(type(0, 0)), 24u);
  EXPECT_EQ(available(type(0, 1)), 12u);
  apply(Create{type(0, 1), uuid(1)});
  EXPECT_EQ(available(type(0, 0)), 22u);
  EXPECT_EQ(available(type(0, 1)), 11u);
}

TEST_F(WorldTest, DuplicateUuidWinsOverFullParent) {
  for (int i = 1; i <= 12; ++i) ASSERT_EQ(apply(Create{type(0, 1), uuid(i)}).errc, Errc::ok);
  EXPECT_EQ(apply(Create{type(0, 1), uuid(1)}).errc, Errc::exists);
  EXPECT_EQ(apply(Create{type(1, 0), uuid(1)}).errc, Errc::exists);
  EXPECT_EQ(apply(Create{type(0, 1), uuid(13)}).errc, Errc::no_space);
}

TEST_F(WorldTest, TheDriversOwnRefusalComesAfterTheDeviceWasAnnounced) {
  for (int i = 1; i <= 12; ++i) apply(Create{type(0, 1), uuid(i)});
  const Outcome outcome = apply(Create{type(0, 1), uuid(13)});
  EXPECT_EQ(outcome.errc, Errc::no_space);
  EXPECT_EQ(describe_events(outcome), "add@instance remove@instance");
}

TEST_F(WorldTest, TheCoresCounterRefusesSilently) {
  for (int i = 1; i <= 4; ++i) ASSERT_EQ(apply(Create{type(1, 0), uuid(i)}).errc, Errc::ok);
  const Outcome outcome = apply(Create{type(1, 1), uuid(5)});
  EXPECT_EQ(outcome.errc, Errc::users);
  EXPECT_TRUE(outcome.effects.empty());
}

TEST_F(WorldTest, ATypesOwnCountIsItsOwn) {
  EXPECT_EQ(available(type(2, 0)), 2u);
  apply(Create{type(2, 0), uuid(1)});
  apply(Create{type(2, 0), uuid(2)});
  EXPECT_EQ(apply(Create{type(2, 0), uuid(3)}).errc, Errc::users);
  EXPECT_EQ(available(type(0, 0)), 24u);
}

TEST_F(WorldTest, UnbindGivesTheDriversCapacityBackButKeepsTheUuid) {
  apply(Create{type(0, 1), uuid(1)});
  const Outcome outcome = apply(UnbindDriver{driver(BusKind::mdev, "mtty"), uuid(1).to_string()});
  EXPECT_EQ(describe_events(outcome), "remove@vfio-dev remove@vfio unbind@instance");
  EXPECT_EQ(available(type(0, 1)), 12u);
  EXPECT_EQ(apply(Create{type(0, 1), uuid(1)}).errc, Errc::exists);
  EXPECT_EQ(apply(BindDriver{driver(BusKind::mdev, "mtty"), uuid(1).to_string()}).errc,
            Errc::no_device);
  EXPECT_EQ(describe_events(apply(Remove{find(1)})), "remove@instance");
  EXPECT_EQ(available(type(0, 1)), 12u);
}

TEST_F(WorldTest, UnbindDoesNotGiveTheCoresCounterBack) {
  apply(Create{type(1, 0), uuid(1)});
  apply(UnbindDriver{driver(BusKind::mdev, "mdpy"), uuid(1).to_string()});
  EXPECT_EQ(available(type(1, 0)), 3u);
  apply(Remove{find(1)});
  EXPECT_EQ(available(type(1, 0)), 4u);
}

TEST_F(WorldTest, RemoveOfADeviceInUseWaitsForItsLastUser) {
  apply(Create{type(0, 1), uuid(1)});
  const ObjectRef device{ObjectRef::Type::instance, raw(find(1))};
  ASSERT_EQ(apply(Hold{device}).errc, Errc::ok);
  ASSERT_EQ(apply(Hold{device}).errc, Errc::ok);
  const Outcome began = apply(Remove{find(1)}, {77, 1});
  EXPECT_TRUE(began.waits);
  EXPECT_EQ(describe_events(began), "remove@vfio-dev");
  EXPECT_EQ(apply(Create{type(0, 1), uuid(1)}).errc, Errc::exists);
  EXPECT_EQ(apply(Remove{find(1)}).errc, Errc::no_device);
  EXPECT_EQ(apply(Hold{device}).errc, Errc::no_device);
  EXPECT_TRUE(apply(Release{device}).finished.empty());
  const Outcome ended = apply(Release{device});
  EXPECT_EQ(describe_events(ended), "remove@vfio unbind@instance remove@instance");
  ASSERT_EQ(ended.finished.size(), 1u);
  EXPECT_EQ(ended.finished[0].waiter.request, 77u);
  EXPECT_EQ(find(1), InstanceId::none);
}

class WorldOf61Test : public WorldTest {
 protected:
  WorldOf61Test() : WorldTest(KernelRelease::v6_1) {}
};

TEST_F(WorldOf61Test, ABlockedRemovalKeepsTheVfioDeviceUntilItsEnd) {
  apply(Create{type(0, 1), uuid(1)});
  const ObjectRef device{ObjectRef::Type::instance, raw(find(1))};
  apply(Hold{device});
  EXPECT_EQ(describe_events(apply(Remove{find(1)})), "");
  EXPECT_EQ(describe_events(apply(Release{device})),
            "remove@vfio-dev remove@vfio unbind@instance remove@instance");
}

TEST_F(WorldTest, UnbindingAParentRemovesItsInstancesThenSaysSo) {
  apply(Create{type(2, 0), uuid(1)});
  const TypeId old_type = type(2, 0);
  const Outcome outcome = apply(UnbindDriver{driver(BusKind::pci, "nvidia"), "0000:3b:00.0"});
  EXPECT_EQ(describe_events(outcome),
            "remove@vfio-dev remove@vfio unbind@instance remove@instance "
            "change@function[MDEV_STATE=unregistered] unbind@function");
  EXPECT_EQ(apply(Create{old_type, uuid(2)}).errc, Errc::no_device);
  EXPECT_EQ(describe_events(apply(BindDriver{driver(BusKind::pci, "nvidia"), "0000:3b:00.0"})),
            "change@function[MDEV_STATE=registered] bind@function");
  EXPECT_EQ(apply(Create{old_type, uuid(2)}).errc, Errc::no_device)
      << "a new registration has new types";
  EXPECT_EQ(apply(Create{type(3, 0), uuid(2)}).errc, Errc::ok);
}

TEST_F(WorldTest, UnbindingAParentWaitsForTheUsersOfItsInstances) {
  apply(Create{type(2, 0), uuid(1)});
  const ObjectRef device{ObjectRef::Type::instance, raw(find(1))};
  apply(Hold{device});
  EXPECT_TRUE(apply(UnbindDriver{driver(BusKind::pci, "nvidia"), "0000:3b:00.0"}, {5, 12}).waits);
  EXPECT_EQ(apply(Create{type(2, 0), uuid(2)}).errc, Errc::no_device);
  const Outcome ended = apply(Release{device});
  ASSERT_EQ(ended.finished.size(), 1u);
  EXPECT_EQ(ended.finished[0].waiter.bytes, 12u);
}

TEST_F(WorldTest, OnlyAnOverrideGivesAFunctionToVfioPci) {
  const DriverId vfio = driver(BusKind::pci, "vfio-pci");
  EXPECT_EQ(apply(BindDriver{vfio, "0000:3b:00.1"}).errc, Errc::no_device);
  apply(SetDriverOverride{function("0000:3b:00.1"), "vfio-pci"});
  EXPECT_EQ(describe_events(apply(ProbeDevice{BusKind::pci, "0000:3b:00.1"})),
            "add@vfio add@vfio-dev bind@function");
  EXPECT_EQ(apply(BindDriver{vfio, "0000:3b:00.1"}).errc, Errc::busy);
  EXPECT_EQ(describe_events(apply(UnbindDriver{vfio, "0000:3b:00.1"})),
            "remove@vfio-dev remove@vfio unbind@function");
  EXPECT_EQ(apply(UnbindDriver{vfio, "0000:3b:00.1"}).errc, Errc::no_device);
}

TEST_F(WorldTest, ADynamicIdAttachesWhatItMatches) {
  const DriverId vfio = driver(BusKind::pci, "vfio-pci");
  const PciId id{.vendor = 0x8086, .device = 0x10ed};
  EXPECT_EQ(describe_events(apply(AddDynamicId{vfio, id})), "add@vfio add@vfio-dev bind@function");
  EXPECT_EQ(apply(AddDynamicId{vfio, id}).errc, Errc::exists);
  EXPECT_EQ(apply(RemoveDynamicId{vfio, id}).errc, Errc::ok);
  EXPECT_EQ(apply(RemoveDynamicId{vfio, id}).errc, Errc::no_device);
}

TEST_F(WorldTest, ARescannedFunctionIsANewObject) {
  const FunctionId before = function("0000:3b:00.1");
  EXPECT_EQ(describe_events(apply(RemoveFunction{before})), "remove@function");
  EXPECT_EQ(apply(SetNumaNode{before, 0}).errc, Errc::no_device);
  EXPECT_EQ(describe_events(apply(Rescan{})), "add@function");
  EXPECT_NE(function("0000:3b:00.1"), before);
}

TEST(WorldBuild, WhatIsNotPluggedInIsFoundByARescan) {
  HostSpec host = sample_host();
  for (PciFunctionSpec& function : host.functions) function.plugged = false;
  const auto world = build_world(host);
  EXPECT_EQ(World::Reading(*world)->function_at("0000:3b:00.0"), nullptr);
  const Outcome found = World::Writing(*world).apply(Rescan{}, {});
  EXPECT_NE(describe_events(found).find("add@function"), std::string::npos);
  const World::Reading reading(*world);
  const PciFunction* card = reading->function_at("0000:3b:00.0");
  ASSERT_NE(card, nullptr);
  EXPECT_TRUE(card->parent.has_value());
}

TEST_F(WorldTest, SynthesizedEventsCarryTheirArguments) {
  apply(Create{type(0, 1), uuid(1)});
  const Outcome outcome = apply(SynthesizeEvent{{ObjectRef::Type::instance, raw(find(1))},
                                                Action::change,
                                                uuid(9).to_string(),
                                                {{"A", "1"}}});
  EXPECT_EQ(describe_events(outcome),
            "change@instance[SYNTH_UUID=c0ffee00-1234-4abc-8def-000000000009][SYNTH_ARG_A=1]");
}

TEST(WorldBuild, RefusesMoreInstancesThanFit) {
  HostSpec host = sample_host();
  auto parent = testing::mtty_parent();
  parent->types[1].instances = {{std::nullopt, 13, 1}};
  host.virtual_devices[0].parent = parent;
  static const testing::ManualClock clock;
  const auto world = World::build(host, clock);
  ASSERT_FALSE(world.has_value());
  EXPECT_EQ(world.error().code, Errc::no_space);
}

TEST(WorldBuild, DrawsTheSameUuidsFromTheSameSeed) {
  HostSpec host = sample_host();
  auto parent = testing::mtty_parent();
  parent->types[0].instances = {{std::nullopt, 5, 42}};
  host.virtual_devices[0].parent = parent;
  const auto uuids_of = [](const World& world) {
    std::vector<Uuid> uuids;
    World::Reading(world)->instances.for_each(
        [&](InstanceId, const Instance& instance) { uuids.push_back(instance.uuid); });
    return uuids;
  };
  const auto first = uuids_of(*build_world(host));
  EXPECT_EQ(first.size(), 5u);
  EXPECT_EQ(first, uuids_of(*build_world(host)));
}

// Whatever is asked in whatever order, the books balance.
TEST_F(WorldTest, InvariantsHoldUnderRandomCommands) {
  Random random(7);
  for (int step = 0; step < 20'000; ++step) {
    const int n = static_cast<int>(random.next() % 30);
    const InstanceId id = find(n);
    switch (random.next() % 6) {
      case 0:
      case 1:
      case 2:
        apply(Create{type(random.next() % 3, 0), uuid(n)});
        break;
      case 3:
        apply(Remove{id});
        break;
      case 4:
        apply(UnbindDriver{driver(BusKind::mdev, "mtty"), uuid(n).to_string()});
        break;
      default:
        apply(Hold{{ObjectRef::Type::instance, raw(id)}});
        if (random.next() % 2 == 0) apply(Remove{id});
        apply(Release{{ObjectRef::Type::instance, raw(id)}});
        break;
    }
  }
  const World::Reading reading(*world_);
  std::uint32_t listed = 0;
  for (const Parent& parent : reading->parents) {
    std::uint32_t of_parent = 0;
    std::uint32_t units = 0;
    for (const auto& [index, use] : parent.types_in_use) {
      std::uint32_t in_list = 0;
      for (InstanceId id = use.first; id != InstanceId::none; id = reading->instance(id)->next) {
        ++in_list;
        const bool core = parent.spec->pool && parent.spec->pool->exhausted == Errc::users;
        if (core || reading->instance(id)->bound) units += parent.spec->types[index].units;
      }
      EXPECT_EQ(in_list, use.listed);
      of_parent += in_list;
    }
    EXPECT_EQ(of_parent, parent.instance_count);
    if (parent.spec->pool) {
      EXPECT_EQ(units, parent.pool_used);
    }
    listed += of_parent;
  }
  EXPECT_EQ(listed, reading->instances.size());
}

}  // namespace
}  // namespace mdevsim
