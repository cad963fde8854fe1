#include "sim/model/fault_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/base/limits.h"

namespace mdevsim::model {
namespace {

FaultRule rule(std::string_view line) {
  const auto parsed = parse_fault(line);
  EXPECT_TRUE(parsed) << line << ": " << parsed.error().why;
  return parsed ? *parsed : FaultRule{};
}

FaultPlan plan_of(const std::vector<std::string>& lines) {
  FaultPlan plan;
  std::vector<FaultRule> rules;
  for (const std::string& line : lines) rules.push_back(rule(line));
  EXPECT_TRUE(plan.add(rules));
  return plan;
}

// Which of so many creations the plan strikes: "..x..x".
std::string creations(FaultPlan& plan, int count, std::string_view device = "a") {
  std::string out;
  for (int i = 0; i < count; ++i) {
    const auto decision = plan.decide({.point = FaultPoint::create, .device = device});
    out += decision.rule == 0 ? '.' : 'x';
  }
  return out;
}

TEST(FaultRule, ReadsWhatItWrites) {
  for (const std::string line :
       {"at=create errno=ENOSPC", "operation=write path=*/create command=mdev* errno=EBUSY after=2",
        "operation=* delay=50ms every=3 probability=0.25 times=0 seed=7",
        "at=event path=/devices/* action=add delay=1500ms event=late", "at=event event=doubled",
        "at=remove device=c0ffee* instance=stuck", "at=create instance=vanishes times=1",
        "at=create delay=50ms instance=untyped"}) {
    EXPECT_EQ(to_string(rule(line)), line);
  }
  EXPECT_EQ(rule("  at=create\terrno=EIO  "), rule("errno=EIO at=create"));
  EXPECT_EQ(to_string(rule("operation=read delay=2s")), "operation=read delay=2000ms");
}

struct Wrong {
  const char* line;
  const char* why;
};
class WrongRule : public testing::TestWithParam<Wrong> {};

TEST_P(WrongRule, IsRefusedWithTheReason) {
  const auto parsed = parse_fault(GetParam().line);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Errc::invalid);
  EXPECT_THAT(parsed.error().why, testing::HasSubstr(GetParam().why));
}

INSTANTIATE_TEST_SUITE_P(
    Fault, WrongRule,
    testing::Values(
        Wrong{"", "the rule says not where"}, Wrong{"errno", "`errno` is not written as key=value"},
        Wrong{"at=create at=create errno=EIO", "`at` is there twice"},
        Wrong{"at=lunch errno=EIO", "at: `lunch` is none"},
        Wrong{"at=create", "the rule says not what goes wrong"},
        Wrong{"operation=release errno=EIO", "operation: `release` is none"},
        Wrong{"at=create errno=ENOTSUPP", "errno: `ENOTSUPP` names no error"},
        Wrong{"at=create delay=5", "delay: `5` is no delay"},
        Wrong{"at=create delay=99999s", "delay: `99999s` is no delay"},
        Wrong{"at=create errno=EIO times=-1", "times: `-1` is no number"},
        Wrong{"at=create errno=EIO probability=1.5", "probability: `1.5` is no probability"},
        Wrong{"at=create errno=EIO probability=nan", "probability: `nan` is no probability"},
        Wrong{"at=create errno=EIO colour=red", "a fault has no key `colour`"},
        Wrong{"at=create operation=write errno=EIO", "either `at` or `operation`"},
        Wrong{"at=create command=x errno=EIO", "only an operation has a `command`"},
        Wrong{"at=create path=/x errno=EIO", "only operations and events have a `path`"},
        Wrong{"operation=read device=x errno=EIO", "operations and events have no `device`"},
        Wrong{"operation=read action=add errno=EIO", "only an event has an `action`"},
        Wrong{"at=create event=lost", "an event is lost"}, Wrong{"at=event", "an event is lost"},
        Wrong{"at=event event=late", "an event that is late has a `delay`"},
        Wrong{"at=event event=lost errno=EIO", "nobody gets an answer to an event"},
        Wrong{"at=bind instance=vanishes", "an instance vanishes when"},
        Wrong{"at=create instance=stuck", "an instance gets stuck when it is removed"},
        Wrong{"at=remove instance=stuck errno=EIO", "fails with EAGAIN"},
        Wrong{"at=create instance=untyped", "an instance is untyped for a while"},
        Wrong{"at=remove delay=1ms instance=untyped", "an instance is untyped for a while"},
        Wrong{"operation=read path= errno=EIO", "a pattern has 1 to"}));

TEST(FaultPattern, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches_pattern("", ""));
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("*/create", "/a/b/create"));
  EXPECT_TRUE(matches_pattern("/a/*/c*e", "/a/x/y/create"));
  EXPECT_TRUE(matches_pattern("a?c", "abc"));
  EXPECT_TRUE(matches_pattern("*ab*ab", "abxabab"));
  EXPECT_FALSE(matches_pattern("", "a"));
  EXPECT_FALSE(matches_pattern("a?c", "ac"));
  EXPECT_FALSE(matches_pattern("*/create", "/a/create/b"));
  EXPECT_FALSE(matches_pattern("abc", "ab"));
}

