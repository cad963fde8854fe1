#include "sim/model/verdict.h"

#include <fmt/format.h>

#include <array>

#include "sim/model/model_name.h"
#include "sim/model/rules.h"

namespace mdevsim::model {
namespace {

const Value kAbsent;

// Looks at the parameters of the target, each beside the source's of the same name.
class Decision {
 public:
  Decision(const Device& source, const Device& target)
      : source_(source),
        target_(target),
        same_record_(&source.model == &target.model),
        version_(target.model.version_of(target.configuration)) {}

  Verdict run() {
    if (!same_record_ &&
        without_scheme(source_.model.name()) != without_scheme(target_.model.name())) {
      refuse(Rule::same_model, nullptr, kAbsent, kAbsent);
      return finish();
    }
    if (!same_record_) look_for_unknown();
    const std::size_t count = target_.model.parameters().size();
    wanted_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) wanted_.push_back(wanted(i));
    if (verdict_.reasons.empty()) look_for_unmet();
    if (verdict_.reasons.empty()) order_steps();
    return finish();
  }

 private:
  void refuse(Rule rule, const Parameter* parameter, const Value& source, const Value& target) {
    constexpr std::size_t kManyReasons = 16;
    if (verdict_.reasons.empty()) verdict_.reasons.reserve(kManyReasons);
    verdict_.reasons.push_back({rule, parameter, &source, &target});
  }

  Verdict finish() {
    if (!verdict_.reasons.empty()) {
      verdict_.answer = Answer::incompatible;
    } else if (!verdict_.steps.empty()) {
      verdict_.answer = Answer::configurable;
    } else {
      verdict_.answer = differs_ ? Answer::compatible : Answer::identical;
    }
    return std::move(verdict_);
  }

  // Parameters of the source that the target's model does not know at all.
  void look_for_unknown() {
    const auto& parameters = source_.model.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (target_.model.find_parameter(parameters[i].name)) continue;
      const Value& value = source_.configuration.values[i];
      differs_ = differs_ || !value.is_absent();
      if (parameters[i].is_active(value)) refuse(Rule::known, &parameters[i], value, kAbsent);
    }
  }

  // What the target's parameter has to be: what it is, or another value; reports why it cannot.
  const Value* wanted(std::size_t i) {
    const Parameter& parameter = target_.model.parameters()[i];
    const Value& has = target_.configuration.values[i];
    const auto place = same_record_ ? i : source_.model.find_parameter(parameter.name);
    const Value& asked = place ? source_.configuration.values[*place] : kAbsent;
    if (asked == has && same_record_) return &has;
    differs_ = differs_ || asked != has;
    if (!place || !source_.model.parameters()[*place].is_active(asked)) {
      if (!parameter.is_active(has)) return &has;
      if (parameter.off) return change_to(*parameter.off);
      refuse(Rule::can_be_off, &parameter, asked, has);
      return &has;
    }
    if (asked == has) return &has;
    if (has.is_absent()) {
      refuse(Rule::known, &parameter, asked, has);
    } else if (asked.kind != parameter.kind) {
      refuse(Rule::same_kind, &parameter, asked, has);
    } else if (!parameter.accepts(asked, version_)) {
      refuse(Rule::allowed, &parameter, asked, has);
    }
    return change_to(asked);
  }

  const Value* change_to(const Value& value) {
    ++changes_;
    return &value;
  }

  // Models of one name may differ from host to host, in what their parameters require too.
  void look_for_unmet() {
    if (same_record_) return;
    const auto& parameters = target_.model.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (!parameters[i].is_active(*wanted_[i])) continue;
      for (const std::uint32_t other : target_.model.required()[i]) {
        if (!parameters[other].is_active(*wanted_[other]))
          refuse(Rule::has_required, &parameters[i], *wanted_[i], target_.configuration.values[i]);
      }
    }
  }

  // First what is turned off, those that require others before these; then what is set, the other
  // way round: so the target is a possible configuration after every step.
  void order_steps() {
    if (changes_ == 0) return;
    const auto& order = target_.model.dependency_order();
    verdict_.steps.reserve(changes_);
    for (auto i = order.rbegin(); i != order.rend(); ++i) add_step(*i, true);
    for (const std::uint32_t i : order) add_step(i, false);
  }

  void add_step(std::uint32_t i, bool disables) {
    const Parameter& parameter = target_.model.parameters()[i];
    const Value* const value = wanted_[i];
    if (value != &target_.configuration.values[i] && disables == (parameter.off == *value))
      verdict_.steps.push_back({&parameter, value, disables});
  }

  const Device& source_;
  const Device& target_;
  bool same_record_;
  std::uint32_t version_;  // by which the target's parameters are what they are
  bool differs_ = false;
  std::size_t changes_ = 0;
  std::vector<const Value*> wanted_;  // of each parameter of the target
  Verdict verdict_;
};

std::string quoted(const Value& value) {
  return value.kind == ValueKind::string ? "\"" + value.text + "\"" : to_text(value);
}

constexpr std::array<std::string_view, 4> kAnswerNames = {"identical", "compatible", "configurable",
                                                          "incompatible"};
constexpr std::array<std::string_view, 4> kAnswerPhrases = {
    "identical", "compatible as it is", "compatible after configuration", "incompatible"};
constexpr std::array<std::string_view, 6> kRuleNames = {"same-model", "known",      "same-kind",
                                                        "allowed",    "can-be-off", "has-required"};

}  // namespace

Verdict decide(const Device& source, const Device& target) {
  return Decision(source, target).run();
}

Configuration apply(const DeviceModel& model, Configuration target,
                    const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (const auto place = model.find_parameter(step.parameter->name))
      target.values[*place] = *step.value;
  }
  return target;
}

std::string_view answer_name(Answer answer) {
  return kAnswerNames[static_cast<std::size_t>(answer)];
}

std::string_view answer_phrase(Answer answer) {
  return kAnswerPhrases[static_cast<std::size_t>(answer)];
}

std::string_view rule_name(Rule rule) { return kRuleNames[static_cast<std::size_t>(rule)]; }

std::string to_text(const Step& step) {
  if (step.disables) return "disable " + step.parameter->name;
  return fmt::format("set {} {}", step.parameter->name, quoted(*step.value));
}

std::string to_text(const Reason& reason, const Device& source, const Device& target) {
  if (reason.rule == Rule::same_model) {
    return fmt::format("the source is a {}, the target a {}", without_scheme(source.model.name()),
                       without_scheme(target.model.name()));
  }
  const Parameter& parameter = *reason.parameter;
  const std::uint32_t version = target.model.version_of(target.configuration);
  const std::string has =
      reason.source->is_absent() ? "does not have it" : "has " + quoted(*reason.source);
  std::string why;
  switch (reason.rule) {
    case Rule::same_model:
      break;
    case Rule::known:
      why = target.model.find_parameter(parameter.name)
                ? "the target's " + why_missing(parameter, version)
                : "the target's model has no such parameter";
      break;
    case Rule::same_kind:
      why = fmt::format("in the target it is of kind {}", kind_name(parameter.kind));
      break;
    case Rule::allowed:
      why = "in the target, " + why_not_allowed(parameter, *reason.source, version);
      break;
    case Rule::can_be_off:
      why = fmt::format("the target has {}, and it cannot be disabled", quoted(*reason.target));
      break;
    case Rule::has_required:
      why = "the target requires something beside it that is off";
      break;
  }
  return fmt::format("{}: the source {}; {}", parameter.name, has, why);
}

}  // namespace mdevsim::model
