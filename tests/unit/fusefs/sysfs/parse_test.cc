// What attributes accept, as the recordings of real kernels say.
#include "fusefs/sysfs/parse.h"

#include <gtest/gtest.h>

namespace mdevsim::sysfs {
namespace {

using namespace std::string_literals;

struct NumberCase {
  const char* name;
  std::string text;
  std::optional<std::uint64_t> value;
};
class ParseUnsigned : public ::testing::TestWithParam<NumberCase> {};
TEST_P(ParseUnsigned, ReadsAsKstrtoullDoes) {
  const auto value = parse_unsigned(GetParam().text);
  EXPECT_EQ(value ? std::optional(*value) : std::nullopt, GetParam().value);
}
INSTANTIATE_TEST_SUITE_P(
    Table, ParseUnsigned,
    ::testing::Values(
        NumberCase{"one", "1", 1}, NumberCase{"newline", "1\n", 1}, NumberCase{"zero", "0", 0},
        NumberCase{"hex", "0x1", 1}, NumberCase{"octal", "010", 8}, NumberCase{"plus", "+1", 1},
        NumberCase{"max", "18446744073709551615", UINT64_MAX}, NumberCase{"nul", "1\0"s, 1},
        NumberCase{"nul_junk", "1\0junk"s, 1}, NumberCase{"empty", "", {}},
        NumberCase{"newline_only", "\n", {}}, NumberCase{"space_before", " 1", {}},
        NumberCase{"space_behind", "1 ", {}}, NumberCase{"two_newlines", "1\n\n", {}},
        NumberCase{"word", "yes", {}}, NumberCase{"hex_without_digits", "0x", {}},
        NumberCase{"not_octal", "08", {}}, NumberCase{"minus", "-1", {}},
        NumberCase{"plus_minus", "+-1", {}}, NumberCase{"fraction", "1.5", {}},
        NumberCase{"too_large", "18446744073709551616", {}}, NumberCase{"only_nul", "\0"s, {}}),
    [](const auto& tested) { return std::string(tested.param.name); });

const std::string kUuid = "c0ffee00-1234-4abc-8def-000000000001";

struct CreateCase {
  const char* name;
  std::string text;
  bool accepted;
};
class ParseCreate : public ::testing::TestWithParam<CreateCase> {};
TEST_P(ParseCreate, LooksAt36CharactersAndCounts37) {
  EXPECT_EQ(parse_create(GetParam().text).has_value(), GetParam().accepted);
}
INSTANTIATE_TEST_SUITE_P(Table, ParseCreate,
                         ::testing::Values(CreateCase{"plain", kUuid, true},
                                           CreateCase{"newline", kUuid + "\n", true},
                                           CreateCase{"nul", kUuid + "\0"s, true},
                                           CreateCase{"any_37th", kUuid + "x", true},
                                           CreateCase{"two_newlines", kUuid + "\n\n", false},
                                           CreateCase{"parameters", kUuid + ",version=2", false},
                                           CreateCase{"leading_space", " " + kUuid, false},
                                           CreateCase{"short", kUuid.substr(1), false},
                                           CreateCase{"empty", "", false}),
                         [](const auto& tested) { return std::string(tested.param.name); });

struct EventCase {
  const char* name;
  std::string text;
  bool accepted;
};
class ParseUevent : public ::testing::TestWithParam<EventCase> {};
TEST_P(ParseUevent, ReadsAsKobjectSynthUeventDoes) {
  EXPECT_EQ(parse_uevent(GetParam().text).has_value(), GetParam().accepted);
}
INSTANTIATE_TEST_SUITE_P(
    Table, ParseUevent,
    ::testing::Values(EventCase{"add", "add", true}, EventCase{"add_newline", "add\n", true},
                      EventCase{"offline", "offline", true}, EventCase{"bogus", "bogus", false},
                      EventCase{"newline", "\n", false}, EventCase{"empty", "", false},
                      EventCase{"space_before", " add", false},
                      EventCase{"space_behind", "add ", false}, EventCase{"upper", "ADD", false},
                      EventCase{"longer", "addx", false}, EventCase{"shorter", "chang", false},
                      EventCase{"uuid", "add " + kUuid, true},
                      EventCase{"arguments", "add " + kUuid + " A=1 BC=two", true},
                      EventCase{"not_a_uuid", "change not-a-uuid", false},
                      EventCase{"no_value", "add " + kUuid + " A", false},
                      EventCase{"punctuation", "add " + kUuid + " A=1,2", false},
                      EventCase{"no_space", "add " + kUuid + "A=1", false}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(ParseUevent, KeepsArgumentsInOrder) {
  const auto event = parse_uevent("change " + kUuid + " A=1 BC=two");
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->uuid, kUuid);
  const std::vector<std::pair<std::string, std::string>> expected = {{"A", "1"}, {"BC", "two"}};
  EXPECT_EQ(event->arguments, expected);
}

TEST(ParseDriverOverride, EndsAtTheFirstNewlineAndRefusesAPage) {
  EXPECT_EQ(*parse_driver_override("vfio-pci\n"), "vfio-pci");
  EXPECT_EQ(*parse_driver_override("\n"), "");
  EXPECT_FALSE(parse_driver_override(std::string(4095, 'd')).has_value());
  EXPECT_TRUE(parse_driver_override(std::string(4094, 'd')).has_value());
}

TEST(ParsePciId, NeedsTwoHexadecimalFields) {
  EXPECT_EQ(parse_pci_id("1b36 0010")->device, 0x10u);
  EXPECT_FALSE(parse_pci_id("junk").has_value());
  EXPECT_FALSE(parse_pci_id("1b36").has_value());
  EXPECT_EQ(parse_pci_id("1b36 0010 1af4 1100 010802 ffffff")->class_mask, 0xffffffu);
}

TEST(ParseInt, KnowsTheSign) {
  EXPECT_EQ(*parse_int("-1\n"), -1);
  EXPECT_FALSE(parse_int("--1").has_value());
  EXPECT_FALSE(parse_int("-+1").has_value());
  EXPECT_EQ(parse_int("4294967296").error().code, Errc::range);
}

}  // namespace
}  // namespace mdevsim::sysfs
