// What holds for any two configurations of any family: text and back, and what the verdict
// promises.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "sim/model/matrix.h"
#include "sim/model/verdict.h"
#include "tests/support/any_configuration.h"
#include "tests/support/exhaustive.h"

namespace mdevsim::model {
namespace {

using testing::any_configuration;
using testing::any_model;

RC_GTEST_PROP(ConfigurationText, IsReadAsItWasWritten, ()) {
  const auto owner = any_model();
  const DeviceModel& model = *owner;
  const Configuration configuration = any_configuration(model);
  RC_ASSERT(*parse_configuration(model, to_text(model, configuration)) == configuration);
}

RC_GTEST_PROP(ConfigurationText, OfAnyBytesIsRefusedOrHasACanonicalForm,
              (const std::string& text)) {
  const auto owner = any_model();
  const DeviceModel& model = *owner;
  const auto read = parse_configuration(model, text);
  if (read) {
    RC_ASSERT(*parse_configuration(model, to_text(model, *read)) == *read);
  } else {
    RC_ASSERT(!read.error().why.empty());
  }
}

RC_GTEST_PROP(Verdict, IsReflexive, ()) {
  const auto owner = any_model();
  const DeviceModel& model = *owner;
  const Configuration configuration = any_configuration(model);
  RC_ASSERT(decide({model, configuration}, {model, configuration}).answer == Answer::identical);
}

RC_GTEST_PROP(Verdict, HoldsAfterItsSteps, ()) {
  const auto owner = any_model();
  const DeviceModel& model = *owner;
  const Configuration source = any_configuration(model);
  const Configuration target = any_configuration(model);
  const Verdict verdict = decide({model, source}, {model, target});
  RC_ASSERT((verdict.answer == Answer::configurable) == !verdict.steps.empty());
  RC_ASSERT((verdict.answer == Answer::incompatible) == !verdict.reasons.empty());
  if (verdict.answer == Answer::incompatible) return;
  const Configuration changed = apply(model, target, verdict.steps);
  const Verdict again = decide({model, source}, {model, changed});
  RC_ASSERT(again.answer == Answer::identical || again.answer == Answer::compatible);
  for (std::size_t i = 0; i < changed.values.size(); ++i) {
    if (model.parameters()[i].is_active(source.values[i]))
      RC_ASSERT(changed.values[i] == source.values[i]);
    else
      RC_ASSERT(!model.parameters()[i].is_active(changed.values[i]));
  }
}

RC_GTEST_PROP(Verdict, EveryStepLeavesAConfigurationThatTheModelSupports, ()) {
  const auto owner = any_model();
  const DeviceModel& model = *owner;
  const Configuration source = any_configuration(model);
  Configuration target = any_configuration(model);
  const Verdict verdict = decide({model, source}, {model, target});
  for (const Step& step : verdict.steps) {
    target = apply(model, target, {step});
    RC_ASSERT(parse_configuration(model, to_text(model, target)).has_value());
  }
}

RC_GTEST_PROP(VersionMatrix, AgreesWithTheVerdict, ()) {
  const auto owner = any_model();
  const DeviceModel& model = *owner;
  const VersionMatrix matrix(model);
  const auto source = *rc::gen::inRange<std::size_t>(0, matrix.size());
  const Device from{model, model.versions()[source].configuration};
  for (std::size_t target = 0; target < matrix.size(); ++target) {
    const Verdict verdict = decide(from, {model, model.versions()[target].configuration});
    RC_ASSERT(matrix.is_compatible(source, target) == (verdict.answer != Answer::incompatible));
  }
}

// Destinations of two hosts, some of them in use, some with parameters of their own.
RC_GTEST_PROP(Destinations, TheBestIsWhatVerdictsOnAllWouldChoose, ()) {
  const auto owner = any_model();
  const DeviceModel& model = *owner;
  std::vector<Configuration> configurations;
  const auto own = *rc::gen::inRange(0, 20);
  for (int i = 0; i < own; ++i) configurations.push_back(any_configuration(model));
  std::vector<Device> devices;
  for (const Configuration& configuration : configurations)
    devices.push_back({model, configuration});
  const auto listed = *rc::gen::inRange<std::size_t>(0, 20);
  for (std::size_t i = 0; i < listed; ++i)
    devices.push_back({model, model.versions()[i * 13 % model.versions().size()].configuration});
  for (std::size_t i = devices.size(); i-- > 0;) devices.push_back(devices[i]);
  Destinations destinations(devices);
  std::vector<bool> is_free(devices.size(), true);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    is_free[i] = *rc::gen::arbitrary<bool>();
    destinations.set_free(i, is_free[i]);
  }
  const Configuration source = any_configuration(model);
  RC_ASSERT(destinations.best({model, source}) ==
            testing::exhaustive_best({model, source}, devices, is_free));
}

}  // namespace
}  // namespace mdevsim::model