TEST(FaultPattern, ManyStarsAreNoTrouble) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(matches_pattern(pattern + "b", std::string(4000, 'a')));
}

TEST(FaultPlan, WhenARuleStrikes) {
  struct Case {
    const char* when;
    const char* expected;
  };
  for (const auto& [when, expected] :
       {Case{"", "xxxxxxxx"}, Case{" after=3", "...xxxxx"}, Case{" times=2", "xx......"},
        Case{" every=3", "..x..x.."}, Case{" after=2 every=3 times=1", "....x..."},
        Case{" times=0", "........"}, Case{" every=0", "........"},
        Case{" probability=0", "........"}}) {
    FaultPlan plan = plan_of({std::string("at=create errno=EIO") + when});
    EXPECT_EQ(creations(plan, 8), expected) << when;
  }
}

TEST(FaultPlan, ChanceIsTheSeeds) {
  const auto strikes = [](const std::string& seed) {
    FaultPlan plan = plan_of({"at=create errno=EIO probability=0.3 seed=" + seed});
    return creations(plan, 1000);
  };
  const std::string once = strikes("1");
  EXPECT_EQ(once, strikes("1"));
  EXPECT_NE(once, strikes("2"));
  const auto struck = std::count(once.begin(), once.end(), 'x');
  EXPECT_GT(struck, 240);
  EXPECT_LT(struck, 360);
}

TEST(FaultPlan, ARuleOfNoConcernDrawsNothing) {
  FaultPlan alone = plan_of({"at=create device=a errno=EIO probability=0.5"});
  FaultPlan among = plan_of({"at=create device=a errno=EIO probability=0.5"});
  std::string expected;
  std::string seen;
  for (int i = 0; i < 100; ++i) {
    expected += creations(alone, 1);
    creations(among, 1, "b");
    seen += creations(among, 1);
  }
  EXPECT_EQ(seen, expected);
}

TEST(FaultPlan, TheFirstThatStrikesDecides) {
  FaultPlan plan = plan_of({"at=create errno=EIO times=1", "at=create errno=EBUSY"});
  EXPECT_EQ(plan.decide({.point = FaultPoint::create}).errc, Errc::io);
  EXPECT_EQ(plan.decide({.point = FaultPoint::create}).errc, Errc::busy);
  EXPECT_EQ(plan.text(),
            "id=1 at=create errno=EIO times=1 seen=2 struck=1\n"
            "id=2 at=create errno=EBUSY seen=1 struck=1\n");
}

TEST(FaultPlan, LooksAtWhatTheRuleNames) {
  FaultPlan plan = plan_of({"operation=write path=*/create command=mdevctl errno=EIO"});
  FaultOccurrence asked{.operation = "write", .path = "/a/create", .command = "mdevctl"};
  EXPECT_EQ(plan.decide(asked).errc, Errc::io);
  asked.command = "virsh";
  EXPECT_EQ(plan.decide(asked).rule, 0U);
  asked.command = "mdevctl";
  asked.path = "/a/remove";
  EXPECT_EQ(plan.decide(asked).rule, 0U);
  asked.path = "/a/create";
  asked.operation = "open";
  EXPECT_EQ(plan.decide(asked).rule, 0U);
  EXPECT_TRUE(plan.awaits("write"));
  EXPECT_TRUE(plan.asks_for_command("write"));
  EXPECT_FALSE(plan.awaits("open"));
}

TEST(FaultPlan, IdsAreNotUsedAgain) {
  FaultPlan plan = plan_of({"at=create errno=EIO", "at=remove errno=EIO"});
  EXPECT_TRUE(plan.remove(2));
  EXPECT_FALSE(plan.remove(2));
  EXPECT_EQ(*plan.add({rule("at=bind errno=EIO")}), 3U);
}

TEST(FaultPlan, HasALimitAndTakesAllOrNone) {
  FaultPlan plan;
  ASSERT_TRUE(plan.add(std::vector<FaultRule>(kFaultRulesMax - 1, rule("at=create errno=EIO"))));
  const auto refused = plan.add(std::vector<FaultRule>(2, rule("at=create errno=EIO")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::no_memory);
  EXPECT_TRUE(plan.add({rule("at=create errno=EIO")}));
}

}  // namespace
}  // namespace mdevsim::model
