// mdevsim compat: whether the state of one device may be loaded into another, and what to change
// first.
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/compat_apply.h"
#include "cli/compat_best.h"
#include "cli/compat_output.h"
#include "cli/compat_side.h"
#include "cli/compat_verdict.h"
#include "cli/options.h"
#include "sim/base/uuid.h"
#include "sim/config/host_files.h"
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

struct Format {
  std::string_view name;
  std::string (*verdict)(const Told& told);
  std::string (*none)(const Side& source, const Choosing& choosing);
  std::string (*matrix)(const DeviceModel& model);
};
constexpr Format kFormats[] = {{"text", verdict_text, none_text, matrix_text},
                               {"csv", verdict_csv, none_csv, matrix_csv},
                               {"json", verdict_json, none_json, matrix_json},
                               {"html", verdict_page, none_page, matrix_page}};

Syntax syntax_of_compat() {
  Syntax syntax;
  syntax.usage =
      "mdevsim compat FILE --from SPEC [--to SPEC|HOST] [--format text|csv|json|html]\n"
      "       mdevsim compat FILE --from SPEC --to PATH --apply [--interface NAME] [--uuid UUID]\n"
      "       mdevsim compat FILE --matrix [--model NAME] [--format text|csv|json|html]";
  syntax.purpose =
      "Tells whether the state of the device --from may be loaded into the device --to, and what "
      "to\nchange in that one first; which type of the file's hosts, or of HOST, is best; or the "
      "verdicts on\nall pairs of versions of a device model. SPEC is MODEL@CONFIGURATION, such as\n"
      "vendor-a.com/my-nic@version=2,rx-filter-size=64, or HOST/PARENT/TYPE, HOST/UUID, "
      "HOST/ADDRESS.\nWhat runs is a PATH: SYSROOT/kernel/mdevsim/devices/NAME or a type's "
      "directory. Ends with 0 when\nthey are compatible as they are, 1 when after configuration, 6 "
      "when they are not; with 2 for\nwrong arguments and 3 for an invalid file; with --apply 0 "
      "when "
      "they now are, 1 when that failed.";
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto add = [&](const char* name, const po::value_semantic* value, const char* what) {
    syntax.options.add_options()(name, value, what);
  };
  add("from", text("SPEC"), "the source device");
  add("to", text("SPEC"),
      "the target device; or a host, whose best type it is then. Default: the best type of all "
      "hosts");
  add("host", text("NAME"), "the host that a PATH is of, if several could be it");
  syntax.options.add_options()("apply", "configure the target, through sysfs");
  add("interface", text("NAME"),
      "by this interface of the target; default: the one that needs the fewest writes");
  add("uuid", text("UUID"), "of the instance to be created; default: a random one");
  syntax.options.add_options()("matrix", "all pairs of versions");
  add("model", text("NAME"), "the model of the matrix, if there are several");
  add("format", text("FORMAT")->default_value("text"), "text, csv, json or html");
  add("file", po::value<std::string>(), "");
  syntax.positional.add("file", 1);
  syntax.required = {"file"};
  return syntax;
}

bool is_path(std::string_view spec) { return spec.starts_with('/') || spec.starts_with('.'); }

