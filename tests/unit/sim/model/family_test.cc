#include "sim/model/family.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/sample_models.h"

namespace mdevsim::model {
namespace {

using testing::bool_parameter;
using testing::built;
using testing::family_spec;
using testing::int_parameter;

std::vector<Value> column(const std::vector<std::vector<Value>>& versions, std::size_t parameter) {
  std::vector<Value> values;
  for (const auto& version : versions) values.push_back(version[parameter]);
  return values;
}

TEST(Family, EveryKthVersionHasTheValueOfAPattern) {
  const std::vector<Parameter> parameters = {bool_parameter("rss")};
  const auto versions = expand_family(parameters, {7, {{"rss", {Value::boolean(true)}, 3, 0}}, {}});
  const Value on = Value::boolean(true);
  const Value off = Value::boolean(false);
  EXPECT_EQ(column(versions, 0), (std::vector<Value>{off, off, on, off, off, on, off}));
}

TEST(Family, ValuesAreHeldAndGoRound) {
  const std::vector<Parameter> parameters = {int_parameter("queues", 8)};
  const auto versions = expand_family(
      parameters, {5, {{"queues", {Value::integer(4), Value::integer(8)}, 0, 2}}, {}});
  const Value four = Value::integer(4);
  const Value eight = Value::integer(8);
  EXPECT_EQ(column(versions, 0), (std::vector<Value>{four, four, eight, eight, four}));
}

TEST(Family, AVersionHasNoParameterThatComesLater) {
  const std::vector<Parameter> parameters = {bool_parameter("rss", {.since = 2, .until = 3})};
  const auto versions = expand_family(parameters, {4, {{"rss", {Value::boolean(true)}, 1, 0}}, {}});
  EXPECT_EQ(column(versions, 0),
            (std::vector<Value>{{}, Value::boolean(true), Value::boolean(true), {}}));
}

TEST(Family, TheSameSeedMakesTheSameVersions) {
  const ModelSpec spec = family_spec();
  EXPECT_EQ(expand_family(spec.parameters, *spec.family),
            expand_family(spec.parameters, *spec.family));
  FamilySpec other = *spec.family;
  other.seed = 8;
  EXPECT_NE(expand_family(spec.parameters, *spec.family), expand_family(spec.parameters, other));
}

TEST(Family, ASeedChangesOneParameterAtATime) {
  const std::vector<Parameter> parameters = {bool_parameter("a"), int_parameter("b", 100),
                                             bool_parameter("c")};
  const auto versions = expand_family(parameters, {100, {}, 1});
  for (std::size_t i = 1; i < versions.size(); ++i) {
    int changes = 0;
    for (std::size_t p = 0; p < parameters.size(); ++p)
      changes += versions[i][p] == versions[i - 1][p] ? 0 : 1;
    EXPECT_EQ(changes, 1) << "version " << i + 1;
  }
}

TEST(Family, AListedVersionTakesThePlaceOfTheFamilys) {
  ModelSpec spec = family_spec();
  spec.versions = {{30, {{"filter", Value::integer(11)}}}, {1000, {}}};
  const DeviceModel model = built(spec);
  EXPECT_EQ(model.versions().size(), 301U);
  EXPECT_EQ(model.newest(), 1000U);
  EXPECT_EQ(to_full_text(model, model.find_version(30)->configuration),
            "filter=11,hash=none,legacy=off,ring=split,rss=off");
  EXPECT_EQ(model.find_version(301), nullptr);
}

TEST(Family, AThousandVersionsOfSixtyFourParametersCanBeBuilt) {
  ModelSpec spec;
  spec.name = "vendor-b.com/large";
  for (std::uint32_t i = 0; i < 64; ++i)
    spec.parameters.push_back(int_parameter("p" + std::to_string(i), i, {.since = i + 1}));
  spec.family = FamilySpec{1000, {}, 1};
  const DeviceModel model = built(spec);
  std::set<std::string> configurations;
  for (const Version& version : model.versions())
    configurations.insert(to_full_text(model, version.configuration));
  EXPECT_GT(configurations.size(), 900U);
}

}  // namespace
}  // namespace mdevsim::model
