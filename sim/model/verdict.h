// Whether the state of one device may be loaded into another, and what to change first. This is the
// only code that decides it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/model/device_model.h"

namespace mdevsim::model {

// A device as far as compatibility goes. Borrows both.
struct Device {
  const DeviceModel& model;
  const Configuration& configuration;
};

enum class Answer : std::uint8_t {
  identical,     // the same model, and every parameter has the same value
  compatible,    // as it is: the difference is in parameters that are off
  configurable,  // after the steps
  incompatible,  // for the reasons
};

// One change to the target.
struct Step {
  const Parameter* parameter;  // of the target
  const Value* value;          // what it is to be; the off value in order to disable it
  bool disables;
};

enum class Rule : std::uint8_t {
  same_model,    // the names of the models are equal
  known,         // the target has every active parameter of the source
  same_kind,     // … of the same kind
  allowed,       // … and may have its value
  can_be_off,    // what the source has not, or off, can be disabled
  has_required,  // what an active parameter requires is active beside it
};

// Why a target cannot be used. A value is absent, and null is not used, where a device does not
// have the parameter; the parameter is null when the rule is same_model.
struct Reason {
  Rule rule;
  const Parameter* parameter;
  const Value* source;
  const Value* target;
};

// Points into the two devices' models and configurations.
struct Verdict {
  Answer answer = Answer::identical;
  std::vector<Step> steps;      // in the order in which to do them, when configurable
  std::vector<Reason> reasons;  // all of them, when incompatible
};

// The rule: the models' names are equal, the target has every active parameter of the source, and
// allows its value. All other parameters of the target can be turned off. An active parameter is
// one that is neither absent nor off.
Verdict decide(const Device& source, const Device& target);

// The target after the steps of a verdict on it. A configuration that is no longer its version's is
// still named by it.
Configuration apply(const DeviceModel& model, Configuration target, const std::vector<Step>& steps);

// "identical", "compatible", "configurable", "incompatible"; and for people.
std::string_view answer_name(Answer answer);
std::string_view answer_phrase(Answer answer);

// "same-model", "known", …
std::string_view rule_name(Rule rule);

// "disable rss", "set rx-filter-size 64"
std::string to_text(const Step& step);

// "rss: the source has on; version 1 has no such parameter: it is there since version 2"
std::string to_text(const Reason& reason, const Device& source, const Device& target);

}  // namespace mdevsim::model
