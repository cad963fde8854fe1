#include "fusefs/launch/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace mdevsim::launch {
namespace {

using testing::Contains;
using testing::Each;
using testing::IsEmpty;
using testing::Not;
using testing::Property;

ListedEntry directory() { return {EntryKind::directory, ""}; }
ListedEntry file() { return {EntryKind::file, ""}; }
ListedEntry link_to(const char* text) { return {EntryKind::link, text}; }

// A machine with a PCI disk and a loopback interface, and a host with one PCI function.
PlanInput small_input() {
  PlanInput input;
  input.simulated = {
      {"", {{"bus", directory()}, {"class", directory()}, {"devices", directory()}}},
      {"bus", {{"pci", directory()}, {"mdev", directory()}}},
      {"class", {{"mdev_bus", directory()}}},
      {"devices", {{"pci0000:3a", directory()}, {"virtual", directory()}}},
      {"devices/virtual", {{"mtty", directory()}}},
  };
  input.real = {
      {"",
       {{"bus", directory()},
        {"class", directory()},
        {"devices", directory()},
        {"fs", directory()},
        {"block", directory()}}},
      {"bus", {{"pci", directory()}, {"virtio", directory()}, {"cpu", directory()}}},
      {"bus/cpu", {{"devices", directory()}, {"uevent", file()}}},
      {"bus/cpu/devices", {{"cpu0", link_to("../../../devices/system/cpu/cpu0")}}},
      {"bus/virtio", {{"devices", directory()}, {"drivers", directory()}, {"uevent", file()}}},
      {"bus/virtio/devices",
       {{"virtio0", link_to("../../../devices/pci0000:00/0000:00:01.0/virtio0")}}},
      {"class", {{"net", directory()}, {"block", directory()}}},
      {"class/net", {{"lo", link_to("../../devices/virtual/net/lo")}}},
      {"class/block",
       {{"vda", link_to("../../devices/pci0000:00/0000:00:01.0/virtio0/block/vda")},
        {"loop0", link_to("../../devices/virtual/block/loop0")}}},
      {"block", {{"vda", link_to("../devices/pci0000:00/0000:00:01.0/virtio0/block/vda")}}},
      {"devices", {{"pci0000:00", directory()}, {"virtual", directory()}, {"system", directory()}}},
      {"devices/virtual", {{"net", directory()}, {"block", directory()}}},
  };
  return input;
}

std::vector<Step> plan_of(const PlanInput& input) {
  const auto plan = plan_composition(input);
  EXPECT_TRUE(plan.has_value());
  return plan.value_or(std::vector<Step>{});
}

Step bind_directory(Tree tree, const char* path, bool read_only) {
  return {StepKind::bind_directory, tree, path, path, read_only};
}

std::vector<std::string> targets_of(const std::vector<Step>& steps) {
  std::vector<std::string> targets;
  for (const Step& step : steps) targets.push_back(step.target);
  return targets;
}

TEST(PlanComposition, SplitDirectoriesAreMadeAnew) {
  EXPECT_THAT(plan_of(small_input()),
              Contains(Step{StepKind::make_directory, Tree::none, "", "devices/virtual", false}));
}

TEST(PlanComposition, EverySimulatedEntryIsBoundWritable) {
  EXPECT_THAT(plan_of(small_input()), Contains(bind_directory(Tree::simulated, "bus/mdev", false)));
}

TEST(PlanComposition, TheSimulatedEntryWinsOverTheRealOne) {
  const auto plan = plan_of(small_input());
  EXPECT_THAT(plan, Contains(bind_directory(Tree::simulated, "bus/pci", false)));
  EXPECT_THAT(plan, Not(Contains(bind_directory(Tree::real, "bus/pci", true))));
}

TEST(PlanComposition, RealDirectoriesAreBoundWholeAndReadOnly) {
  EXPECT_THAT(plan_of(small_input()), Contains(bind_directory(Tree::real, "class/net", true)));
}

TEST(PlanComposition, RealDirectoriesAreWritableOnRequest) {
  PlanInput input = small_input();
  input.options.real_writable = true;
  EXPECT_THAT(plan_of(input), Contains(bind_directory(Tree::real, "class/net", false)));
}

TEST(PlanComposition, RealPciDevicesAreHidden) {
  EXPECT_THAT(targets_of(plan_of(small_input())), Not(Contains("devices/pci0000:00")));
}

TEST(PlanComposition, ALinkToAHiddenDeviceIsLeftOutOfItsDirectory) {
  const auto plan = plan_of(small_input());
  EXPECT_THAT(plan, Contains(Step{StepKind::make_directory, Tree::none, "", "class/block", false}));
  EXPECT_THAT(plan,
              Contains(Step{StepKind::make_link, Tree::none, "../../devices/virtual/block/loop0",
                            "class/block/loop0", false}));
  EXPECT_THAT(targets_of(plan), Not(Contains("class/block/vda")));
}

TEST(PlanComposition, ABusKeepsTheRestWhenItsDevicesAreHidden) {
  const auto targets = targets_of(plan_of(small_input()));
  EXPECT_THAT(targets, Contains("bus/virtio/devices"));
  EXPECT_THAT(targets, Contains("bus/virtio/drivers"));
  EXPECT_THAT(targets, Contains("bus/virtio/uevent"));
  EXPECT_THAT(targets, Not(Contains("bus/virtio/devices/virtio0")));
}

TEST(PlanComposition, ABusWithoutHiddenDevicesIsBoundWhole) {
  EXPECT_THAT(plan_of(small_input()), Contains(bind_directory(Tree::real, "bus/cpu", true)));
}

TEST(PlanComposition, WhatOnlyTheSimulationShowsIsHiddenEvenWhereItShowsNothing) {
  PlanInput input = small_input();
  input.real["class"]["vfio"] = directory();
  EXPECT_THAT(targets_of(plan_of(input)), Not(Contains("class/vfio")));
}

TEST(PlanComposition, AnotherNetworkNamespacesInterfacesAreHidden) {
  PlanInput input = small_input();
  input.options.hide_network = true;
  const auto targets = targets_of(plan_of(input));
  EXPECT_THAT(targets, Not(Contains("class/net")));
  EXPECT_THAT(targets, Not(Contains("devices/virtual/net")));
}

TEST(PlanComposition, TheCgroupTreeComesFromOutsideAndStaysWritable) {
  PlanInput input = small_input();
  input.mounted = {"fs/cgroup", "fs/bpf"};
  const auto plan = plan_of(input);
  EXPECT_THAT(plan, Contains(bind_directory(Tree::outer, "fs/cgroup", false)));
  EXPECT_THAT(plan, Contains(bind_directory(Tree::outer, "fs/bpf", true)));
}

TEST(PlanComposition, WhatIsMountedInAHiddenDirectoryStaysHidden) {
  PlanInput input = small_input();
  input.mounted = {"bus/pci/somewhere"};
  EXPECT_THAT(targets_of(plan_of(input)), Not(Contains("bus/pci/somewhere")));
}

PlanInput input_with_real_devices() {
  PlanInput input = small_input();
  input.options.with_real_devices = true;
  input.simulated["bus/pci"] = {{"devices", directory()}, {"drivers_probe", file()}};
  input.simulated["bus/pci/devices"] = {
      {"0000:3b:00.0", link_to("../../../devices/pci0000:3a/0000:3b:00.0")}};
  input.real["bus/pci"] = {
      {"devices", directory()}, {"drivers_probe", file()}, {"slots", directory()}};
  input.real["bus/pci/devices"] = {
      {"0000:00:01.0", link_to("../../../devices/pci0000:00/0000:00:01.0")}};
  return input;
}

TEST(PlanCompositionWithRealDevices, BothDevicesStandOnTheBus) {
  const auto targets = targets_of(plan_of(input_with_real_devices()));
  EXPECT_THAT(targets, Contains("bus/pci/devices/0000:3b:00.0"));
  EXPECT_THAT(targets, Contains("bus/pci/devices/0000:00:01.0"));
  EXPECT_THAT(targets, Contains("devices/pci0000:00"));
  EXPECT_THAT(targets, Contains("devices/pci0000:3a"));
}

TEST(PlanCompositionWithRealDevices, TheBusKeepsTheSimulatedAttributes) {
  EXPECT_THAT(plan_of(input_with_real_devices()),
              Contains(Step{StepKind::bind_file, Tree::simulated, "bus/pci/drivers_probe",
                            "bus/pci/drivers_probe", false}));
}

TEST(PlanCompositionWithRealDevices, ARootComplexOfBothIsMerged) {
  PlanInput input = input_with_real_devices();
  input.simulated["devices"]["pci0000:00"] = directory();
  input.simulated["devices/pci0000:00"] = {{"0000:00:02.0", directory()}};
  input.real["devices/pci0000:00"] = {{"0000:00:01.0", directory()}};
  const auto plan = plan_of(input);
  EXPECT_THAT(plan,
              Contains(bind_directory(Tree::simulated, "devices/pci0000:00/0000:00:02.0", false)));
  EXPECT_THAT(plan, Contains(bind_directory(Tree::real, "devices/pci0000:00/0000:00:01.0", true)));
}

TEST(PlanCompositionWithRealDevices, AnAddressThatExistsTwiceIsRefused) {
  PlanInput input = input_with_real_devices();
  input.simulated["bus/pci/devices"]["0000:00:01.0"] =
      link_to("../../../devices/pci0000:3a/0000:00:01.0");
  const auto plan = plan_composition(input);
  ASSERT_FALSE(plan.has_value());
  EXPECT_EQ(plan.error().cause, Failure::Cause::invalid_file);
  EXPECT_THAT(plan.error().message, testing::HasSubstr("0000:00:01.0"));
}

TEST(PlanComposition, NothingIsBoundTwiceOrBelowAFileThatIsBound) {
  const auto targets = targets_of(plan_of(small_input()));
  auto sorted = targets;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());
}

TEST(ResolveLink, FollowsDotsFromTheLinksDirectory) {
  EXPECT_EQ(resolve_link("class/net", "../../devices/virtual/net/lo"), "devices/virtual/net/lo");
}

TEST(ResolveLink, LeavesTheTreeWithNothing) {
  EXPECT_EQ(resolve_link("class", "../../etc"), "");
  EXPECT_EQ(resolve_link("class", "/etc"), "");
}

TEST(MatchesAny, AStarStaysWithinOneName) {
  constexpr std::string_view kPatterns[] = {"bus/*/devices", "devices/pci*"};
  EXPECT_TRUE(matches_any(kPatterns, "bus/cpu/devices"));
  EXPECT_TRUE(matches_any(kPatterns, "devices/pci0000:00"));
  EXPECT_FALSE(matches_any(kPatterns, "bus/a/b/devices"));
  EXPECT_FALSE(matches_any(kPatterns, "devices/pci0000:00/0000:00:01.0"));
}

}  // namespace
}  // namespace mdevsim::launch
