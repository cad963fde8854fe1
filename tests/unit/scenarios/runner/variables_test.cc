#include "scenarios/runner/variables.h"

#include <gtest/gtest.h>

#include "scenarios/runner/duration.h"
#include "sim/config/document_text.h"

namespace mdevsim::scenario {
namespace {

using config::Value;

std::optional<std::string> find_seven(std::string_view name) {
  if (name == "n") return "7";
  if (name == "word") return "seven";
  return std::nullopt;
}

std::string replaced(std::string_view text) { return replace_names(text, find_seven); }

TEST(ReplaceNames, PutsValuesInThePlaceOfNames) { EXPECT_EQ(replaced("a{n}b{word}"), "a7bseven"); }

TEST(ReplaceNames, LeavesWhatIsNoName) {
  EXPECT_EQ(replaced("{unknown} {\"a\": 1} {} {n"), "{unknown} {\"a\": 1} {} {n");
}

TEST(ReplaceNames, LeavesVariablesOfTheShell) { EXPECT_EQ(replaced("${n} $n"), "${n} $n"); }

TEST(ReplaceNames, GivesNumbersTheirDigits) {
  EXPECT_EQ(replaced("{n:03} {n:02x} {n:d}"), "007 07 7");
}

TEST(ReplaceNames, AddsToNumbers) {
  EXPECT_EQ(replaced("{n+1} {n+3:03x} {word+1} {n+x}"), "8 00a {word+1} {n+x}");
}

TEST(ReplaceNames, LeavesAFormatThatIsNone) {
  EXPECT_EQ(replaced("{n:q} {word:03} {n:99}"), "{n:q} {word:03} {n:99}");
}

// The document of a text, after substitution, as text; and what was said about it.
struct Substituted {
  std::string text;
  std::vector<std::string> problems;
};

Substituted substituted(const std::string& text) {
  config::Report report;
  Value root = config::parse_document(report.add_file("t.toml", text), report).root;
  Value number;
  number.kind = Value::Kind::integer;
  number.integer = 4;
  Value list;
  list.kind = Value::Kind::array;
  list.items = {number};
  substitute(root, {{"count", number}, {"list", list}}, {"later"}, report);
  Substituted out;
  out.text = config::document_text(root);
  for (const config::Diagnostic& problem : report.take())
    out.problems.push_back(problem.message + "; " + problem.help);
  return out;
}

TEST(Substitute, ATextThatIsAVariableAloneBecomesItsValue) {
  EXPECT_EQ(substituted("a = \"{count}\"\nb = [\"{list}\"]").text, "\"a\" = 4\n\"b\" = [[4]]\n");
}

TEST(Substitute, ReplacesInKeys) {
  EXPECT_EQ(substituted("host.\"h{count}\".x = 1").text, "\"host\" = {\"h4\" = {\"x\" = 1}}\n");
}

TEST(Substitute, LeavesWhatGetsItsValueLater) {
  const Substituted found = substituted("a = \"{later} {latr}\"");
  EXPECT_EQ(found.text, "\"a\" = \"{later} {latr}\"\n");
  EXPECT_EQ(found.problems,
            std::vector<std::string>{"there is no variable `latr`; did you mean {later}?"});
}

TEST(Substitute, RefusesAListInsideOfAText) {
  const Substituted found = substituted("a = \"x{list}\"");
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_EQ(found.problems[0],
            "{list} is an array, which cannot be part of a text; write \"{list}\" alone, where its "
            "value is to stand");
}

TEST(DocumentText, KeepsEveryKindOfValue) {
  const std::string text =
      "\"a\" = \"quote \\\" backslash \\\\ newline \\u000A\"\n"
      "\"b\" = [1, -2, true, 0.5, 1e0]\n"
      "\"c\" = {\"d\" = {\"e\" = []}}\n";
  config::Report report;
  const Value root = config::parse_document(report.add_file("t.toml", text), report).root;
  EXPECT_EQ(config::document_text(root), text);
}

TEST(ParseDuration, NeedsANumberAndAUnit) {
  EXPECT_EQ(parse_duration("250ms"), 250);
  EXPECT_EQ(parse_duration("2min"), 120'000);
  EXPECT_EQ(parse_duration("5"), std::nullopt);
  EXPECT_EQ(parse_duration("-5s"), std::nullopt);
  EXPECT_EQ(parse_duration("99999999999999999h"), std::nullopt);
}

}  // namespace
}  // namespace mdevsim::scenario
