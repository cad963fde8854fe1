// What `mdevsim compat` says, as pages of HTML: a heat map of all pairs of versions, of the
// parameters of one pair, or of the types among which the best was chosen.
#include <fmt/format.h>

#include <span>
#include <vector>

#include "cli/compat_output.h"
#include "cli/compat_verdict.h"
#include "cli/heat_map.h"
#include "sim/model/configuration.h"

namespace mdevsim::cli {
namespace {

using model::Answer;

constexpr std::size_t kParametersInRow = 16;

std::vector<std::string> lines_of(const model::Verdict& verdict, const model::Device& source,
                                  const model::Device& target) {
  std::vector<std::string> lines;
  for (const model::Step& step : verdict.steps) lines.push_back(model::to_text(step));
  for (const model::Reason& reason : verdict.reasons)
    lines.push_back(model::to_text(reason, source, target));
  return lines;
}

std::string value_text(const model::Value& value) {
  return value.is_absent() ? "no such parameter" : model::to_text(value);
}

// What of a verdict is about one parameter, by its place in the model that both devices have.
struct Share {
  Answer answer;
  std::vector<std::string> lines;
};

Share share_of(const Told& told, std::size_t place) {
  const model::Device source = told.source.as_device();
  const model::Device target = told.target.as_device();
  const model::Value& wanted = source.configuration.values[place];
  const model::Value& has = target.configuration.values[place];
  const std::string& name = source.model.parameters()[place].name;
  Share share{wanted == has ? Answer::identical : Answer::compatible, {}};
  for (const model::Step& step : told.verdict.steps) {
    if (step.parameter->name != name) continue;
    share.answer = Answer::configurable;
    share.lines.push_back(model::to_text(step));
  }
  for (const model::Reason& reason : told.verdict.reasons) {
    if (reason.parameter == nullptr || reason.parameter->name != name) continue;
    share.answer = Answer::incompatible;
    share.lines.push_back(model::to_text(reason, source, target));
  }
  return share;
}

// The models in the first cell; the parameters behind it when the models are the same.
void add_shares(const Told& told, HeatMap& map) {
  const auto names_differ = [](const model::Reason& reason) {
    return reason.rule == model::Rule::same_model;
  };
  const auto& reasons = told.verdict.reasons;
  const bool other_model = !reasons.empty() && names_differ(reasons.front());
  map.add_row("", "", 0);
  map.add_target("the model", fmt::format("source: {}; target: {}", told.source.model->name(),
                                          told.target.model->name()));
  if (other_model) {
    return map.add_cell(Answer::incompatible,
                        lines_of(told.verdict, told.source.as_device(), told.target.as_device()));
  }
  map.add_cell(Answer::identical, {});
  const auto& parameters = told.source.model->parameters();
  for (std::size_t place = 0; place < parameters.size(); ++place) {
    if ((place + 1) % kParametersInRow == 0) map.add_row("", "", place + 1);
    map.add_target(
        parameters[place].name,
        fmt::format("source: {}; target: {}", value_text(told.source.configuration.values[place]),
                    value_text(told.target.configuration.values[place])));
    const Share share = share_of(told, place);
    map.add_cell(share.answer, share.lines);
  }
}

std::string host_of(const Side& type) { return type.name.substr(0, type.name.find('/')); }

// A row for each host; a cell for each of its types.
void add_types(const Side& source, std::span<const Side> types, const Side* chosen, HeatMap& map) {
  std::string host;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const Side& type = types[i];
    if (i == 0 || host_of(type) != host) {
      host = host_of(type);
      map.add_row("", "", i);
    }
    map.add_target(type.name, fmt::format("it makes {}", type.spec()));
    const model::Verdict verdict = model::decide(source.as_device(), type.as_device());
    auto lines = lines_of(verdict, source.as_device(), type.as_device());
    if (verdict.answer == Answer::configurable && !type.can_be_configured())
      lines.emplace_back("none of its interfaces can do this");
    if (!type.is_free) lines.emplace_back("it has no room for another instance");
    map.add_cell(verdict.answer, lines);
    if (&type == chosen) map.keep_cell();
  }
}

std::string types_page(const Side& source, std::span<const Side> types, const Side* chosen,
                       std::string text) {
  HeatMap map(fmt::format("The best type for {}", source.name),
              "A row for each host, a cell for each of its types.");
  add_types(source, types, chosen, map);
  map.set_text(std::move(text));
  return map.html();
}

}  // namespace

std::string verdict_page(const Told& told) {
  if (told.choosing != nullptr) {
    return types_page(told.source, told.choosing->types, &told.target, verdict_text(told));
  }
  HeatMap map(fmt::format("{} \u2192 {}: {}", told.source.name, told.target.name,
                          model::answer_phrase(told.verdict.answer)),
              "The model, then a cell for each of its parameters.");
  add_shares(told, map);
  map.set_text(verdict_text(told));
  return map.html();
}

std::string none_page(const Side& source, const Choosing& choosing) {
  return types_page(source, choosing.types, nullptr, none_text(source, choosing));
}

std::string matrix_page(const model::DeviceModel& model) {
  const auto& versions = model.versions();
  HeatMap map(fmt::format("{}: {} versions", model.name(), versions.size()),
              "The source's version from top to bottom, the target's from left to right.");
  std::vector<std::string> names;
  std::vector<std::string> texts;
  for (const model::Version& version : versions) {
    names.push_back(fmt::format("version {}", version.number));
    texts.push_back(model::to_full_text(model, version.configuration));
    map.add_target(names.back(), "target: " + texts.back());
  }
  for_each_pair(model, [&](std::size_t source, std::size_t target, const model::Verdict& verdict) {
    if (target == 0) map.add_row(names[source], "source: " + texts[source], 0);
    map.add_cell(verdict.answer, lines_of(verdict, {model, versions[source].configuration},
                                          {model, versions[target].configuration}));
  });
  return map.html();
}

}  // namespace mdevsim::cli