// What is wrong with the options together; empty: nothing.
std::string check_options(const Arguments& given, const Format* format) {
  if (format == nullptr) {
    return fmt::format("there is no format \"{}\"; write text, csv, json or html",
                       given.text("format"));
  }
  if (given.has("from") == given.has("matrix")) return "give --from, or --matrix";
  if (given.has("to") && !given.has("from")) return "--to needs --from";
  if (given.has("from") && given.has("model")) return "--model belongs to --matrix";
  if (given.has("apply") && !is_path(given.text("to"))) {
    return "--apply needs a target that runs: --to SYSROOT/kernel/mdevsim/devices/NAME, or a "
           "type's "
           "directory";
  }
  if (given.has("interface") && !given.has("apply")) return "--interface belongs to --apply";
  const std::string uuid = given.text("uuid");
  if (!uuid.empty() && (uuid.size() != Uuid::kTextLength || !Uuid::parse(uuid)))
    return fmt::format("\"{}\" is no uuid", uuid);
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

int print_pair(const Side& source, const Side& target, const Arguments& given, const Format& format,
               const Choosing* choosing) {
  const model::Verdict verdict = model::decide(source.as_device(), target.as_device());
  const std::string uuid = !target.device.empty() ? target.device
                           : given.has("uuid")    ? given.text("uuid")
                                                  : "UUID";
  fmt::print("{}", format.verdict({source, target, verdict, uuid, choosing, nullptr}));
  return exit_status_of(verdict.answer);
}

int print_best(Sides& sides, const Side& source, const Arguments& given, const Format& format) {
  const auto types = sides.types(given.text("to"));
  if (!types) return refuse({types.error().code, "--to: " + types.error().why});
  const Best best = best_of(*types, source);
  if (best.type) return print_pair(source, (*types)[*best.type], given, format, &best.why);
  fmt::print("{}", format.none(source, best.why));
  return kExitIncompatible;
}

// The interface that was asked for, or the one with the fewest writes.
Result<Plan> choose_plan(std::vector<Plan> plans, const Arguments& given) {
  const std::string asked = given.text("interface");
  std::string names;
  const Plan* best = nullptr;
  for (const Plan& plan : plans) {
    const std::string_view name =
        plan.interface ? kInterfaceNames[static_cast<std::size_t>(*plan.interface)] : "create";
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    if (asked.empty() ? best == nullptr || plan.writes.size() < best->writes.size() : asked == name)
      best = &plan;
  }
  if (best != nullptr) return *best;
  return fail(Errc::invalid,
              asked.empty()
                  ? std::string("none of the target's interfaces can configure it; mdevsim "
                                "vendor-tool may")
                  : fmt::format("the target cannot be configured by \"{}\"; it can by: {}", asked,
                                names.empty() ? "none" : names));
}

int apply(const Side& source, const Side& target, const Arguments& given, const Format& format) {
  const model::Verdict verdict = model::decide(source.as_device(), target.as_device());
  const bool is_done = verdict.steps.empty() && target.kind != WriteTarget::Kind::type;
  if (verdict.answer == Answer::incompatible || is_done)
    return print_pair(source, target, given, format, nullptr);
  const std::string uuid = !target.device.empty() ? target.device
                           : given.has("uuid")    ? given.text("uuid")
                                                  : random_uuid();
  const auto plan = choose_plan(plans_of(target, verdict, uuid), given);
  if (!plan) {
    fmt::print(stderr, "mdevsim: error: {}\n", plan.error().why);
    return given.has("interface") ? kExitUsage : kExitFailed;
  }
  if (const std::string wrong = apply_plan(source, target, *plan, uuid); !wrong.empty()) {
    fmt::print(stderr, "mdevsim: error: {}\n", wrong);
    return kExitFailed;
  }
  fmt::print("{}", format.verdict({source, target, verdict, uuid, nullptr, &*plan}));
  return kExitOk;
}

int compare(Sides& sides, const Arguments& given, const Format& format) {
  const auto source = sides.find(given.text("from"));
  if (!source) return refuse({source.error().code, "--from: " + source.error().why});
  if (!given.has("to") || sides.is_host(given.text("to")))
    return print_best(sides, *source, given, format);
  const auto target = sides.find(given.text("to"));
  if (!target) return refuse({target.error().code, "--to: " + target.error().why});
  if (given.has("apply")) return apply(*source, *target, given, format);
  return print_pair(*source, *target, given, format, nullptr);
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
  if (given.has("matrix")) return print_matrix(*loaded.configuration->catalog, given, *format);
  Sides sides(*loaded.configuration, given.text("host"));
  if (given.has("host") && !sides.is_host(given.text("host")))
    return usage_error(syntax, fmt::format("the file has no host \"{}\"", given.text("host")));
  return compare(sides, given, *format);
}

}  // namespace mdevsim::cli
