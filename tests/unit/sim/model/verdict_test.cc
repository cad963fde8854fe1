#include "sim/model/verdict.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/model/matrix.h"
#include "tests/support/sample_models.h"

namespace mdevsim::model {
namespace {

using testing::built;
using testing::family_spec;
using testing::my_nic_spec;

// "configurable: disable rss; set rx-filter-size 64"
std::string said(const DeviceModel& source_model, const std::string& source,
                 const DeviceModel& target_model, const std::string& target) {
  const Configuration from = parse_configuration(source_model, source).value();
  const Configuration to = parse_configuration(target_model, target).value();
  const Device source_device{source_model, from};
  const Device target_device{target_model, to};
  const Verdict verdict = decide(source_device, target_device);
  std::string text(answer_name(verdict.answer));
  for (const Step& step : verdict.steps)
    text += (&step == &verdict.steps[0] ? ": " : "; ") + to_text(step);
  for (const Reason& reason : verdict.reasons) {
    text += (&reason == &verdict.reasons[0] ? ": [" : "; [") + std::string(rule_name(reason.rule)) +
            "] " + to_text(reason, source_device, target_device);
  }
  return text;
}

struct Case {
  const char* source;
  const char* target;
  const char* verdict;
};

class MyNicVerdict : public ::testing::TestWithParam<Case> {};

TEST_P(MyNicVerdict, IsAsTheDiscussionHasIt) {
  static const DeviceModel model = built(my_nic_spec());
  EXPECT_EQ(said(model, GetParam().source, model, GetParam().target), GetParam().verdict);
}

constexpr Case kCases[] = {
    // The discussion's example: a source that does not know rss, a target that has it on.
    {"version=1", "rss=on", "configurable: disable rss"},
    {"version=1", "version=2", "configurable: disable rss"},
    {"version=1", "version=2,rss=off", "compatible"},
    {"version=1", "version=1", "identical"},
    {"version=2", "rss=on", "identical"},
    {"version=2,rx-filter-size=64", "version=3", "identical"},
    {"version=2,rss=off", "version=1", "compatible"},
    {"version=2", "version=1",
     "incompatible: [known] rss: the source has on; the target's version 1 has no such parameter: "
     "it is there since version 2"},
    {"version=3,rx-filter-size=65", "version=2",
     "incompatible: [allowed] rx-filter-size: the source has 65; in the target, 65 is not allowed "
     "in version 2: it may be 0-64"},
    {"version=2", "version=3", "configurable: disable rx-filter-size"},
    {"version=3", "rss=off", "configurable: set rss on; set rx-filter-size 64"},
    {"rx-filter-size=1", "version=3", "configurable: disable rss; set rx-filter-size 1"},
    {"version=3", "version=1",
     "incompatible: [known] rss: the source has on; the target's version 1 has no such parameter: "
     "it is there since version 2; [known] rx-filter-size: the source has 64; the target's version "
     "1 has no such parameter: it is there since version 2"},
};
INSTANTIATE_TEST_SUITE_P(MyNic, MyNicVerdict, ::testing::ValuesIn(kCases));

TEST(Verdict, ModelsOfOtherNamesAreIncompatible) {
  const DeviceModel one = built(my_nic_spec());
  const DeviceModel other = built(family_spec());
  EXPECT_EQ(said(one, "version=1", other, "version=1"),
            "incompatible: [same-model] the source is a vendor-a.com/my-nic, the target a "
            "vendor-b.com/family");
}

TEST(Verdict, TheSchemeMakesNoOtherModel) {
  ModelSpec spec = my_nic_spec();
  const DeviceModel one = built(spec);
  spec.name = "vendor-a.com/my-nic";
  EXPECT_EQ(said(one, "version=2", built(spec), "version=2"), "identical");
}

TEST(Verdict, AParameterOfTheTargetAloneHasToBeOneThatCanBeDisabled) {
  ModelSpec spec = my_nic_spec();
  const DeviceModel source = built(spec);
  spec.parameters.push_back(testing::bool_parameter("tso"));
  EXPECT_EQ(said(source, "version=2", built(spec), "version=2,tso=on"),
            "configurable: disable tso");
  spec.parameters.back().off.reset();
  EXPECT_EQ(
      said(source, "version=2", built(spec), "version=2,tso=on"),
      "incompatible: [can-be-off] tso: the source does not have it; the target has on, and it "
      "cannot be disabled");
}

TEST(Verdict, AParameterOfTheSourceAloneHasToBeOff) {
  ModelSpec spec = my_nic_spec();
  const DeviceModel target = built(spec);
  spec.parameters.push_back(testing::bool_parameter("tso"));
  const DeviceModel source = built(spec);
  EXPECT_EQ(said(source, "version=2", target, "version=2"), "compatible");
  EXPECT_EQ(
      said(source, "version=2,tso=on", target, "version=2"),
      "incompatible: [known] tso: the source has on; the target's model has no such parameter");
}

TEST(Verdict, ParametersOfOneNameAndTwoKindsAreIncompatible) {
  ModelSpec spec = my_nic_spec();
  const DeviceModel source = built(spec);
  spec.parameters[0] = testing::int_parameter("rss", 4, {.since = 2});
  spec.versions.resize(1);
  spec.versions.push_back({2, {}});
  spec.parameters[1].allowed.resize(1);
  EXPECT_EQ(said(source, "version=2", built(spec), "version=2"),
            "incompatible: [same-kind] rss: the source has on; in the target it is of kind int");
}

TEST(Verdict, TheTargetMayRequireWhatTheSourceDoesNotHave) {
  ModelSpec spec = my_nic_spec();
  const DeviceModel source = built(spec);
  spec.parameters[1].requires_active = {"rss"};
  EXPECT_EQ(said(source, "rx-filter-size=1", built(spec), "version=3"),
            "incompatible: [has-required] rx-filter-size: the source has 1; the target requires "
            "something beside it that is off");
}

TEST(Verdict, TheStepsDisableFirstAndRespectWhatIsRequired) {
  const DeviceModel model = built(family_spec());
  EXPECT_EQ(said(model, "version=30,rss=on,hash=none,filter=9,legacy=on", model,
                 "version=30,rss=on,hash=xor,filter=0,legacy=off"),
            "configurable: disable hash; set filter 9; set legacy on");
  EXPECT_EQ(said(model, "rss=off,filter=1", model, "rss=on,hash=xor,filter=0"),
            "configurable: disable hash; disable rss; set filter 1");
  EXPECT_EQ(said(model, "rss=on,hash=xor", model, "rss=off"),
            "configurable: set rss on; set hash \"xor\"");
}

TEST(VersionMatrix, AgreesWithTheVerdictOnEveryPairOfAFamily) {
  const DeviceModel model = built(family_spec());
  const VersionMatrix matrix(model);
  ASSERT_EQ(matrix.size(), 300U);
  std::uint64_t compatible = 0;
  for (std::size_t source = 0; source < matrix.size(); ++source) {
    for (std::size_t target = 0; target < matrix.size(); ++target) {
      const Verdict verdict = decide({model, model.versions()[source].configuration},
                                     {model, model.versions()[target].configuration});
      const bool expected = verdict.answer != Answer::incompatible;
      ASSERT_EQ(matrix.is_compatible(source, target), expected) << source << " to " << target;
      compatible += expected ? 1U : 0U;
    }
  }
  EXPECT_EQ(matrix.count_compatible(), compatible);
  EXPECT_GT(compatible, 300U);
  EXPECT_LT(compatible, 90'000U);
}

TEST(VersionMatrix, OfAModelWithoutVersionsIsEmpty) {
  ModelSpec spec;
  spec.name = "a.b/c";
  const VersionMatrix matrix(built(spec));
  EXPECT_EQ(matrix.size(), 0U);
  EXPECT_EQ(matrix.count_compatible(), 0U);
}

}  // namespace
}  // namespace mdevsim::model
