#include "sim/model/destinations.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "sim/base/limits.h"
#include "sim/base/random.h"
#include "tests/support/exhaustive.h"
#include "tests/support/sample_models.h"

namespace mdevsim::model {
namespace {

using testing::built;
using testing::exhaustive_best;
using testing::family_spec;
using testing::my_nic_spec;

// Destinations of one model, by their configurations.
class List {
 public:
  List(const DeviceModel& model, const std::vector<std::string>& texts) : model_(model) {
    for (const std::string& text : texts) add(text);
  }

  void add(const std::string& text) {
    configurations_.push_back(*parse_configuration(model_, text));
    devices_.push_back({model_, configurations_.back()});
  }

  const std::vector<Device>& devices() const { return devices_; }

 private:
  const DeviceModel& model_;
  std::deque<Configuration> configurations_;
  std::vector<Device> devices_;
};

std::optional<Choice> best(const Destinations& destinations, const DeviceModel& model,
                           const std::string& source) {
  const Configuration configuration = *parse_configuration(model, source);
  return destinations.best({model, configuration});
}

const DeviceModel& my_nic() {
  static const DeviceModel model = built(my_nic_spec());
  return model;
}

TEST(Destinations, AnIdenticalOneIsBest) {
  const List list(my_nic(), {"version=3", "version=2,rss=off", "version=1", "version=1"});
  const Destinations destinations(list.devices());
  EXPECT_EQ(best(destinations, my_nic(), "version=1"), (Choice{2, Answer::identical, 0}));
}

TEST(Destinations, OneThatIsCompatibleAsItIsComesBeforeOneToBeConfigured) {
  const List list(my_nic(), {"version=2", "version=3,rss=off,rx-filter-size=0"});
  const Destinations destinations(list.devices());
  EXPECT_EQ(best(destinations, my_nic(), "version=1"), (Choice{1, Answer::compatible, 0}));
}

TEST(Destinations, FewerStepsAreBetter) {
  const List list(my_nic(), {"version=3", "version=2"});
  const Destinations destinations(list.devices());
  EXPECT_EQ(best(destinations, my_nic(), "version=1"), (Choice{1, Answer::configurable, 1}));
}

TEST(Destinations, OfEqualOnesTheFirstThatIsFreeIsChosen) {
  const List list(my_nic(), {"version=2", "version=3", "version=3", "version=2"});
  Destinations destinations(list.devices());
  EXPECT_EQ(destinations.kinds(), 2U);
  EXPECT_EQ(best(destinations, my_nic(), "version=3")->destination, 1U);
  destinations.set_free(1, false);
  EXPECT_EQ(best(destinations, my_nic(), "version=3")->destination, 2U);
  destinations.set_free(2, false);
  EXPECT_EQ(best(destinations, my_nic(), "version=3"), (Choice{0, Answer::configurable, 1}));
  destinations.set_free(1, true);
  EXPECT_EQ(best(destinations, my_nic(), "version=3")->destination, 1U);
}

TEST(Destinations, WithoutACompatibleOneThereIsNone) {
  const List list(my_nic(), {"version=1", "version=2"});
  const Destinations destinations(list.devices());
  EXPECT_EQ(best(destinations, my_nic(), "version=3,rx-filter-size=200"), std::nullopt);
  EXPECT_EQ(best(Destinations({}), my_nic(), "version=1"), std::nullopt);
}

TEST(Destinations, AnotherReleaseOfTheModelIsDecidedByItsParameters) {
  ModelSpec spec = my_nic_spec();
  spec.parameters.push_back(testing::bool_parameter("tso"));
  const DeviceModel newer = built(spec);
  List list(newer, {"version=1", "version=2,tso=on", "version=2"});
  const Destinations destinations(list.devices());
  EXPECT_EQ(best(destinations, my_nic(), "version=2"), (Choice{2, Answer::compatible, 0}));
  spec.name = "vendor-z.com/other";
  const DeviceModel other = built(spec);
  EXPECT_EQ(best(destinations, other, "version=2"), std::nullopt);
}

TEST(Destinations, AreChosenAsVerdictsOnAllWouldDoIt) {
  const DeviceModel model = built(family_spec());
  std::vector<Device> devices;
  for (int host = 0; host < 2; ++host) {
    for (const Version& version : model.versions())
      devices.push_back({model, version.configuration});
  }
  const Destinations destinations(devices);
  EXPECT_EQ(destinations.kinds(), 300U);
  const std::vector<bool> all(devices.size(), true);
  for (const char* source :
       {"version=7", "rss=off,filter=255", "version=120,ring=packed,filter=3", "version=299",
        "version=30,filter=64,hash=none", "version=2,legacy=on", "filter=256,ring=split"}) {
    const Configuration configuration = *parse_configuration(model, source);
    EXPECT_EQ(destinations.best({model, configuration}),
              exhaustive_best({model, configuration}, devices, all))
        << source;
  }
}

// So many parameters, each on or off; any of them may differ between source and destination, and
// then takes a step.
class DestinationsOfParameters : public ::testing::TestWithParam<std::size_t> {
 protected:
  DeviceModel model() const {
    ModelSpec spec;
    spec.name = "vendor-a.com/many";
    for (std::size_t i = 0; i < GetParam(); ++i)
      spec.parameters.push_back(testing::bool_parameter("p" + std::to_string(i)));
    spec.versions = {{1, {}}};
    return built(spec);
  }
  // About one parameter of `period` is on.
  Configuration any(const DeviceModel& model, std::uint64_t period) {
    Configuration configuration = *parse_configuration(model, "");
    configuration.version.reset();
    for (Value& value : configuration.values) value = Value::boolean(random_.next() % period == 0);
    return configuration;
  }

