#include "cli/compat_verdict.h"

#include <fmt/format.h>

#include <utility>

#include "sim/base/json.h"
#include "sim/model/configuration.h"

namespace mdevsim::cli {
namespace {

using model::Answer;

constexpr std::string_view kCsvHead =
    "verdict,action,parameter,value,rule,source,target,interface,file,text\n";

std::string_view name_of(const Plan& plan) {
  return plan.interface ? kInterfaceNames[static_cast<std::size_t>(*plan.interface)]
                        : std::string_view("create");
}

// In single quotes, for a shell.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string side_text(const Side& side) {
  return side.on_host ? fmt::format("{} ({})", side.name, side.spec()) : side.name;
}

std::string json_value(const model::Value& value) {
  return value.is_absent() ? "null" : json_string(model::to_text(value));
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  return out + '"';
}

std::string steps_json(const Told& told) {
  std::string out;
  for (const model::Step& step : told.verdict.steps) {
    out += fmt::format(R"({}{{"action": "{}", "parameter": {}, "value": {}}})",
                       out.empty() ? "" : ", ", step.disables ? "disable" : "set",
                       json_string(step.parameter->name), json_value(*step.value));
  }
  return out;
}

std::string reasons_json(const Told& told) {
  std::string out;
  for (const model::Reason& reason : told.verdict.reasons) {
    out += fmt::format(
        R"({}{{"rule": "{}", "parameter": {}, "source": {}, "target": {}, "why": {}}})",
        out.empty() ? "" : ", ", model::rule_name(reason.rule),
        reason.parameter == nullptr ? "null" : json_string(reason.parameter->name),
        json_value(*reason.source), json_value(*reason.target),
        json_string(model::to_text(reason, told.source.as_device(), told.target.as_device())));
  }
  return out;
}

std::string writes_json(const Told& told, const Plan& plan) {
  std::string out;
  for (const Write& write : plan.writes) {
    out += fmt::format(R"({}{{"file": {}, "text": {}}})", out.empty() ? "" : ", ",
                       json_string(told.target.path_of(write, told.uuid)), json_string(write.text));
  }
  return fmt::format("{}: [{}]", json_string(name_of(plan)), out);
}

// "of 300 types: 2 identical, …"
std::string choosing_text(const Choosing& choosing) {
  std::string out = fmt::format("of {} types:", choosing.types.size());
  for (const Answer answer :
       {Answer::identical, Answer::compatible, Answer::configurable, Answer::incompatible}) {
    out += fmt::format("{} {} {}", answer == Answer::identical ? "" : ",",
                       choosing.answers[static_cast<std::size_t>(answer)],
                       model::answer_phrase(answer));
  }
  if (choosing.fixed > 0)
    out += fmt::format("; {} of these cannot be configured through sysfs", choosing.fixed);
  if (choosing.full > 0) out += fmt::format("; {} have no room", choosing.full);
  return out;
}

std::string choosing_json(const Choosing& choosing) {
  return fmt::format(
      R"({{"types": {}, "identical": {}, "compatible": {}, "configurable": {}, "incompatible": {}, )"
      R"("not_to_be_configured": {}, "full": {}}})",
      choosing.types.size(), choosing.answers[0], choosing.answers[1], choosing.answers[2],
      choosing.answers[3], choosing.fixed, choosing.full);
}

}  // namespace

std::vector<Plan> plans_of(const Side& target, const model::Verdict& verdict,
                           std::string_view uuid) {
  std::vector<Plan> plans;
  if (!target.on_host || verdict.answer == Answer::incompatible) return plans;
  const WriteTarget wanted = target.target(uuid);
  for (const Interface one :
       sysfs::interfaces::configuring_interfaces(target.interfaces, target.kind)) {
    auto writes = sysfs::interfaces::writes_of(one, wanted, verdict);
    if (writes && !writes->empty()) plans.push_back({one, std::move(*writes)});
  }
  if (plans.empty() && target.kind == WriteTarget::Kind::type && verdict.steps.empty())
    plans.push_back({std::nullopt, {{Write::Directory::type, "create", std::string(uuid)}}});
  return plans;
}

