#include "scenarios/runner/text_rule.h"

#include <gtest/gtest.h>

namespace mdevsim::scenario {
namespace {

config::Value text_value(const std::string& text) {
  config::Value value;
  value.kind = config::Value::Kind::string;
  value.text = text;
  return value;
}

TEST(CheckText, ALastNewlineNeedNotBeWritten) {
  EXPECT_FALSE(check_text({.text = "16"}, "16\n"));
  EXPECT_FALSE(check_text({.text = "16\n"}, "16\n"));
  EXPECT_TRUE(check_text({.text = "16\n"}, "16"));
  EXPECT_TRUE(check_text({.text = "16"}, "16\n\n"));
  EXPECT_TRUE(check_text({.text = "16"}, "17\n"));
}

TEST(CheckText, EveryExpressionIsFoundInSomeLine) {
  EXPECT_FALSE(check_text({.regexes = {"^b$", "[a-c]+"}}, "a\nb\n"));
  const auto mismatch = check_text({.regexes = {"^b$", "^d$"}}, "a\nb\n");
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->expected, "a match of ^d$");
}

TEST(CheckText, AJsonPointerFindsItsPlace) {
  const std::string text = R"({"a": [{"b~/": "x"}], "n": 2})";
  EXPECT_FALSE(check_text({.json = {{"/a/0/b~0~1", text_value("x")}}}, text));
  const auto mismatch = check_text({.json = {{"/a/1", text_value("x")}}}, text);
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->actual, "(not there)");
}

TEST(CheckText, ANumberIsNotItsText) {
  EXPECT_TRUE(check_text({.json = {{"/n", text_value("2")}}}, R"({"n": 2})"));
}

TEST(CheckText, WhatIsNoJsonIsToldSo) {
  const auto mismatch = check_text({.json = {{"", text_value("x")}}}, "no {json");
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->expected, "JSON");
}

TEST(RegexFault, SaysWhy) {
  EXPECT_EQ(regex_fault("a(b|c)"), "");
  EXPECT_NE(regex_fault("a(b"), "");
}

TEST(MatchesPattern, OnlyTheStarIsSpecial) {
  EXPECT_TRUE(matches_pattern("*/mtty", "/devices/virtual/mtty/mtty"));
  EXPECT_TRUE(matches_pattern("a[1]?", "a[1]?"));
  EXPECT_FALSE(matches_pattern("a[1]", "a1"));
  EXPECT_FALSE(matches_pattern("add", "addx"));
}

}  // namespace
}  // namespace mdevsim::scenario
