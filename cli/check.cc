// mdevsim check: every problem of every host file and scenario, at once.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/options.h"
#include "scenarios/runner/load.h"
#include "sim/base/json.h"
#include "sim/base/limits.h"
#include "sim/config/host_files.h"

namespace mdevsim::cli {
namespace {

namespace po = boost::program_options;
using config::Diagnostic;
using config::Loaded;

bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

// The text of one file was read already: it may be the standard input.
class FilesWithOneRead final : public config::FileSource {
 public:
  FilesWithOneRead(std::string path, std::string text)
      : path_(std::move(path)), text_(std::move(text)) {}
  Result<std::string> read(const std::string& path, std::size_t bytes_max) override {
    if (path != path_) return files_.read(path, bytes_max);
    if (text_.size() > bytes_max) return fail(Errc::file_too_big, "it is too big");
    return text_;
  }

 private:
  std::string path_;
  std::string text_;
  config::HostFiles files_;
};

// A host file or a scenario, whichever it is. Of a scenario no hosts are told.
Loaded load_any(const std::string& path) {
  Result<std::string> text = config::HostFiles().read(path, kHostFileBytesMax);
  if (!text) return config::load_file(path);
  const bool is_scenario = scenario::is_scenario(*text);
  FilesWithOneRead files(path, std::move(*text));
  if (!is_scenario) return config::load(files, path);
  scenario::Loaded loaded = scenario::load(files, path);
  Loaded result;
  if (loaded.diagnostics.empty()) result.configuration.emplace();
  result.diagnostics = std::move(loaded.diagnostics);
  return result;
}

std::string problem_json(const Diagnostic& problem) {
  return fmt::format(
      R"({{"file": {}, "line": {}, "column": {}, "length": {}, "text": {}, "message": {}, "help": {}}})",
      json_string(problem.file), problem.line, problem.column, problem.length,
      json_string(problem.line_text), json_string(problem.message), json_string(problem.help));
}

std::string file_json(const std::string& path, const Loaded& loaded) {
  std::string hosts;
  if (loaded.configuration) {
    for (const HostSpec& host : loaded.configuration->hosts) {
      hosts += (hosts.empty() ? "" : ", ") + json_string(host.name);
    }
  }
  std::string problems;
  for (const Diagnostic& problem : loaded.diagnostics) {
    problems += (problems.empty() ? "\n      " : ",\n      ") + problem_json(problem);
  }
  return fmt::format(R"({{"file": {}, "valid": {}, "hosts": [{}], "problems": [{}]}})",
                     json_string(path), loaded.configuration.has_value(), hosts, problems);
}

void print_json(const std::vector<std::string>& paths, const std::vector<Loaded>& results) {
  std::string files;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    files += (i == 0 ? "\n    " : ",\n    ") + file_json(paths[i], results[i]);
  }
  fmt::print("{{\n  \"files\": [{}\n  ]\n}}\n", files);
}

// Says nothing about valid files, so that a script's output holds the problems alone.
void print_text(const std::vector<Loaded>& results) {
  const bool colour = wants_colour();
  for (const Loaded& loaded : results) {
    for (const Diagnostic& problem : loaded.diagnostics)
      fmt::print("{}", config::render(problem, colour));
  }
}

void print_summary(const std::vector<std::string>& paths, const std::vector<Loaded>& results) {
  std::size_t problems = 0;
  std::string invalid;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    problems += results[i].diagnostics.size();
    if (!results[i].configuration) invalid += " " + paths[i];
  }
  std::fflush(stdout);
  if (problems == 0) {
    fmt::print(stderr, "mdevsim: {} {} valid\n", paths.size(),
               paths.size() == 1 ? "file is" : "files are");
  } else {
    fmt::print(stderr, "mdevsim: {} {}; check again: mdevsim check{}\n", problems,
               problems == 1 ? "problem" : "problems", invalid);
  }
}

}  // namespace

int check_main(std::span<char*> args) {
  Syntax syntax;
  syntax.usage = "mdevsim check [--json] FILE...";
  syntax.purpose =
      "Tells every problem of every host file or scenario at once, with its place, the reason, and "
      "what to "
      "write\n"
      "instead. FILE is a path, - for the standard input, or builtin:NAME. Ends with 0 when all "
      "are\n"
      "valid, else with 3.";
  syntax.options.add_options()("json", "print one JSON object")(
      "file", po::value<std::vector<std::string>>(), "");
  syntax.positional.add("file", -1);
  syntax.required = {"file"};
  const Arguments given = parse_arguments(syntax, args);
  if (given.exit_status) return *given.exit_status;

  const auto& paths = given.values["file"].as<std::vector<std::string>>();
  std::vector<Loaded> results;
  bool valid = true;
  for (const std::string& path : paths) {
    results.push_back(load_any(path));
    valid = valid && results.back().configuration.has_value();
  }
  if (given.has("json")) {
    print_json(paths, results);
  } else {
    print_text(results);
    print_summary(paths, results);
  }
  return valid ? kExitOk : kExitInvalidFile;
}

}  // namespace mdevsim::cli
