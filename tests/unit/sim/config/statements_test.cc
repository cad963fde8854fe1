#include "sim/config/statements.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mdevsim::config {
namespace {

std::vector<std::string> statements_of(const std::string& text) {
  std::vector<std::string> out;
  for (const Statement& statement : outline_of(text).statements)
    out.push_back(text.substr(statement.begin, statement.end - statement.begin));
  return out;
}

struct SplitCase {
  std::string name;
  std::vector<std::string> statements;
};

class Split : public testing::TestWithParam<SplitCase> {};

TEST_P(Split, IsFoundAgain) {
  std::string whole;
  for (const std::string& statement : GetParam().statements) whole += statement;
  EXPECT_EQ(statements_of(whole), GetParam().statements);
}

INSTANTIATE_TEST_SUITE_P(
    Statements, Split,
    testing::ValuesIn(std::vector<SplitCase>{
        {"Nothing", {}},
        {"Lines", {"a = 1\n", "\n", "[b]\n", "c = 2"}},
        {"ArrayOverLines", {"a = [\n  1, # ]\n  \"]\",\n]\n", "b = 1\n"}},
        {"BracketInString", {"a = \"[\"\n", "b = '{'\n"}},
        {"EscapedQuote", {"a = \"\\\"[\"\n", "b = 1\n"}},
        {"LongStrings", {"a = \"\"\"\n[x]\n\"\"\"\"\n", "b = '''\n\"\"\"\n'''\n", "c = 1\n"}},
        {"EmptyStrings", {"a = \"\"\n", "b = ''\n", "c = [\n]\n"}},
        {"StringThatIsNotClosed", {"a = \"x\n", "b = 1\n"}},
        {"ArrayThatIsNotClosed", {"a = [ 1,\n\n", "[host.b]\n", "c = 1\n"}},
        {"ArrayOfArraysIsNoHeader", {"a = [\n[1, 2],\n[\"x\"],\n]\n", "b = 1\n"}},
        {"WindowsLines", {"a = 1\r\n", "b = [\r\n]\r\n"}}}),
    [](const testing::TestParamInfo<SplitCase>& tested) { return tested.param.name; });

TEST(Statements, NameWhereTheUnclosedBegins) {
  const Outline outline = outline_of("a = 1\né = { x = [ 1,\n[host.b]\n");
  ASSERT_EQ(outline.statements.size(), 3U);
  EXPECT_EQ(outline.statements[0].open_line, 0U);
  EXPECT_EQ(outline.statements[1].open_line, 2U);
  EXPECT_EQ(outline.statements[1].open_column, 5U);
  EXPECT_EQ(outline.statements[2].open_line, 0U);
}

TEST(Statements, BlankedHeaderTakesItsKeysAlong) {
  std::string text = "[a]\nx = 1\n[b]\ny = 2\n";
  blank_statement(text, outline_of(text), 0);
  EXPECT_EQ(text, "   \n     \n[b]\ny = 2\n");
}

TEST(Statements, DeepKeysAreFoundAndNumbersAreNot) {
  const auto repeated = [](const std::string& part) {
    std::string out;
    for (int i = 0; i < 100; ++i) out += part;
    return out;
  };
  EXPECT_NE(outline_of("a" + repeated(".a") + " = 1\n").deep_line, 0U);
  EXPECT_NE(outline_of("[a" + repeated(" . \"a\"") + "]\n").deep_line, 0U);
  EXPECT_EQ(outline_of("a = [" + repeated("1.5, ") + "]\n").deep_line, 0U);
  EXPECT_EQ(outline_of("a = \"" + repeated(".") + "\"\n").deep_line, 0U);
  EXPECT_EQ(outline_of("# " + repeated(".") + "\n").deep_line, 0U);
}

}  // namespace
}  // namespace mdevsim::config
