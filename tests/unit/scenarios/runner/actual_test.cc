#include "scenarios/runner/actual.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace mdevsim::scenario {
namespace {

Step step_of(Verb verb, Expectation expect = {}) {
  Step step;
  step.verb = verb;
  step.expect = std::move(expect);
  return step;
}

std::string first_expected(const std::vector<Mismatch>& found) {
  return found.empty() ? "" : found.front().expected;
}

TEST(Check, AnUnexpectedErrnoIsAMismatch) {
  const auto found = check(step_of(Verb::write), {.error = ENOSPC});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].expected, "no error");
  EXPECT_EQ(found[0].actual, "ENOSPC (No space left on device)");
}

TEST(Check, AnExpectedErrnoHasToCome) {
  const Step step = step_of(Verb::write, {.error = "ENOSPC"});
  EXPECT_TRUE(check(step, {.error = ENOSPC}).empty());
  EXPECT_EQ(first_expected(check(step, {})), "ENOSPC (No space left on device)");
  EXPECT_EQ(check(step, {.error = EUSERS}).size(), 1U);
}

TEST(Check, AnOutcomeIsToldByItsWord) {
  static constexpr Ending kWords[] = {{"done", 0}, {"refused", 6}};
  const Step step = step_of(Verb::run, {.statuses = {0, 1}, .endings = kWords});
  const auto found = check(step, {.status = 6});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].expected, "done (exit status 0)\nor exit status 1");
  EXPECT_EQ(found[0].actual, "refused (exit status 6)");
}

TEST(Check, ACommandHasToEndWithItsStatus) {
  EXPECT_TRUE(check(step_of(Verb::run), {.status = 0}).empty());
  EXPECT_EQ(first_expected(check(step_of(Verb::run), {.status = 1})), "exit status 0");
  EXPECT_TRUE(check(step_of(Verb::run, {.statuses = {1, 2}}), {.status = 1}).empty());
  EXPECT_FALSE(check(step_of(Verb::run), {}).empty()) << "it has not ended";
}

TEST(Check, BothOutputsOfACommandAreLookedAt) {
  const Step step = step_of(Verb::run, {.output = {.text = "a"}, .diagnostics = {.text = "b"}});
  EXPECT_TRUE(check(step, {.status = 0, .output = "a\n", .diagnostics = "b\n"}).empty());
  EXPECT_EQ(check(step, {.status = 0, .output = "x", .diagnostics = "y"}).size(), 2U);
}

TEST(Check, AReasonIsWhatTheCommandOrTheHostSays) {
  const Step refused =
      step_of(Verb::write, {.error = "EINVAL", .reason = {.regexes = {"rss: no"}}});
  EXPECT_TRUE(check(refused, {.error = EINVAL, .log = "pid 3: EINVAL: rss: no such\n"}).empty());
  const auto found = check(refused, {.error = EINVAL, .log = "pid 3: EINVAL: version\n"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].what, "reason");
  const Step run = step_of(Verb::run, {.statuses = {6}, .reason = {.regexes = {"rss: no"}}});
  EXPECT_TRUE(check(run, {.status = 6, .diagnostics = "error: rss: no such\n"}).empty());
  EXPECT_EQ(check(run, {.status = 6}).size(), 1U);
}

TEST(Check, NamesOfADirectory) {
  const Actual actual{.names = {"a1", "b"}, .count = 2};
  EXPECT_TRUE(check(step_of(Verb::list, {.names = {{"b", "a1"}}}), actual).empty());
  EXPECT_TRUE(check(step_of(Verb::list, {.has = {"a*"}, .lacks = {"c*"}}), actual).empty());
  EXPECT_EQ(check(step_of(Verb::list, {.names = {{"b"}}}), actual).size(), 1U);
  EXPECT_EQ(check(step_of(Verb::list, {.has = {"c"}}), actual).size(), 1U);
  EXPECT_EQ(check(step_of(Verb::list, {.lacks = {"b"}}), actual).size(), 1U);
  EXPECT_EQ(check(step_of(Verb::list, {.count = 3}), actual).size(), 1U);
}

TEST(Check, OneEventIsEnoughUnlessTheyAreCounted) {
  EXPECT_TRUE(check(step_of(Verb::event), {.count = 2}).empty());
  EXPECT_FALSE(check(step_of(Verb::event), {.count = 0}).empty());
  EXPECT_FALSE(check(step_of(Verb::event, {.count = 1}), {.count = 2}).empty());
  EXPECT_TRUE(check(step_of(Verb::event, {.count = 0}), {.count = 0}).empty());
}

TEST(Check, WhatWasNotInTimeIsAMismatch) {
  Step step = step_of(Verb::wait);
  step.within_ms = 250;
  EXPECT_EQ(first_expected(check(step, {.timed_out = true})), "an end within 250 ms");
}

TEST(CheckOutcomes, CountsHowCopiesEnd) {
  const std::vector<Actual> copies{{}, {.error = ENOSPC}, {.error = ENOSPC}};
  EXPECT_TRUE(check_outcomes(step_of(Verb::write, {.outcomes = {{"ok", 1}, {"ENOSPC", 2}}}), copies)
                  .empty());
  const auto found = check_outcomes(step_of(Verb::write, {.outcomes = {{"ok", 3}}}), copies);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].expected, "3 times ok");
  EXPECT_EQ(found[0].actual, "2 times ENOSPC\n1 times ok");
}

TEST(CheckOutcomes, OthersAreAllThatAreNotCounted) {
  const Step step =
      step_of(Verb::write, {.outcomes = {{"ok", 1}, {"ENOSPC", 0}}, .others = "ENOSPC"});
  EXPECT_TRUE(check_outcomes(step, {{}, {.error = ENOSPC}, {.error = ENOSPC}}).empty());
  EXPECT_FALSE(check_outcomes(step, {{}, {}, {.error = ENOSPC}}).empty());
}

TEST(Wire, AnActualSurvivesIt) {
  const Actual actual{.error = 5,
                      .timed_out = true,
                      .status = 3,
                      .output = std::string("a\0b", 3),
                      .diagnostics = "c",
                      .names = {"d", ""},
                      .count = 7};
  WireWriter out;
  write(out, actual);
  WireReader in(out.bytes());
  const Actual back = read_actual(in);
  EXPECT_TRUE(in.is_whole());
  EXPECT_EQ(back.error, 5);
  EXPECT_TRUE(back.timed_out);
  EXPECT_EQ(back.status, 3);
  EXPECT_EQ(back.output, actual.output);
  EXPECT_EQ(back.names, actual.names);
  EXPECT_EQ(back.count, 7U);
}

TEST(Wire, WhatIsCutShortIsNoticed) {
  WireWriter out;
  write(out, Actual{.output = "text"});
  for (std::size_t bytes = 0; bytes < out.bytes().size(); ++bytes) {
    WireReader in(std::string_view(out.bytes()).substr(0, bytes));
    read_actual(in);
    EXPECT_FALSE(in.is_whole()) << bytes;
  }
}

}  // namespace
}  // namespace mdevsim::scenario
