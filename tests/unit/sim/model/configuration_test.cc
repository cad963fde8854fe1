#include "sim/model/configuration.h"

#include <gtest/gtest.h>

#include "sim/base/limits.h"
#include "tests/support/sample_models.h"

namespace mdevsim::model {
namespace {

const DeviceModel& my_nic() {
  static const DeviceModel model = testing::built(testing::my_nic_spec());
  return model;
}

struct Accepted {
  const char* text;
  const char* canonical;
  const char* full;
};

class ConfigurationText : public ::testing::TestWithParam<Accepted> {};

TEST_P(ConfigurationText, IsReadAndWrittenInTheCanonicalForm) {
  const auto read = parse_configuration(my_nic(), GetParam().text);
  ASSERT_TRUE(read.has_value()) << read.error().why;
  EXPECT_EQ(to_text(my_nic(), *read), GetParam().canonical);
  EXPECT_EQ(to_full_text(my_nic(), *read), GetParam().full);
}

constexpr Accepted kAccepted[] = {
    {"version=1", "version=1", ""},
    {"version=2", "version=2", "rss=on,rx-filter-size=0"},
    {"version=2,rx-filter-size=64", "version=2,rx-filter-size=64", "rss=on,rx-filter-size=64"},
    {"rx-filter-size=64,version=2", "version=2,rx-filter-size=64", "rss=on,rx-filter-size=64"},
    {"rx-filter-size=0", "rss=off,rx-filter-size=0", "rss=off,rx-filter-size=0"},
    {"", "rss=off,rx-filter-size=0", "rss=off,rx-filter-size=0"},
    {"version=2,rss=on", "version=2", "rss=on,rx-filter-size=0"},
    {"version=2,rss=0", "version=2,rss=off", "rss=off,rx-filter-size=0"},
    {"version=2,rss=", "version=2,rss=off", "rss=off,rx-filter-size=0"},
    {"rss=1,rx-filter-size=", "rss=on,rx-filter-size=0", "rss=on,rx-filter-size=0"},
    {"version=3,rx-filter-size=256", "version=3,rx-filter-size=256", "rss=on,rx-filter-size=256"},
};
INSTANTIATE_TEST_SUITE_P(MyNic, ConfigurationText, ::testing::ValuesIn(kAccepted));

struct Refused {
  const char* text;
  Errc code;
  const char* why;
};

class RefusedConfiguration : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedConfiguration, NamesParameterValueAndRule) {
  const auto read = parse_configuration(my_nic(), GetParam().text);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, GetParam().code);
  EXPECT_EQ(read.error().why, GetParam().why);
}

constexpr Refused kRefused[] = {
    {"version=9", Errc::not_supported,
     "`version`: https://vendor-a.com/my-nic has no version 9: its versions are from 1 to 3"},
    {"version=99999999999999999999", Errc::not_supported,
     "`version`: https://vendor-a.com/my-nic has no version 99999999999999999999: its versions are "
     "from 1 to 3"},
    {"version=", Errc::invalid, "`version`: \"\" is no number"},
    {"version=two", Errc::invalid, "`version`: \"two\" is no number"},
    {"version=2x", Errc::invalid, "`version`: \"2x\" is no number"},
    {"version=2,version=2", Errc::invalid, "`version` is set twice"},
    {"rss=on,rss=off", Errc::invalid, "`rss` is set twice"},
    {"tso=on", Errc::invalid, "`tso`: https://vendor-a.com/my-nic has no such parameter"},
    {"version=1,rss=on", Errc::invalid,
     "`rss`: version 1 has no such parameter: it is there since version 2"},
    {"version=2,rx-filter-size=65", Errc::invalid,
     "`rx-filter-size`: 65 is not allowed in version 2: it may be 0-64"},
    {"rx-filter-size=257", Errc::invalid,
     "`rx-filter-size`: 257 is not allowed in version 3: it may be 0-64 or 65-256"},
    {"rx-filter-size=1e3", Errc::invalid, "`rx-filter-size`: \"1e3\" is not a decimal number"},
    {"rss=yes", Errc::invalid, "`rss`: \"yes\" is not on or off"},
    {"rss", Errc::invalid, "\"rss\" is no NAME=VALUE: write version=2,rss=on"},
    {"=on", Errc::invalid, "\"=on\" is no NAME=VALUE: write version=2,rss=on"},
    {"rss=on,", Errc::invalid, "nothing stands behind the last comma"},
    {"rss=on,,rx-filter-size=0", Errc::invalid, "\"\" is no NAME=VALUE: write version=2,rss=on"},
    {" rss=on", Errc::invalid, "` rss`: https://vendor-a.com/my-nic has no such parameter"},
};
INSTANTIATE_TEST_SUITE_P(MyNic, RefusedConfiguration, ::testing::ValuesIn(kRefused));

