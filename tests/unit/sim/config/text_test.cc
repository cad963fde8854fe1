#include "sim/config/text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mdevsim::config {
namespace {

struct ExpansionCase {
  std::string name;
  std::string text;
  Index index;
  std::string expected;
};

class Expansion : public testing::TestWithParam<ExpansionCase> {};

TEST_P(Expansion, PutsTheNumberIn) {
  Report report;
  report.add_file("a.toml", "");
  EXPECT_EQ(expand(Text(GetParam().text, {}), GetParam().index, report), GetParam().expected);
  EXPECT_FALSE(report.has_errors());
}

INSTANTIATE_TEST_SUITE_P(
    Text, Expansion,
    testing::ValuesIn(std::vector<ExpansionCase>{
        {"Decimal", "node{i}", 7, "node7"},
        {"Zeros", "t{i:03}", 7, "t007"},
        {"ZerosDecimal", "t{i:03d}", 7, "t007"},
        {"Blanks", "t{i:3}", 7, "t  7"},
        {"Hexadecimal", "0000:{i:02x}:00.0", 63, "0000:3f:00.0"},
        {"UpperCase", "{i:X}", 0xab, "AB"},
        {"WiderThanItsWidth", "{i:02x}", 300, "12c"},
        {"Twice", "{i}-{i:02}", 1, "1-01"},
        {"Largest", "{i}", 4294967295, "4294967295"},
        {"OtherBracesStay", R"({"a": {uuid}, "i": {item}, {})", 3,
         R"({"a": {uuid}, "i": {item}, {})"},
        {"NothingToReplaceOutsideOfRepeat", "plain {uuid}", std::nullopt, "plain {uuid}"},
        {"Empty", "", 1, ""}}),
    [](const testing::TestParamInfo<ExpansionCase>& tested) { return tested.param.name; });

class WrongExpansion : public testing::TestWithParam<std::string> {};

TEST_P(WrongExpansion, IsReportedOnce) {
  Report report;
  report.add_file("a.toml", "");
  EXPECT_EQ(expand(Text(GetParam(), {}), 5, report), std::nullopt);
  EXPECT_EQ(report.count(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Text, WrongExpansion,
                         testing::Values("{i:z}", "{i:2y}", "{i:", "{i:033}", "{i:99999999999}",
                                         "{i:-1}", "{i: 2}"));

TEST(Expansion, OutsideOfRepeatIsReported) {
  Report report;
  report.add_file("a.toml", "");
  EXPECT_EQ(expand(Text("a{i}", {}), std::nullopt, report), std::nullopt);
  EXPECT_EQ(report.count(), 1U);
}

TEST(ParseSize, TakesBinaryUnitsAndPlainNumbers) {
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("0x1000"), 4096U);
  EXPECT_EQ(parse_size("4KiB"), 4096U);
  EXPECT_EQ(parse_size("16 MiB"), 16U << 20);
  EXPECT_EQ(parse_size("1GiB"), std::uint64_t{1} << 30);
  EXPECT_EQ(parse_size("1TiB"), std::uint64_t{1} << 40);
  EXPECT_EQ(parse_size("16777215TiB"), std::uint64_t{16777215} << 40);
}

TEST(ParseSize, RefusesWhatIsAmbiguousOrTooLarge) {
  for (const char* text : {"", "MiB", "4MB", "4K", "-4", "+4", "4.5MiB", "0x", "x", " 4",
                           "16777216TiB", "18446744073709551616"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(CheckFileName, AcceptsWhatSysfsCanShow) {
  for (const char* name : {"mtty", "0000:3b:00.0", "GVTg_V5_4", "a!b", "GRID-T4", "...", "é"}) {
    EXPECT_FALSE(check_file_name(name)) << name;
  }
}

TEST(CheckFileName, RefusesWhatItCannot) {
  using std::string_literals::operator""s;
  for (const std::string& name :
       {""s, "."s, ".."s, "a/b"s, "a b"s, "a\nb"s, "a\0b"s, "a\x7f"s, std::string(201, 'a')}) {
    EXPECT_TRUE(check_file_name(name)) << name;
  }
}

TEST(Nearest, SuggestsWhatIsAFewLettersAway) {
  const std::vector<std::string_view> known = {"vendor", "device", "class"};
  EXPECT_EQ(nearest("vender", known), "vendor");
  EXPECT_EQ(nearest("clas", known), "class");
  EXPECT_EQ(nearest("colour", known), "");
}

TEST(Printable, KeepsTextAndHidesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("plain é 漢 😀"), "plain é 漢 😀");
  EXPECT_EQ(printable("a\tb"), "a b");
  EXPECT_EQ(printable("\033[31m"), "\xEF\xBF\xBD[31m");
  EXPECT_EQ(printable("a\xff"
                      "b\xc3"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\xEF\xBF\xBD"
            "31m");
}

}  // namespace
}  // namespace mdevsim::config