  Random random_{GetParam()};
};

TEST_P(DestinationsOfParameters, TheStepsOfAllOfThemCount) {
  constexpr std::size_t kDestinations = 700;  // more than a block of rows holds
  const DeviceModel many = model();
  std::deque<Configuration> configurations;
  std::vector<Device> devices;
  for (std::size_t i = 0; i < kDestinations; ++i) {
    configurations.push_back(any(many, 2 + i % 5));
    devices.push_back({many, configurations.back()});
  }
  const Destinations destinations(devices);
  const std::vector<bool> all(devices.size(), true);
  for (std::uint64_t period = 1; period <= 8; ++period) {
    const Configuration source = any(many, period);
    EXPECT_EQ(destinations.best({many, source}), exhaustive_best({many, source}, devices, all))
        << "one in " << period << " is on";
  }
}

INSTANTIATE_TEST_SUITE_P(Numbers, DestinationsOfParameters,
                         ::testing::Values(1, 7, 8, 14, 15, 64, 255, kParametersMax),
                         ::testing::PrintToStringParamName());

// Every number that has a row, and those beside it.
TEST(Destinations, NumbersThatNoRangeMentionsAreCompatibleWithNothing) {
  ModelSpec spec = my_nic_spec();
  spec.parameters[1].allowed = {{Value::integer(INT64_MIN), Value::integer(-5), {}},
                                {Value::integer(0), Value::integer(0), {}},
                                {Value::integer(9'000'000'000), Value::integer(INT64_MAX), {}}};
  spec.versions.resize(2);
  const DeviceModel model = built(spec);
  const List list(model, {"version=2", "version=2,rx-filter-size=-7"});
  const Destinations destinations(list.devices());
  const std::vector<bool> all(2, true);
  Configuration source = *parse_configuration(model, "version=2");
  for (const std::int64_t number :
       {INT64_MIN, INT64_MIN + 1, std::int64_t{-8}, std::int64_t{-7}, std::int64_t{-6},
        std::int64_t{-5}, std::int64_t{-4}, std::int64_t{0}, std::int64_t{1},
        std::int64_t{8'999'999'999}, std::int64_t{9'000'000'000}, INT64_MAX}) {
    source.values[1] = Value::integer(number);
    EXPECT_EQ(destinations.best({model, source}),
              exhaustive_best({model, source}, list.devices(), all))
        << number;
  }
}

}  // namespace
}  // namespace mdevsim::model