std::string verdict_text(const Told& told) {
  std::string out =
      fmt::format("source:  {}\ntarget:  {}\n", side_text(told.source), side_text(told.target));
  if (told.choosing != nullptr) out += fmt::format("chosen:  {}\n", choosing_text(*told.choosing));
  out += fmt::format("verdict: {}\n", model::answer_phrase(told.verdict.answer));
  for (const model::Step& step : told.verdict.steps)
    out += fmt::format("  {}\n", model::to_text(step));
  for (const model::Reason& reason : told.verdict.reasons) {
    out += fmt::format("  {}\n",
                       model::to_text(reason, told.source.as_device(), told.target.as_device()));
  }
  const auto plans = told.done != nullptr ? std::vector<Plan>{*told.done}
                                          : plans_of(told.target, told.verdict, told.uuid);
  for (const Plan& plan : plans) {
    out += fmt::format("{} {}:\n", told.done != nullptr ? "written by" : "by", name_of(plan));
    for (const Write& write : plan.writes) {
      out += fmt::format("  echo {} > {}\n", shell_word(write.text),
                         told.target.path_of(write, told.uuid));
    }
  }
  if (plans.empty() && told.target.on_host && !told.verdict.steps.empty())
    out += "none of its interfaces can configure it\n";
  return out;
}

std::string verdict_csv(const Told& told) {
  const std::string_view answer = model::answer_name(told.verdict.answer);
  std::string out(kCsvHead);
  bool some = false;
  for (const model::Step& step : told.verdict.steps) {
    out += fmt::format("{},{},{},{},,,,,,\n", answer, step.disables ? "disable" : "set",
                       csv_field(step.parameter->name), csv_field(model::to_text(*step.value)));
    some = true;
  }
  for (const model::Reason& reason : told.verdict.reasons) {
    out += fmt::format("{},,{},,{},{},{},,,\n", answer,
                       reason.parameter == nullptr ? "" : csv_field(reason.parameter->name),
                       model::rule_name(reason.rule), csv_field(model::to_text(*reason.source)),
                       csv_field(model::to_text(*reason.target)));
    some = true;
  }
  for (const Plan& plan : plans_of(told.target, told.verdict, told.uuid)) {
    for (const Write& write : plan.writes) {
      out += fmt::format("{},write,,,,,,{},{},{}\n", answer, name_of(plan),
                         csv_field(told.target.path_of(write, told.uuid)), csv_field(write.text));
      some = true;
    }
  }
  if (!some) out += fmt::format("{},,,,,,,,,\n", answer);
  return out;
}

std::string verdict_json(const Told& told) {
  std::string out = fmt::format("{{\n  \"source\": {},\n  \"target\": {},\n",
                                json_string(told.source.spec()), json_string(told.target.spec()));
  if (told.target.on_host) out += fmt::format("  \"place\": {},\n", json_string(told.target.name));
  if (told.choosing != nullptr)
    out += fmt::format("  \"chosen\": {},\n", choosing_json(*told.choosing));
  out += fmt::format("  \"verdict\": \"{}\",\n  \"steps\": [{}],\n  \"reasons\": [{}]",
                     model::answer_name(told.verdict.answer), steps_json(told), reasons_json(told));
  if (told.target.on_host) {
    std::string plans;
    for (const Plan& plan : plans_of(told.target, told.verdict, told.uuid))
      plans += (plans.empty() ? "\n    " : ",\n    ") + writes_json(told, plan);
    out += fmt::format(",\n  \"writes\": {{{}}}", plans.empty() ? plans : plans + "\n  ");
  }
  if (told.done != nullptr) {
    out += fmt::format(",\n  \"uuid\": {},\n  \"written\": {{{}}}", json_string(told.uuid),
                       writes_json(told, *told.done));
  }
  return out + "\n}\n";
}

std::string none_text(const Side& source, const Choosing& choosing) {
  return fmt::format("source:  {}\ntarget:  none\nchosen:  {}\nverdict: {}\n", source.name,
                     choosing_text(choosing), model::answer_phrase(Answer::incompatible));
}

std::string none_csv(const Side&, const Choosing&) {
  return fmt::format("{}{},,,,,,,,,\n", kCsvHead, model::answer_name(Answer::incompatible));
}

std::string none_json(const Side& source, const Choosing& choosing) {
  return fmt::format("{{\n  \"source\": {},\n  \"chosen\": {},\n  \"verdict\": \"{}\"\n}}\n",
                     json_string(source.spec()), choosing_json(choosing),
                     model::answer_name(Answer::incompatible));
}

}  // namespace mdevsim::cli
