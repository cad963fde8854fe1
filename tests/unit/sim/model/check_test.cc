#include "sim/model/check.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/support/sample_models.h"

namespace mdevsim::model {
namespace {

using Place = Fault::Place;

struct Mistake {
  const char* name;
  void (*make)(ModelSpec& spec);
  Place place;
  const char* parameter;
  const char* why;
};

class ModelCheck : public ::testing::TestWithParam<Mistake> {};

TEST_P(ModelCheck, FindsTheMistakeAndItsPlace) {
  ModelSpec spec = testing::my_nic_spec();
  GetParam().make(spec);
  const auto faults = check(spec);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].place, GetParam().place);
  EXPECT_EQ(faults[0].parameter, GetParam().parameter);
  EXPECT_EQ(faults[0].why, GetParam().why);
  EXPECT_NE(faults[0].help, "");
  EXPECT_EQ(DeviceModel::build(spec).error().code, Errc::invalid);
}

const Mistake kMistakes[] = {
    {"Name", [](ModelSpec& s) { s.name = "my-nic"; }, Place::name, "",
     "the model's name does not start with a domain name"},
    {"ParameterName", [](ModelSpec& s) { s.parameters.push_back(testing::bool_parameter("a,b")); },
     Place::parameter, "a,b",
     "the parameter's name has `=`, `/`, `,`, a blank or a control character"},
    {"ParameterTwice", [](ModelSpec& s) { s.parameters.push_back(s.parameters[0]); },
     Place::parameter, "rss", "the model has a parameter of this name already"},
    {"VersionZero",
     [](ModelSpec& s) {
       s.versions.push_back({0, {}});
     },
     Place::version, "", "versions are numbered from 1"},
    {"VersionTwice",
     [](ModelSpec& s) {
       s.versions.push_back({2, {}});
     },
     Place::version, "", "the model has a version of this number already"},
    {"OffOfAnotherKind", [](ModelSpec& s) { s.parameters[0].off = Value::integer(0); }, Place::off,
     "rss", "the off value is of kind int, the parameter of kind bool"},
    {"RangeBackwards", [](ModelSpec& s) { s.parameters[1].allowed[1].most = Value::integer(1); },
     Place::allowed, "rx-filter-size", "the range ends before it begins"},
    {"DisableStringThatIsAValue",
     [](ModelSpec& s) {
       s.parameters.push_back(testing::text_parameter("ring", {"split", "packed"}));
       s.parameters.back().off = Value::string("split");
       s.disable_string = "packed";
     },
     Place::disable_string, "", "\"packed\" is a value that `ring` may have"},
    {"DisableStringOfTwo", [](ModelSpec& s) { s.disable_string = "none,nothing"; },
     Place::disable_string, "", "the text that disables has a comma or a control character"},
    {"OffNotAllowed", [](ModelSpec& s) { s.parameters[1].off = Value::integer(300); }, Place::off,
     "rx-filter-size", "the off value 300 is not allowed in version 2: it may be 0-64"},
    {"InitialAllowedLater", [](ModelSpec& s) { s.parameters[1].initial = Value::integer(65); },
     Place::initial, "rx-filter-size",
     "the initial value 65 is not allowed in version 2: it may be 0-64"},
    {"SinceBehindTheNewest",
     [](ModelSpec& s) { s.parameters.push_back(testing::bool_parameter("x", {.since = 4})); },
     Place::versions, "x", "no version has the parameter: the newest is 3"},
    {"UntilBeforeSince",
     [](ModelSpec& s) {
       s.parameters.push_back(testing::bool_parameter("x", {.since = 3, .until = 2}));
     },
     Place::versions, "x", "`until` is before `since`, so no version has the parameter"},
    {"RequiresUnknown", [](ModelSpec& s) { s.parameters[0].requires_active = {"tso"}; },
     Place::requires_active, "rss", "the model has no parameter `tso` to require"},
    {"RequiresItself", [](ModelSpec& s) { s.parameters[0].requires_active = {"rss"}; },
     Place::requires_active, "rss", "the parameter requires itself"},
    {"RequiresInACircle",
     [](ModelSpec& s) {
       s.parameters[0].requires_active = {"rx-filter-size"};
       s.parameters[1].requires_active = {"rss"};
     },
     Place::requires_active, "rss",
     "parameters require one another in a circle, and this is one of them"},
    {"RequiresAndCannotBeDisabled",
     [](ModelSpec& s) {
       s.parameters[1].off.reset();
       s.parameters[1].requires_active = {"rss"};
     },
     Place::requires_active, "rx-filter-size",
     "a parameter that cannot be disabled cannot require another"},
    {"VersionOfUnknown",
     [](ModelSpec& s) {
       s.versions[0].values = {{"tso", Value::boolean(true)}};
     },
     Place::version_value, "tso", "`tso`: the model has no such parameter"},
    {"VersionWithoutParameter",
     [](ModelSpec& s) {
       s.versions[0].values = {{"rss", Value::boolean(true)}};
     },
     Place::version_value, "rss",
     "`rss`: version 1 has no such parameter: it is there since version 2"},
    {"VersionOfAnotherKind",
     [](ModelSpec& s) {
       s.versions[1].values = {{"rss", Value::integer(1)}};
     },
     Place::version_value, "rss", "`rss`: the value is of kind int, the parameter of kind bool"},
    {"VersionNotAllowed",
     [](ModelSpec& s) {
       s.versions[1].values = {{"rx-filter-size", Value::integer(65)}};
     },
     Place::version_value, "rx-filter-size",
     "`rx-filter-size`: 65 is not allowed in version 2: it may be 0-64"},
    {"VersionWithoutRequired",
     [](ModelSpec& s) {
       s.parameters[1].requires_active = {"rss"};
       s.versions[2].values.erase(s.versions[2].values.begin());
     },
     Place::version_value, "rx-filter-size",
     "`rx-filter-size`: in version 3 it needs `rss`, which is off"},
    {"PatternOfUnknown",
     [](ModelSpec& s) {
       s.family = FamilySpec{4, {{"tso", {Value::boolean(true)}, 2, 0}}, {}};
     },
     Place::pattern, "tso", "the model has no parameter `tso`"},
    {"PatternTwice",
     [](ModelSpec& s) {
       const PatternSpec pattern{"rss", {Value::boolean(true)}, 2, 0};
       s.family = FamilySpec{4, {pattern, pattern}, {}};
     },
     Place::pattern, "rss", "the parameter has a pattern already"},
    {"PatternOfNeitherKind",
     [](ModelSpec& s) {
       s.family = FamilySpec{4, {{"rss", {Value::boolean(true)}, 2, 2}}, {}};
     },
     Place::pattern, "rss", "the pattern is neither of the two that there are"},
    {"PatternNotAllowed",
     [](ModelSpec& s) {
       s.family = FamilySpec{4, {{"rx-filter-size", {Value::integer(999)}, 4, 0}}, {}};
     },
     Place::pattern_value, "rx-filter-size",
     "`rx-filter-size`: 999 is not allowed in version 4: it may be 0-64 or 65-256"},
};
INSTANTIATE_TEST_SUITE_P(MyNic, ModelCheck, ::testing::ValuesIn(kMistakes),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(ModelCheck, FindsNothingInTheSamples) {
  EXPECT_TRUE(check(testing::my_nic_spec()).empty());
  EXPECT_TRUE(check(testing::family_spec()).empty());
}

TEST(ModelCheck, TheEmptyTextIsNoValueButTheOffValue) {
  ModelSpec spec = testing::my_nic_spec();
  spec.parameters.push_back(testing::text_parameter("mode", {"a", ""}));
  spec.parameters.back().off = Value::string("a");
  EXPECT_TRUE(check(spec).empty());
  spec.versions[0].values = {{"mode", Value::string("")}};
  ASSERT_EQ(check(spec).size(), 1U);
  EXPECT_EQ(check(spec)[0].parameter, "mode");
}

}  // namespace
}  // namespace mdevsim::model
