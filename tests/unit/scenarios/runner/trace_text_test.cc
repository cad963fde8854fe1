#include "scenarios/runner/trace_text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mdevsim::scenario {
namespace {

std::string line(double time, std::string_view host, std::string_view op,
                 std::string_view result = "OK", std::string_view text = "") {
  return fmt::format(
      R"({{"time":{:.6f},"host":"{}","pid":7,"comm":"sh","op":"{}","path":"/p","text":"{}",)"
      R"("result":"{}","bytes":0,"duration_ns":2000}})"
      "\n",
      time, host, op, text, result);
}

TEST(TraceText, TellsWhatWasWrittenWhenItCanBeRead) {
  EXPECT_THAT(trace_text(line(1, "a", "write", "OK", "text")),
              testing::HasSubstr("sh[7] write a:/p \"text\" = OK, 2 us"));
  EXPECT_THAT(trace_text(line(1, "a", "write", "OK", R"(\u0000\u0001)")),
              testing::HasSubstr("sh[7] write a:/p = OK"));
}

TEST(LastRequests, LeaveOutWhatSaysNothing) {
  const std::string trace = line(1, "a", "lookup") + line(2, "a", "lookup", "ENOENT") +
                            line(3, "a", "open") + line(4, "a", "read") + "{\"lost\":3}\n";
  EXPECT_THAT(last_requests({trace}, 0, 9),
              testing::ElementsAre(testing::HasSubstr(" = ENOENT"), testing::HasSubstr(" read ")));
  EXPECT_THAT(last_requests({trace}, 0, 1), testing::ElementsAre(testing::HasSubstr(" read ")));
}

TEST(LastRequests, OfSeveralHostsAreInTheOrderOfTime) {
  const std::string alpha = line(1, "alpha", "read") + line(4, "alpha", "write");
  const std::string beta = line(2, "beta", "read") + line(3, "beta", "write");
  EXPECT_THAT(
      last_requests({alpha, beta}, 0, 3),
      testing::ElementsAre(testing::HasSubstr("read beta"), testing::HasSubstr("write beta"),
                           testing::HasSubstr("write alpha")));
}

TEST(LastRequests, LeaveOutWhatWasBefore) {
  const std::string trace = line(1, "a", "read") + line(3, "a", "write");
  EXPECT_THAT(last_requests({trace}, 2, 9), testing::ElementsAre(testing::HasSubstr("write")));
  EXPECT_THAT(last_requests({trace}, 4, 9), testing::IsEmpty());
}

TEST(LastRequests, TellOnceWhatIsAskedAgainAndAgain) {
  std::string trace = line(1, "a", "write");
  for (int i = 2; i < 9; ++i) trace += line(i, "a", "lookup", "ENOENT");
  EXPECT_THAT(last_requests({trace}, 0, 2),
              testing::ElementsAre(testing::HasSubstr("write"),
                                   testing::HasSubstr(" = ENOENT, 2 us (7 times)")));
}

}  // namespace
}  // namespace mdevsim::scenario
