#include "library/simulation.h"

#include <gmock/gmock.h>

namespace mdevsim {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kUuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
const std::string kType = "class/mdev_bus/mtty/mdev_supported_types/mtty-2/";

constexpr const char* kTwoHosts = R"(
[host.alpha.virtual."mtty/mtty"]
mdev_types = [ { id = "1", name = "port", instances = 3 } ]
[host.beta.virtual."mtty/mtty"]
mdev_types = [ { id = "1", name = "port", instances = 3 } ]
)";

class SimulationTest : public ::testing::Test {
 protected:
  std::unique_ptr<Simulation> simulation_ =
      std::move(Simulation::from_file("builtin:kernel-samples").value());

  Errc write(const std::string& path, std::string_view bytes) {
    const auto written = simulation_->write(path, bytes);
    return written ? Errc::ok : written.error().code;
  }
  Errc read(const std::string& path) {
    const auto text = simulation_->read(path);
    return text ? Errc::ok : text.error().code;
  }
};

TEST_F(SimulationTest, ACreatedInstanceIsThereAtOnce) {
  ASSERT_EQ(write(kType + "create", kUuid), Errc::ok);
  EXPECT_THAT(*simulation_->list("bus/mdev/devices"), ElementsAre(kUuid));
  EXPECT_EQ(*simulation_->read(kType + "available_instances"), "11\n");
  EXPECT_EQ(*simulation_->read_link("/bus/mdev/devices/" + std::string(kUuid) + "/mdev_type"),
            "../mdev_supported_types/mtty-2");
}

TEST_F(SimulationTest, RefusalsAreTheKernels) {
  ASSERT_EQ(write(kType + "create", kUuid), Errc::ok);
  EXPECT_EQ(write(kType + "create", kUuid), Errc::exists);
  EXPECT_EQ(write(kType + "create", "x"), Errc::invalid);
  EXPECT_EQ(write(kType + "name", "x"), Errc::access);
  EXPECT_EQ(read(kType + "create"), Errc::access);
  EXPECT_EQ(read(kType), Errc::is_directory);
  EXPECT_EQ(read(kType + "nothing"), Errc::no_entry);
}

TEST_F(SimulationTest, EventsComeOnceAndInOrder) {
  simulation_->take_events();
  ASSERT_EQ(write(kType + "create", kUuid), Errc::ok);
  const auto events = simulation_->take_events();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events[0].host, "samples");
  EXPECT_EQ(events[0].action, "add");
  EXPECT_EQ(events[0].devpath, "/devices/virtual/mtty/mtty/" + std::string(kUuid));
  EXPECT_EQ(events[0].subsystem, "mdev");
  EXPECT_TRUE(simulation_->take_events().empty());
}

TEST_F(SimulationTest, BinaryAttributesReadWhole) {
  const auto config = simulation_->read("bus/pci/devices/0000:00:00.0/config");
  ASSERT_TRUE(config) << config.error().why;
  EXPECT_EQ(config->size(), 256u);
}

TEST_F(SimulationTest, TimePassesWhenItIsTold) {
  const std::string time = "devices/virtual/mtty/mtty/power/runtime_suspended_time";
  simulation_->advance(std::chrono::seconds(5));
  const auto before = simulation_->read(time);
  ASSERT_TRUE(before) << before.error().why;
  EXPECT_EQ(*simulation_->read(time), *before);
}

constexpr const char* kPair = R"(
[model."a.com/b"]
device_api = "vfio-pci"
versions.1 = {}
state = { memory = "1MiB", dirty_rate = "1MiB/s", features = ["stop-copy", "p2p", "pre-copy"] }
[host.alpha.virtual."card/card"]
mdev_types = [ { id = "1", model = "a.com/b", version = 1, instances = [
  { uuid = "c0ffee00-0000-4000-8000-000000000001" }, { uuid = "c0ffee00-0000-4000-8000-000000000002" } ] } ]
[host.beta.virtual."card/card"]
mdev_types = [ { id = "1", model = "a.com/b", version = 1, instances = [
  { uuid = "c0ffee00-0000-4000-8000-000000000003" } ] } ]
)";
const std::string kSource = "alpha/kernel/mdevsim/devices/c0ffee00-0000-4000-8000-000000000001";
const std::string kTarget = "beta/kernel/mdevsim/devices/c0ffee00-0000-4000-8000-000000000003";

class MigrationInMemory : public ::testing::Test {
 protected:
  std::unique_ptr<Simulation> simulation_ = std::move(Simulation::from_text(kPair).value());
  std::string state(const std::string& device) { return *simulation_->read(device + "/state"); }
  std::string digest_at_rest(const std::string& device) {
    EXPECT_TRUE(simulation_->write(device + "/state", "stop"));
    const std::string digest = *simulation_->read(device + "/digest");
    EXPECT_TRUE(simulation_->write(device + "/state", "running"));
    return digest;
  }
};

TEST_F(MigrationInMemory, BothHoldTheSameAfterwards) {
  const auto report = simulation_->migrate(kSource, kTarget, {.bandwidth_bytes_per_s = 8 << 20});
  ASSERT_TRUE(report) << report.error().why;
  EXPECT_NEAR(static_cast<double>(report->total_us), static_cast<double>(report->bytes) / 8.388608,
              1);
  EXPECT_EQ(state(kSource), "STOP\n");
  EXPECT_EQ(state(kTarget), "RUNNING\n");
  EXPECT_EQ(*simulation_->read(kSource + "/digest"), report->digest->to_string() + "\n");
}

