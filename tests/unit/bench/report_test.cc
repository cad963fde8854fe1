#include "bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mdevsim::bench {
namespace {

using testing::HasSubstr;

Row row_with(double value, std::optional<double> floor, std::optional<Goal> goal) {
  return {"a row", "us", value, floor, goal};
}

TEST(Row, RatioGoalIsMetAtItsBound) {
  EXPECT_EQ(row_with(110, 100, ratio_at_most(1.1)).met(), true);
}

TEST(Row, RatioGoalIsMissedAboveItsBound) {
  EXPECT_EQ(row_with(111, 100, ratio_at_most(1.1)).met(), false);
}

TEST(Row, ThroughputGoalIsMissedBelowItsBound) {
  EXPECT_EQ(row_with(89, 100, ratio_at_least(0.9)).met(), false);
}

TEST(Row, ValueGoalNeedsNoFloor) { EXPECT_EQ(row_with(64, {}, value_at_most(64)).met(), true); }

TEST(Row, RatioGoalWithoutFloorIsNotMet) {
  EXPECT_EQ(row_with(1, {}, ratio_at_most(1.1)).met(), false);
}

TEST(Row, WithoutGoalNothingIsMetOrMissed) { EXPECT_EQ(row_with(1, 1, {}).met(), std::nullopt); }

TEST(ReportJson, RowHasTheSevenKeys) {
  Report report;
  report.add("a \"quoted\" row", "us", Pair{11, 10}, ratio_at_most(1.1));
  const auto rows = nlohmann::json::parse(report.json());
  EXPECT_EQ(rows, nlohmann::json::parse(R"([{"name": "a \"quoted\" row", "value": 11, "floor": 10,
      "unit": "us", "ratio": 1.1, "goal": "ratio <= 1.10", "met": true}])"));
}

TEST(ReportJson, WhatThereIsNotIsNull) {
  Report report;
  report.add("a row", "s", 2);
  const auto rows = nlohmann::json::parse(report.json());
  EXPECT_EQ(rows, nlohmann::json::parse(R"([{"name": "a row", "value": 2, "floor": null,
      "unit": "s", "ratio": null, "goal": null, "met": null}])"));
}

TEST(ReportJson, NoRowsGiveAnEmptyArray) {
  EXPECT_EQ(nlohmann::json::parse(Report().json()), nlohmann::json::array());
}

TEST(ReportLines, MissedGoalStandsOut) {
  Report report;
  report.add("slow row", "us", Pair{20, 10}, ratio_at_most(1.1));
  EXPECT_THAT(report.next_lines(), testing::EndsWith("2.00  ratio <= 1.10 NO\n"));
}

TEST(ReportLines, EachRowIsGivenOnce) {
  Report report;
  report.add("first", "us", 1);
  EXPECT_THAT(report.next_lines(), testing::AllOf(testing::StartsWith("name"), HasSubstr("first")));
  report.add("second", "us", 2);
  EXPECT_THAT(report.next_lines(), testing::StartsWith("second"));
  EXPECT_EQ(report.next_lines(), "");
}

TEST(ReportRemarks, EachIsALine) {
  Report report;
  report.remark("not measurable here");
  EXPECT_EQ(report.remarks(), "note: not measurable here\n");
}

}  // namespace
}  // namespace mdevsim::bench