TEST(Configuration, OfTooManyBytesIsRefused) {
  const std::string text = "rx-filter-size=" + std::string(kConfigurationBytesMax, '0');
  EXPECT_EQ(parse_configuration(my_nic(), text).error().code, Errc::invalid);
}

TEST(Configuration, TheLatestIsTheNewestVersion) {
  EXPECT_EQ(to_text(my_nic(), latest_configuration(my_nic())), "version=3");
}

TEST(Configuration, OfAModelWithoutVersionsIsItsParameters) {
  ModelSpec spec = testing::my_nic_spec();
  spec.versions.clear();
  for (Parameter& parameter : spec.parameters) parameter.versions = {};
  const DeviceModel model = testing::built(spec);
  EXPECT_EQ(to_text(model, latest_configuration(model)), "rss=off,rx-filter-size=0");
  EXPECT_EQ(parse_configuration(model, "version=1").error().code, Errc::not_supported);
  EXPECT_EQ(to_text(model, *parse_configuration(model, "rss=on")), "rss=on,rx-filter-size=0");
}

TEST(Configuration, AParameterNeedsWhatItRequires) {
  const DeviceModel model = testing::built(testing::family_spec());
  EXPECT_TRUE(parse_configuration(model, "hash=xor,rss=on").has_value());
  const auto refused = parse_configuration(model, "hash=xor,rss=off");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, "`hash=xor`: it needs `rss`, which is off");
}

TEST(Configuration, AParameterWithoutAnOffValueCannotBeDisabled) {
  ModelSpec spec = testing::my_nic_spec();
  spec.parameters[0].off.reset();
  Parameter label = testing::text_parameter("label", {"nic"});
  label.allowed.clear();
  spec.parameters.push_back(label);
  const DeviceModel model = testing::built(spec);
  EXPECT_EQ(parse_configuration(model, "rss=").error().why,
            "`rss`: it cannot be disabled: the model has no off value");
  EXPECT_EQ(parse_configuration(model, "label=").error().why,
            "`label`: it cannot be disabled: the model has no off value");
  const auto now = *parse_configuration(model, "version=1,label=x");
  EXPECT_EQ(with_value(model, now, 0, Value::string("")).error().why,
            "`label`: \"\" is not allowed in version 1: it may be text that is not empty");
}

TEST(Configuration, TheModelMayNameAStringThatDisables) {
  ModelSpec spec = testing::my_nic_spec();
  spec.disable_string = "none";
  const DeviceModel model = testing::built(spec);
  EXPECT_EQ(to_text(model, *parse_configuration(model, "version=3,rss=none,rx-filter-size=none")),
            "version=3,rss=off,rx-filter-size=0");
  EXPECT_EQ(parse_configuration(model, "version=1,rss=none").error().why,
            "`rss`: version 1 has no such parameter: it is there since version 2");
  EXPECT_EQ(parse_configuration(my_nic(), "rss=none").error().why,
            "`rss`: \"none\" is not on or off");
}

TEST(Configuration, TheDisableStringIsAnOrdinaryTextForWhatCannotBeDisabled) {
  ModelSpec spec = testing::my_nic_spec();
  spec.parameters.push_back(testing::text_parameter("ring", {"split", "none"}));
  spec.disable_string = "none";
  const DeviceModel model = testing::built(spec);
  EXPECT_EQ(to_text(model, *parse_configuration(model, "version=1,ring=none")),
            "version=1,ring=none");
}

TEST(Setting, IsWhatStandsBehindTheEqualsSign) {
  const Parameter& filter = my_nic().parameters()[1];
  EXPECT_EQ(*parse_setting(my_nic(), filter, "100", 3), Value::integer(100));
  EXPECT_EQ(*parse_setting(my_nic(), filter, "", 3), Value::integer(0));
  EXPECT_EQ(parse_setting(my_nic(), filter, "100", 2).error().code, Errc::invalid);
}

}  // namespace
}  // namespace mdevsim::model
