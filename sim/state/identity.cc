#include "sim/state/identity.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "sim/base/limits.h"
#include "sim/model/configuration.h"
#include "sim/model/model_name.h"

namespace mdevsim::state {
namespace {

using model::Answer;

tl::unexpected<Error> refuse(std::string_view why) {
  return fail(Errc::fault, fmt::format("the stream's device: {}", why));
}

// Takes off what is before the first `separator`, and that; nothing when there is none.
std::optional<std::string_view> take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return part;
}

// The model of a source has its active parameters, and they cannot be disabled.
Result<void> parse_parameter(model::ValueKind kind, std::string_view rest,
                             std::vector<model::Parameter>& parameters) {
  const auto name = take_until(rest, '=');
  auto value = name ? model::parse_value(kind, rest) : std::nullopt;
  if (!value || model::to_text(*value) != rest || parameters.size() == kParametersMax)
    return refuse("a parameter is not NAME=VALUE");
  model::Parameter parameter;
  parameter.name = *name;
  parameter.kind = kind;
  parameter.initial = std::move(*value);
  if (!parameters.empty() && parameters.back().name >= parameter.name)
    return refuse("the parameters are not sorted");
  parameters.push_back(std::move(parameter));
  return {};
}

Result<void> parse_section(std::string_view rest, std::vector<Section>& sections) {
  const auto name = take_until(rest, ' ');
  std::uint64_t bytes = 0;
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), bytes);
  if (!name || error != std::errc{} || stop != rest.data() + rest.size() ||
      sections.size() == kSectionsMax)
    return refuse("a section is not NAME BYTES");
  if (!sections.empty() && sections.back().name >= *name)
    return refuse("the sections are not sorted");
  sections.push_back({std::string(*name), bytes, 0, 0});
  return {};
}

}  // namespace

std::string identity_text(const model::Device& device, const Layout& layout) {
  std::string text = fmt::format("model {}\n", model::without_scheme(device.model.name()));
  const auto& parameters = device.model.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const model::Value& value = device.configuration.values[i];
    if (!parameters[i].is_active(value)) continue;
    fmt::format_to(std::back_inserter(text), "{} {}={}\n", model::kind_name(parameters[i].kind),
                   parameters[i].name, model::to_text(value));
  }
  for (const Section& section : layout.sections())
    fmt::format_to(std::back_inserter(text), "section {} {}\n", section.name, section.bytes);
  return text;
}

Result<Identity> parse_identity(std::string_view text) {
  model::ModelSpec spec;
  std::vector<Section> sections;
  while (!text.empty()) {
    auto line = take_until(text, '\n');
    const auto word = line ? take_until(*line, ' ') : std::nullopt;
    if (!word) return refuse("a line has no end or no word");
    const auto kind = model::kind_from_name(*word);
    if (spec.name.empty()) {
      if (*word != "model" || line->empty()) return refuse("it does not begin with the model");
      spec.name = *line;
    } else if (*word == "section") {
      if (auto parsed = parse_section(*line, sections); !parsed)
        return tl::unexpected(std::move(parsed).error());
    } else if (kind && sections.empty()) {
      if (auto parsed = parse_parameter(*kind, *line, spec.parameters); !parsed)
        return tl::unexpected(std::move(parsed).error());
    } else {
      return refuse("a line says something unknown");
    }
  }
  auto model = model::DeviceModel::build(std::move(spec));
  if (!model) return refuse(model.error().why);
  model::Configuration configuration = model::latest_configuration(*model);
  return Identity{std::move(*model), std::move(configuration), std::move(sections)};
}

Result<std::vector<const Section*>> admit(const Identity& source, const model::Device& target,
                                          const Layout& layout) {
  const model::Verdict verdict = model::decide(source.device(), target);
  if (verdict.answer == Answer::incompatible)
    return refuse(model::to_text(verdict.reasons[0], source.device(), target));
  if (verdict.answer == Answer::configurable) {
    std::string steps;
    for (const model::Step& step : verdict.steps)
      steps += (steps.empty() ? "" : ", ") + model::to_text(step);
    return refuse(fmt::format("the target must be configured first: {}", steps));
  }
  std::vector<const Section*> sections;
  for (const Section& section : source.sections) {
    sections.push_back(layout.find(section.name));
    if (sections.back() == nullptr || sections.back()->bytes != section.bytes)
      return refuse(
          fmt::format("the target has no section `{}` of {} bytes", section.name, section.bytes));
  }
  if (sections.size() != layout.sections().size())
    return refuse("the target has sections that the source has not");
  return sections;
}

}  // namespace mdevsim::state
