#include "sim/state/device_state.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/state/block.h"
#include "tests/support/sample_states.h"

namespace mdevsim::state {
namespace {

using testing::built;
using testing::device_state;
using testing::kKiB;
using testing::kMiB;
using testing::my_nic_state;
using testing::my_nic_with;

constexpr std::int64_t kSecond = 1'000'000;

// A device of one section of so many pages that writes by the workload.
testing::DeviceModel worker(std::uint64_t pages, model::WorkloadSpec workload) {
  model::StateSpec state;
  state.sections = {{"memory", pages * kPageBytes, ""}};
  state.workload = workload;
  return my_nic_with(state);
}

std::vector<std::uint32_t> dirty_pages(DeviceState& state) {
  DirtyRuns runs;
  state.dirty_log().collect(runs);
  std::vector<std::uint32_t> pages;
  for (const PageRun run : runs) {
    for (std::uint32_t page = run.first; page < run.end; ++page) pages.push_back(page);
  }
  return pages;
}

void run_for(DeviceState& state, std::int64_t us) {
  state.set_running(true);
  ASSERT_TRUE(state.advance(state.now_us() + us).has_value());
  state.set_running(false);
}

TEST(Layout, HasTheSectionsOfTheConfigurationSortedByName) {
  const auto model = my_nic_with(my_nic_state());
  const DeviceState with = device_state(model, "version=2");
  const std::vector<Section> expected = {
      {"memory", 64 * kKiB, 0, 16}, {"registers", 300, 16, 1}, {"table", 8 * kKiB, 17, 2}};
  EXPECT_EQ(with.layout().sections(), expected);
  EXPECT_EQ(with.layout().pages(), 19U);
  EXPECT_EQ(with.layout().state_bytes(), 72 * kKiB + 300);

  const DeviceState without = device_state(model, "version=2,rss=off");
  EXPECT_EQ(without.layout().find("table"), nullptr);
  EXPECT_EQ(without.layout().pages(), 17U);
}

TEST(Layout, OfAModelWithoutStateIsNone) {
  const auto model = built(testing::my_nic_spec());
  const auto configuration = model::latest_configuration(model);
  const auto layout = Layout::of({model, configuration});
  ASSERT_FALSE(layout.has_value());
  EXPECT_EQ(layout.error().code, Errc::not_tty);
}

TEST(DeviceState, TellsWhatItIsInCanonicalForm) {
  const auto model = my_nic_with(my_nic_state());
  EXPECT_EQ(device_state(model, "version=3").identity(),
            "model vendor-a.com/my-nic\nbool rss=on\nint rx-filter-size=64\n"
            "section memory 65536\nsection registers 300\nsection table 8192\n");
}

TEST(DeviceState, HasTheSameContentsFromTheSameSeedsAlone) {
  const auto model = my_nic_with(my_nic_state());
  const auto digest = [&](std::uint64_t seed) {
    return *device_state(model, "version=2", {.seed = seed, .budget = nullptr, .pool = nullptr})
                .digest();
  };
  EXPECT_EQ(digest(1), digest(1));
  EXPECT_NE(digest(1), digest(2));
}

TEST(DeviceState, HasAboutAsManyZeroPagesAsTheModelSays) {
  model::StateSpec spec;
  spec.sections = {{"memory", 4 * kMiB, ""}};
  spec.zero_percent = 25;
  const auto model = my_nic_with(spec);
  DeviceState state = device_state(model, "version=1");
  int zeros = 0;
  for (std::size_t page = 0; page < 1024; ++page)
    zeros += is_zero(state.memory().bytes().subspan(page * kPageBytes, kPageBytes)) ? 1 : 0;
  EXPECT_GT(zeros, 200);
  EXPECT_LT(zeros, 312);
}

TEST(DeviceState, LeavesWhatIsBehindASectionZero) {
  const auto model = my_nic_with(my_nic_state());
  DeviceState state = device_state(model, "version=1");
  const Section& registers = *state.layout().find("registers");
  EXPECT_TRUE(is_zero(state.memory().bytes().subspan(registers.offset() + 300, kPageBytes - 300)));
  run_for(state, kSecond);
}

TEST(DeviceState, SparseOneCostsWhatIsNotZero) {
  model::StateSpec spec = testing::sparse_state(std::uint64_t{8} << 30);
  const auto model = my_nic_with(spec);
  const auto budget = std::make_shared<MemoryBudget>(kMiB);
  DeviceState state =
      device_state(model, "version=1", {.seed = 0, .budget = budget, .pool = nullptr});
  EXPECT_EQ(budget->used_bytes(), 0U);
  const std::byte one[] = {std::byte{1}};
  ASSERT_TRUE(state.write(state.layout().sections()[0], std::uint64_t{5} << 30, one).has_value());
  EXPECT_EQ(budget->used_bytes(), DeviceMemory::kChunkBytes);
}

TEST(DeviceState, DigestIsTheSameOfSparseAndOtherMemory) {
  model::StateSpec spec;
  spec.sections = {{"memory", kMiB + 100, ""}};
  spec.zero_percent = 100;
  const std::byte one[] = {std::byte{1}};
  std::vector<std::string> digests;
  for (const bool sparse : {false, true}) {
    spec.sparse = sparse;
    const auto model = my_nic_with(spec);
    DeviceState state = device_state(model, "version=1");
    ASSERT_TRUE(state.write(state.layout().sections()[0], kMiB + 99, one).has_value());
    ASSERT_TRUE(state.write(state.layout().sections()[0], 200'000, one).has_value());
    digests.push_back(state.digest()->to_string());
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_EQ(digests[0].size(), 32U);
}

TEST(DeviceState, DigestNoticesEveryByte) {
  model::StateSpec spec;
  spec.sections = {{"memory", 200, ""}};
  const auto model = my_nic_with(spec);
  DeviceState state = device_state(model, "version=1");
  std::set<std::string> digests = {state.digest()->to_string()};
  for (std::size_t i = 0; i < 200; ++i) {
    state.memory().bytes()[i] ^= std::byte{1};
    EXPECT_TRUE(digests.insert(state.digest()->to_string()).second) << i;
  }
}

TEST(DeviceState, DigestCoversActiveParametersAndNotTheVersion) {
  model::StateSpec spec;
  spec.sections = {{"memory", 200, ""}};
  const auto model = my_nic_with(spec);
  const auto digest = [&](const char* configuration) {
    return *device_state(model, configuration).digest();
  };
  EXPECT_EQ(digest("version=1"), digest("version=2,rss=off"));
  EXPECT_NE(digest("version=1"), digest("version=2"));
}

TEST(DeviceState, HasNoDigestWhileAWorkloadRuns) {
  const auto model = worker(8, {.dirty_bytes_per_s = kPageBytes});
  DeviceState state = device_state(model, "version=1");
  state.set_running(true);
  ASSERT_FALSE(state.digest().has_value());
  EXPECT_EQ(state.digest().error().code, Errc::busy);
  ASSERT_TRUE(state.set_dirty_rate(0).has_value());
  EXPECT_TRUE(state.digest().has_value());
}

TEST(DeviceState, WritesAsManyPagesAsTheRateSays) {
  const auto model = worker(
      1000, {.dirty_bytes_per_s = 100 * kPageBytes, .pattern = model::WritePattern::sequential});
  DeviceState state = device_state(model, "version=1");
  run_for(state, kSecond / 2);
  EXPECT_EQ(dirty_pages(state).size(), 50U);
  ASSERT_TRUE(state.advance(100 * kSecond).has_value());  // while it is stopped
  EXPECT_TRUE(dirty_pages(state).empty());
}

TEST(DeviceState, DoesTheSameHoweverOftenItIsTold) {
  const auto model = worker(100, {.dirty_bytes_per_s = 999 * kPageBytes});
  DeviceState once = device_state(model, "version=1");
  DeviceState often = device_state(model, "version=1");
  run_for(once, kSecond / 10);
  often.set_running(true);
  for (std::int64_t us = 0; us <= kSecond / 10; us += 700)
    ASSERT_TRUE(often.advance(us).has_value());
  ASSERT_TRUE(often.advance(kSecond / 10).has_value());
  often.set_running(false);
  EXPECT_EQ(*once.digest(), *often.digest());
}

TEST(DeviceState, ChangesWhatItMarksAndNothingElse) {
  const auto model = worker(64, {.dirty_bytes_per_s = 20 * kPageBytes});
  DeviceState state = device_state(model, "version=1");
  const std::vector<std::byte> before(state.memory().bytes().begin(), state.memory().bytes().end());
  run_for(state, kSecond);
  const auto dirty = dirty_pages(state);
  const std::set<std::uint32_t> marked(dirty.begin(), dirty.end());
  for (std::uint32_t page = 0; page < 64; ++page) {
    const auto at = std::size_t{page} * kPageBytes;
    const bool same = std::equal(before.begin() + static_cast<std::ptrdiff_t>(at),
                                 before.begin() + static_cast<std::ptrdiff_t>(at + kPageBytes),
                                 state.memory().bytes().begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_EQ(!same, marked.count(page) == 1) << page;
  }
}

TEST(DeviceState, HotSetTakesNineOfTenWrites) {
  const auto model = worker(10'000, {.dirty_bytes_per_s = 10'000 * kPageBytes,
                                     .pattern = model::WritePattern::hot_set,
                                     .hot_set_bytes = 10 * kPageBytes});
  DeviceState state = device_state(model, "version=1");
  run_for(state, kSecond);
  const auto dirty = dirty_pages(state);
  EXPECT_LT(dirty.size(), 1200U);
  EXPECT_GT(dirty.size(), 800U);
  EXPECT_EQ(dirty[9], 9U);
}

TEST(DeviceState, BurstBringsAPeriodsWritesAtItsBeginning) {
  const auto model = worker(1000, {.dirty_bytes_per_s = 100 * kPageBytes,
                                   .pattern = model::WritePattern::burst,
                                   .burst_every_ms = 1000,
                                   .burst_ms = 100});
  DeviceState state = device_state(model, "version=1");
  state.set_running(true);
  const auto written_until = [&](std::int64_t us) {
    EXPECT_TRUE(state.advance(us).has_value());
    return dirty_pages(state).size();
  };
  EXPECT_GT(written_until(kSecond / 10), 85U);  // a page that is written twice is dirty once
  EXPECT_EQ(written_until(kSecond), 0U);
  EXPECT_GT(written_until(kSecond + kSecond / 10), 85U);
}

TEST(DeviceState, ALeapInTimeMakesEverythingDirtyAndEnds) {
  const auto model = worker(16, {.dirty_bytes_per_s = std::uint64_t{1} << 40});
  DeviceState state = device_state(model, "version=1");
  run_for(state, std::int64_t{1} << 60);
  EXPECT_EQ(dirty_pages(state).size(), 16U);
}

TEST(DeviceState, BreaksDownWhenSparseMemoryCannotGrow) {
  model::StateSpec spec = testing::sparse_state(64 * kMiB);
  spec.workload = {.dirty_bytes_per_s = 64 * kMiB};
  const auto model = my_nic_with(spec);
  DeviceState state =
      device_state(model, "version=1",
                   {.seed = 0, .budget = std::make_shared<MemoryBudget>(kMiB), .pool = nullptr});
  state.set_running(true);
  const auto advanced = state.advance(kSecond);
  ASSERT_FALSE(advanced.has_value());
  EXPECT_EQ(advanced.error().code, Errc::no_memory);
}

TEST(DeviceState, ResetBringsTheFirstContentsBack) {
  const auto model = worker(16, {.dirty_bytes_per_s = 16 * kPageBytes});
  DeviceState state = device_state(model, "version=1");
  const Digest first = *state.digest();
  run_for(state, kSecond);
  const Digest second = *state.digest();
  EXPECT_NE(first, second);
  ASSERT_TRUE(state.reset().has_value());
  EXPECT_EQ(*state.digest(), first);
  run_for(state, kSecond);
  EXPECT_EQ(*state.digest(), second);
}

TEST(DeviceState, RefusesWritesOutsideOfASection) {
  const auto model = my_nic_with(my_nic_state());
  DeviceState state = device_state(model, "version=1");
  const Section& registers = *state.layout().find("registers");
  const std::byte two[2] = {};
  EXPECT_TRUE(state.write(registers, 298, two).has_value());
  EXPECT_EQ(state.write(registers, 299, two).error().code, Errc::range);
  EXPECT_EQ(state.write(registers, UINT64_MAX, two).error().code, Errc::range);
}

}  // namespace
}  // namespace mdevsim::state
