// mdevsim compat: whether the state of one device may be loaded into another, and what to change
// first.
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/compat_output.h"
#include "cli/json.h"
#include "cli/options.h"
#include "sim/config/host_files.h"
#include "sim/model/configuration.h"
#include "sim/model/verdict.h"

namespace mdevsim::cli {
namespace {

namespace po = boost::program_options;
using model::Answer;
using model::Catalog;
using model::DeviceModel;

constexpr int kExitConfigurable = 1;
constexpr int kExitIncompatible = 6;

int exit_status_of(Answer answer) {
  switch (answer) {
    case Answer::identical:
    case Answer::compatible:
      return kExitOk;
    case Answer::configurable:
      return kExitConfigurable;
    case Answer::incompatible:
      return kExitIncompatible;
  }
  return kExitFailed;
}

// A model and a configuration of it.
struct Side {
  const DeviceModel* model;
  model::Configuration configuration;

  std::string spec() const {
    return fmt::format("{}@{}", model->name(), model::to_text(*model, configuration));
  }
  model::Device device() const { return {*model, configuration}; }
};

std::string model_names(const Catalog& catalog) {
  std::string names;
  for (const DeviceModel& model : catalog.models())
    names += (names.empty() ? "" : ", ") + model.name();
  return names;
}

Result<const DeviceModel*> find_model(const Catalog& catalog, std::string_view name) {
  if (const DeviceModel* found = catalog.find(name)) return found;
  return fail(Errc::no_entry, catalog.models().empty()
                                  ? "the file describes no device model"
                                  : fmt::format("there is no model \"{}\"; the file has {}", name,
                                                model_names(catalog)));
}

// MODEL@CONFIGURATION
Result<Side> parse_spec(const Catalog& catalog, std::string_view spec) {
  const std::size_t at = spec.find('@');
  if (at == std::string_view::npos) {
    return fail(Errc::invalid, fmt::format("\"{}\" is no MODEL@CONFIGURATION, such as "
                                           "vendor-a.com/my-nic@version=2,rss=off",
                                           spec));
  }
  TRY_SET(const DeviceModel* model, find_model(catalog, spec.substr(0, at)));
  TRY_SET(model::Configuration configuration,
          model::parse_configuration(*model, spec.substr(at + 1)));
  return Side{model, std::move(configuration)};
}

std::string verdict_text(const Side& source, const Side& target, const model::Verdict& verdict) {
  std::string out = fmt::format("source:  {}\ntarget:  {}\nverdict: {}\n", source.spec(),
                                target.spec(), model::answer_phrase(verdict.answer));
  for (const model::Step& step : verdict.steps) out += fmt::format("  {}\n", model::to_text(step));
  for (const model::Reason& reason : verdict.reasons) {
    out += fmt::format("  {}\n", model::to_text(reason, source.device(), target.device()));
  }
  return out;
}

std::string json_value(const model::Value& value) {
  return value.is_absent() ? "null" : json_string(model::to_text(value));
}

std::string verdict_json(const Side& source, const Side& target, const model::Verdict& verdict) {
  std::string steps;
  for (const model::Step& step : verdict.steps) {
    steps += fmt::format(R"({}{{"action": "{}", "parameter": {}, "value": {}}})",
                         steps.empty() ? "" : ", ", step.disables ? "disable" : "set",
                         json_string(step.parameter->name), json_value(*step.value));
  }
  std::string reasons;
  for (const model::Reason& reason : verdict.reasons) {
    reasons +=
        fmt::format(R"({}{{"rule": "{}", "parameter": {}, "source": {}, "target": {}, "why": {}}})",
                    reasons.empty() ? "" : ", ", model::rule_name(reason.rule),
                    reason.parameter == nullptr ? "null" : json_string(reason.parameter->name),
                    json_value(*reason.source), json_value(*reason.target),
                    json_string(model::to_text(reason, source.device(), target.device())));
  }
  return fmt::format(
      "{{\n  \"source\": {},\n  \"target\": {},\n  \"verdict\": \"{}\",\n  \"steps\": [{}],\n  "
      "\"reasons\": [{}]\n}}\n",
      json_string(source.spec()), json_string(target.spec()), model::answer_name(verdict.answer),
      steps, reasons);
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  return out + '"';
}

std::string verdict_csv(const model::Verdict& verdict) {
  const std::string_view answer = model::answer_name(verdict.answer);
  std::string out = "verdict,action,parameter,value,rule,source,target\n";
  for (const model::Step& step : verdict.steps) {
    out += fmt::format("{},{},{},{},,,\n", answer, step.disables ? "disable" : "set",
                       csv_field(step.parameter->name), csv_field(model::to_text(*step.value)));
  }
  for (const model::Reason& reason : verdict.reasons) {
    out += fmt::format("{},,{},,{},{},{}\n", answer,
                       reason.parameter == nullptr ? "" : csv_field(reason.parameter->name),
                       model::rule_name(reason.rule), csv_field(model::to_text(*reason.source)),
                       csv_field(model::to_text(*reason.target)));
  }
  if (verdict.steps.empty() && verdict.reasons.empty()) out += fmt::format("{},,,,,,\n", answer);
  return out;
}

struct Format {
  std::string_view name;
  std::string (*matrix)(const DeviceModel& model);
};
constexpr Format kFormats[] = {
    {"text", matrix_text}, {"csv", matrix_csv}, {"json", matrix_json}, {"html", matrix_page}};

Syntax syntax_of_compat() {
  Syntax syntax;
  syntax.usage =
      "mdevsim compat FILE --from SPEC --to SPEC [--format text|csv|json]\n"
      "       mdevsim compat FILE --matrix [--model NAME] [--format text|csv|json|html]";
  syntax.purpose =
      "Tells whether the state of the device --from may be loaded into the device --to, and what "
      "to\nchange in that one first; or tells it of all pairs of versions of a device model. SPEC "
      "is\nMODEL@CONFIGURATION, such as vendor-a.com/my-nic@version=2,rx-filter-size=64. Ends with "
      "0 when\nthey are compatible as they are, 1 when after configuration, 6 when they are not; "
      "with 2 for\nwrong arguments and 3 for an invalid file.";
  syntax.options.add_options()("from", po::value<std::string>()->value_name("SPEC"),
                               "the source device")(
      "to", po::value<std::string>()->value_name("SPEC"), "the target device")(
      "matrix", "all pairs of versions")("model", po::value<std::string>()->value_name("NAME"),
                                         "the model of the matrix, if there are several")(
      "format", po::value<std::string>()->default_value("text")->value_name("FORMAT"),
      "text, csv, json; of a matrix also html")("file", po::value<std::string>(), "");
  syntax.positional.add("file", 1);
  syntax.required = {"file"};
  return syntax;
}

// What is wrong with the options together; empty: nothing.
std::string check_options(const Arguments& given, const Format* format) {
  const bool pair = given.has("from") || given.has("to");
  if (format == nullptr) {
    return fmt::format("there is no format \"{}\"; write text, csv, json or html",
                       given.text("format"));
  }
  if (pair == given.has("matrix")) return "give --from and --to, or --matrix";
  if (pair && !(given.has("from") && given.has("to"))) return "--from and --to go together";
  if (pair && given.has("model")) return "--model belongs to --matrix";
  if (pair && format->name == "html") return "the format html shows a matrix: add --matrix";
  return {};
}

int refuse(const Error& error) {
  fmt::print(stderr, "mdevsim: error: {}\n", error.why);
  return kExitUsage;
}

int print_matrix(const Catalog& catalog, const Arguments& given, const Format& format) {
  const DeviceModel* model = nullptr;
  if (given.has("model") || catalog.models().empty()) {
    const auto found = find_model(catalog, given.text("model"));
    if (!found) return refuse(found.error());
    model = *found;
  } else if (catalog.models().size() > 1) {
    return refuse({Errc::invalid, "the file has several models; choose one with --model: " +
                                      model_names(catalog)});
  } else {
    model = &catalog.models().front();
  }
  fmt::print("{}", format.matrix(*model));
  return kExitOk;
}

int print_verdict(const Catalog& catalog, const Arguments& given, const Format& format) {
  const auto source = parse_spec(catalog, given.text("from"));
  if (!source) return refuse({source.error().code, "--from: " + source.error().why});
  const auto target = parse_spec(catalog, given.text("to"));
  if (!target) return refuse({target.error().code, "--to: " + target.error().why});
  const model::Verdict verdict = model::decide(source->device(), target->device());
  if (format.name == "json") {
    fmt::print("{}", verdict_json(*source, *target, verdict));
  } else {
    fmt::print("{}", format.name == "csv" ? verdict_csv(verdict)
                                          : verdict_text(*source, *target, verdict));
  }
  return exit_status_of(verdict.answer);
}

}  // namespace

int compat_main(std::span<char*> args) {
  const Syntax syntax = syntax_of_compat();
  const Arguments given = parse_arguments(syntax, args);
  if (given.exit_status) return *given.exit_status;
  const Format* format = nullptr;
  for (const Format& known : kFormats) {
    if (known.name == given.text("format")) format = &known;
  }
  if (const std::string wrong = check_options(given, format); !wrong.empty())
    return usage_error(syntax, wrong);

  const config::Loaded loaded = config::load_file(given.text("file"));
  if (!loaded.configuration) {
    for (const config::Diagnostic& problem : loaded.diagnostics)
      fmt::print(stderr, "{}", config::render(problem, false));
    return kExitInvalidFile;
  }
  const Catalog& catalog = *loaded.configuration->catalog;
  return given.has("matrix") ? print_matrix(catalog, given, *format)
                             : print_verdict(catalog, given, *format);
}

}  // namespace mdevsim::cli