TEST_F(MigrationInMemory, WhatDoesNotConvergeIsUndone) {
  const auto report = simulation_->migrate(
      kSource, kTarget, {.bandwidth_bytes_per_s = 1 << 20, .downtime_us = 1000, .rounds_max = 3});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::busy);
  EXPECT_EQ(state(kSource), "RUNNING\n");
  EXPECT_EQ(state(kTarget), "RUNNING\n");
  EXPECT_TRUE(simulation_->migrate(kSource, kTarget, {.bandwidth_bytes_per_s = 64 << 20}));
}

TEST_F(MigrationInMemory, ARuleThatRefusesTheSavingLeavesBothAsTheyWere) {
  ASSERT_TRUE(
      simulation_->write("alpha/kernel/mdevsim/faults", "at=save errno=EIO device=*1 times=1"));
  EXPECT_EQ(simulation_->migrate(kSource, kTarget, {}).error().code, Errc::io);
  EXPECT_EQ(state(kSource), "RUNNING\n");
  EXPECT_EQ(state(kTarget), "RUNNING\n");
  EXPECT_EQ(*simulation_->read("alpha/kernel/mdevsim/faults"),
            "id=1 at=save device=*1 errno=EIO times=1 seen=1 struck=1\n");
  EXPECT_TRUE(simulation_->migrate(kSource, kTarget, {}));
}

TEST_F(MigrationInMemory, ARuleThatRefusesTheLoadingStrikesWhenAllHasBeenCopied) {
  const std::string pristine = digest_at_rest(kTarget);
  ASSERT_TRUE(simulation_->write("beta/kernel/mdevsim/faults", "at=load errno=ENOSPC times=1"));
  ASSERT_TRUE(simulation_->write("alpha/kernel/mdevsim/faults", "at=load errno=EIO"));
  EXPECT_EQ(simulation_->migrate(kSource, kTarget, {}).error().code, Errc::no_space);
  EXPECT_EQ(state(kSource), "RUNNING\n");
  EXPECT_EQ(digest_at_rest(kTarget), pristine);
  EXPECT_TRUE(simulation_->migrate(kSource, kTarget, {}));
}

TEST(MigrationOfParameters, WhateverFailsLeavesTheTargetAsItIsConfigured) {
  const auto simulation = std::move(Simulation::from_text(R"(
[model."a.com/b"]
device_api = "vfio-pci"
params.rss = { type = "bool", off = false }
versions.1 = {}
versions.2 = { rss = true }
state = { memory = "1MiB", features = ["stop-copy", "p2p"] }
[host.alpha.virtual."card/card"]
mdev_types = [ { id = "1", model = "a.com/b", version = 1, instances = [
  { uuid = "c0ffee00-0000-4000-8000-000000000001" } ] } ]
[host.beta.virtual."card/card"]
mdev_types = [ { id = "1", model = "a.com/b", version = 2, instances = [
  { uuid = "c0ffee00-0000-4000-8000-000000000003" } ] } ]
)")
                                        .value());
  const std::string configured = kTarget + "/configuration";
  const std::string before = *simulation->read(configured);
  ASSERT_TRUE(simulation->write(kSource + "/state", "stop"));
  EXPECT_NE(simulation->migrate(kSource, kTarget, {})->outcome, state::MoveOutcome::moved);
  EXPECT_EQ(*simulation->read(configured), before);
  ASSERT_TRUE(simulation->write(kSource + "/state", "running"));
  ASSERT_TRUE(simulation->write("beta/kernel/mdevsim/faults", "at=load errno=EIO times=1"));
  EXPECT_NE(simulation->migrate(kSource, kTarget, {})->outcome, state::MoveOutcome::moved);
  EXPECT_EQ(*simulation->read(configured), before);
  EXPECT_EQ(simulation->migrate(kSource, kTarget, {})->outcome, state::MoveOutcome::moved);
  EXPECT_NE(*simulation->read(configured), before);
}

TEST_F(MigrationInMemory, WhatIsNoDeviceIsTold) {
  EXPECT_EQ(simulation_->migrate("alpha/bus", kTarget).error().code, Errc::not_tty);
  EXPECT_EQ(simulation_->migrate(kSource + "0", kTarget).error().code, Errc::no_entry);
}

TEST(SimulationOfText, SeveralHostsAreDirectories) {
  const auto simulation = Simulation::from_text(kTwoHosts);
  ASSERT_TRUE(simulation) << simulation.error().why;
  EXPECT_THAT((*simulation)->hosts(), ElementsAre("alpha", "beta"));
  EXPECT_THAT(*(*simulation)->list("/"), ElementsAre("alpha", "beta"));
  ASSERT_TRUE(
      (*simulation)->write("beta/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create", kUuid));
  EXPECT_THAT(*(*simulation)->list("beta/bus/mdev/devices"), Contains(kUuid));
  EXPECT_TRUE((*simulation)->list("alpha/bus/mdev/devices")->empty());
}

TEST(SimulationOfText, WhatIsWrongIsToldWithItsPlace) {
  const auto simulation = Simulation::from_text("[host.alpha]\nkernl = \"6.12\"\n");
  ASSERT_FALSE(simulation);
  EXPECT_EQ(simulation.error().code, Errc::invalid);
  EXPECT_THAT(simulation.error().why, HasSubstr("text:2:1"));
  EXPECT_THAT(simulation.error().why, HasSubstr("kernel"));
}

TEST(SimulationOfText, ATextWithoutAHostIsRefused) {
  const auto simulation = Simulation::from_text("[model.\"a.com/b\"]\nversions.1 = {}\n");
  ASSERT_FALSE(simulation);
  EXPECT_EQ(simulation.error().code, Errc::invalid);
}

TEST(SimulationOfFile, AFileThatIsNotThereIsTold) {
  const auto simulation = Simulation::from_file("no/such/file.toml");
  ASSERT_FALSE(simulation);
  EXPECT_THAT(simulation.error().why, HasSubstr("No such file"));
}

}  // namespace
}  // namespace mdevsim
