#include "scenarios/runner/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mdevsim::scenario {
namespace {

CaseResult failed() {
  CaseResult result;
  result.status = Status::failed;
  result.id = "s.toml[a=1]";
  result.file = "s.toml";
  result.seed = 7;
  result.duration_ms = 1234;
  result.failures.push_back({.step = "no <room>",
                             .place = "s.toml:3:1",
                             .action = "create u",
                             .host = "alpha",
                             .mismatches = {{"errno", "ENOSPC\nline", "no error\nline"}},
                             .trace = {"write create"}});
  result.log = "log \x01 & line\n";
  return result;
}

CaseResult skipped() {
  CaseResult result;
  result.status = Status::skipped;
  result.id = result.file = "t.toml";
  result.reason = "virsh is not installed";
  return result;
}

CaseResult passed() {
  CaseResult result;
  result.id = result.file = "u.toml";
  return result;
}

TEST(TextReport, TellsTheStepBothSidesTheTraceAndHowToRepeatIt) {
  EXPECT_EQ(text_report(failed(), false),
            "FAILED  s.toml[a=1] (seed 7, 1.2 s)\n"
            "  s.toml:3:1: step \"no <room>\" failed\n"
            "    create u, on alpha\n"
            "    errno:\n"
            "      expected | actual\n"
            "      ENOSPC   ! no error\n"
            "      line     | line\n"
            "    the last requests that the simulated kernel answered:\n"
            "      write create\n"
            "  the simulator said:\n"
            "    log \xEF\xBF\xBD & line\n"
            "  to repeat it: mdevsim test s.toml -k '[a=1]' --seed 7\n");
}

TEST(TextReport, HasColoursOnlyWhereTheyAreWanted) {
  EXPECT_EQ(text_report(passed(), false).find('\033'), std::string::npos);
  EXPECT_NE(text_report(passed(), true).find('\033'), std::string::npos);
}

TEST(TapReport, ALineForEachCaseAndTheReasonsBehindIt) {
  EXPECT_EQ(tap_head() + tap_plan(3), "TAP version 13\n1..3\n");
  EXPECT_EQ(tap_report(passed(), 1), "ok 1 - u.toml\n");
  EXPECT_EQ(tap_report(skipped(), 2), "ok 2 - t.toml # SKIP virsh is not installed\n");
  EXPECT_THAT(tap_report(failed(), 3), testing::StartsWith("not ok 3 - s.toml[a=1]\n# FAILED"));
}

TEST(JsonReport, IsOneObjectOnALine) {
  const std::string line = json_report(failed());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object["status"], "failed");
  EXPECT_EQ(object["failures"][0]["mismatches"][0]["expected"], "ENOSPC\nline");
  EXPECT_EQ(object["repeat"], "mdevsim test s.toml -k '[a=1]' --seed 7");
}

TEST(JunitReport, HasASuiteForEachFileWithItsCounts) {
  const std::string text = junit_report({failed(), skipped(), passed()});
  EXPECT_THAT(text, testing::HasSubstr("<testsuite name=\"s.toml\" tests=\"1\" failures=\"1\" "
                                       "errors=\"0\" skipped=\"0\" time=\"1.234\">"));
  EXPECT_THAT(text, testing::HasSubstr("<testcase name=\"[a=1]\" classname=\"s.toml\""));
  EXPECT_THAT(text, testing::HasSubstr("s.toml:3:1: no &lt;room&gt;"));
  EXPECT_THAT(text, testing::HasSubstr("<skipped message=\"virsh is not installed\"/>"));
  EXPECT_EQ(text.find('\x01'), std::string::npos);
}

TEST(Wire, AResultSurvivesIt) {
  WireWriter out;
  write(out, failed());
  WireReader in(out.bytes());
  const CaseResult back = read_result(in);
  EXPECT_TRUE(in.is_whole());
  EXPECT_EQ(text_report(back, false), text_report(failed(), false));
}

}  // namespace
}  // namespace mdevsim::scenario
