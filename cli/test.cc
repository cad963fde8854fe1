// mdevsim test: runs scenario files.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/commands.h"
#include "cli/options.h"
#include "scenarios/runner/duration.h"
#include "scenarios/runner/load.h"
#include "scenarios/runner/perform.h"
#include "scenarios/runner/report.h"
#include "scenarios/runner/run_cases.h"
#include "scenarios/runner/select.h"
#include "sim/config/host_files.h"

namespace mdevsim::cli {
namespace {

namespace po = boost::program_options;
using scenario::Case;
using scenario::CaseResult;

constexpr std::uint64_t kRepeatsMax = 1'000'000;

enum class Format { text, tap, json };

struct TestOptions {
  std::vector<std::string> paths;
  std::vector<std::string> texts;
  scenario::Shard shard;
  scenario::RunOptions run;
  std::optional<std::uint64_t> seed;
  std::optional<std::int64_t> timeout_ms;
  std::uint64_t repeat = 1;
  bool until_fail = false;
  bool lists = false;
  Format format = Format::text;
  std::string junit;
  std::string trace;
};

Syntax syntax() {
  Syntax syntax;
  syntax.usage =
      "mdevsim test FILE|DIR... [-k TEXT] [--shard K/N] [--jobs N] [--seed N] [--repeat N] "
      "[--until-fail] [--timeout TIME] [--junit FILE] [--tap | --json]";
  syntax.purpose =
      "Runs the cases of scenario files, each in namespaces of its own with simulated hosts of "
      "its\n"
      "own, and tells which of them fail, and why. mdevsim-scenario(5) tells what files may "
      "hold.\n\n"
      "Ends with 0 passed, 1 failed, 2 usage, 3 invalid file, 4 this machine cannot, 5 nothing "
      "selected.";
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  auto add = syntax.options.add_options();
  add("path", po::value<std::vector<std::string>>());
  add("filter,k", po::value<std::vector<std::string>>()->value_name("TEXT"),
      "only cases whose name holds TEXT; may be given several times");
  add("shard", text("K/N"), "only the K-th of N parts; all N together run each case once");
  add("jobs,j", po::value<unsigned>()->value_name("N"), "how many cases at a time (the CPUs)");
  add("seed", text("N"), "instead of the files' own");
  add("repeat", po::value<std::uint64_t>()->value_name("N"),
      "run each case N times, with the seeds from its own onward");
  add("until-fail", "repeat (without --repeat: for ever), and end with the first failure");
  add("timeout", text("TIME"), "of each case, instead of the files' own: 30s, 2min");
  add("junit", text("FILE"), "write a JUnit XML report");
  add("tap", "print TAP instead of text");
  add("json", "print JSON lines instead of text");
  add("list", "print the names of the selected cases and run none");
  add("trace", text("DIR"), "write each case's trace of requests into this folder");
  syntax.positional.add("path", -1);
  syntax.required = {"path"};
  return syntax;
}

// Boost would take -1 for a large number.
std::optional<std::uint64_t> read_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return seed;
}

// The usage error's text; empty when the options are good.
std::string read_options(const Arguments& given, TestOptions& options) {
  options.paths = given.values["path"].as<std::vector<std::string>>();
  if (given.has("filter")) options.texts = given.values["filter"].as<std::vector<std::string>>();
  if (given.has("shard")) {
    const auto shard = scenario::parse_shard(given.text("shard"));
    if (!shard)
      return "--shard " + given.text("shard") + ": write K/N with 1 <= K <= N, such as 1/3";
    options.shard = *shard;
  }
  options.run.jobs = std::max(1U, std::thread::hardware_concurrency());
  if (given.has("jobs")) options.run.jobs = given.values["jobs"].as<unsigned>();
  if (options.run.jobs < 1 || options.run.jobs > 1000) return "--jobs is a number from 1 to 1000";
  if (given.has("seed")) {
    options.seed = read_seed(given.text("seed"));
    if (!options.seed)
      return fmt::format("--seed {}: write a number from 0 to {}", given.text("seed"), UINT64_MAX);
  }
  options.until_fail = given.has("until-fail");
  options.repeat = options.until_fail ? kRepeatsMax : 1;
  if (given.has("repeat")) options.repeat = given.values["repeat"].as<std::uint64_t>();
  if (options.repeat < 1 || options.repeat > kRepeatsMax)
    return fmt::format("--repeat is a number from 1 to {}", kRepeatsMax);
  options.run.stops_at_failure = options.until_fail;
  if (given.has("timeout")) {
    options.timeout_ms = scenario::parse_duration(given.text("timeout"));
    if (!options.timeout_ms || *options.timeout_ms == 0)
      return "--timeout " + given.text("timeout") + ": write a number and its unit, such as 30s";
  }
  if (given.has("tap") && given.has("json")) return "choose one of --tap and --json";
  options.format = given.has("tap") ? Format::tap : given.has("json") ? Format::json : Format::text;
  options.lists = given.has("list");
  options.junit = given.text("junit");
  options.trace = given.text("trace");
  options.run.keeps_trace = !options.trace.empty();
  return {};
}

bool is_terminal(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(fd) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

// What is told while cases run, and at the end.
class Reporter final : public scenario::Listener {
 public:
  explicit Reporter(const TestOptions& options)
      : options_(options),
        colour_(is_terminal(STDOUT_FILENO)),
        shows_progress_(::isatty(STDERR_FILENO) == 1) {}

  // False when a report could not be written: better now than when all cases have run.
  bool begin() {
    if (!options_.junit.empty() && !write_file(options_.junit, "")) return false;
    if (!options_.trace.empty() && !make_folder(options_.trace)) return false;
    if (options_.format == Format::tap) fmt::print("{}", scenario::tap_head());
    return true;
  }

  void ended(const CaseResult& result) override {
    clear_progress();
    totals_.add(result);
    machine_cannot_ = machine_cannot_ || result.machine_cannot;
    switch (options_.format) {
      case Format::text:
        fmt::print("{}", scenario::text_report(result, colour_));
        break;
      case Format::tap:
        fmt::print("{}", scenario::tap_report(result, totals_.all()));
        break;
      case Format::json:
        fmt::print("{}", scenario::json_report(result));
        break;
    }
    std::fflush(stdout);
    if (!options_.trace.empty()) write_trace(result);
    if (!options_.junit.empty()) results_.push_back(result);
  }

  void progressed(const scenario::Progress& progress) override {
    if (!shows_progress_) return;
    std::string line = fmt::format(
        "[{}/{}]{} {}", progress.done, progress.total,
        progress.failed > 0 ? fmt::format(" {} failed", progress.failed) : std::string(),
        config::printable(progress.running));
    winsize size = {};
    const std::size_t width =
        ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79U;
    if (line.size() > width) {
      std::size_t end = width;
      while (end > 0 && (line[end] & 0xC0) == 0x80) --end;  // not in the middle of a character
      line.resize(end);
    }
    fmt::print(stderr, "\r\033[K{}", line);
    has_progress_ = true;
  }

  // The last words, and the report's file. `is_whole`: nobody has told us to end before.
  void finish(std::int64_t duration_ms, bool is_whole) {
    clear_progress();
    totals_.duration_ms = duration_ms;
    if (options_.format == Format::tap) {
      fmt::print("{}", is_whole ? scenario::tap_plan(totals_.all())
                                : scenario::tap_bail_out("interrupted"));
    }
    if (options_.format == Format::json) fmt::print("{}", scenario::json_summary(totals_));
    if (options_.format == Format::text) fmt::print("{}", scenario::text_summary(totals_));
    std::fflush(stdout);
    if (!is_whole) fmt::print(stderr, "mdevsim: interrupted: not all cases have run\n");
    if (!options_.junit.empty()) write_file(options_.junit, scenario::junit_report(results_));
  }

  bool has_failed() const { return totals_.failed > 0 || cannot_write_; }
  bool machine_cannot() const { return machine_cannot_; }

 private:
  void clear_progress() {
    if (has_progress_) fmt::print(stderr, "\r\033[K");
    has_progress_ = false;
  }

  bool write_file(const std::string& path, const std::string& text) {
    std::FILE* file = std::fopen(path.c_str(), "we");
    bool is_written = file != nullptr && std::fputs(text.c_str(), file) >= 0;
    if (file != nullptr) is_written = std::fclose(file) == 0 && is_written;
    if (is_written) return true;
    std::perror(fmt::format("mdevsim: error: cannot write {}", path).c_str());
    cannot_write_ = true;
    return false;
  }

  static bool make_folder(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error)
      fmt::print(stderr, "mdevsim: error: cannot make the folder {}: {}\n", path, error.message());
    return !error;
  }

  void write_trace(const CaseResult& result) {
    std::string name = result.id;
    std::replace(name.begin(), name.end(), '/', '_');
    constexpr std::size_t kNameMax = 200;  // file systems take 255 bytes
    if (name.size() > kNameMax) {
      name = fmt::format("{}-{:016x}", name.substr(0, kNameMax), std::hash<std::string>()(name));
    }
    write_file(fmt::format("{}/{}.seed{}.jsonl", options_.trace, name, result.seed), result.trace);
  }

  const TestOptions& options_;
  bool colour_;
  bool shows_progress_;
  bool has_progress_ = false;
  bool cannot_write_ = false;
  bool machine_cannot_ = false;
  scenario::Totals totals_;
  std::vector<CaseResult> results_;
};

// All cases of all files; nothing after telling what is wrong with them.
std::optional<std::vector<Case>> load_cases(const std::vector<std::string>& paths) {
  config::HostFiles files;
  std::vector<Case> cases;
  std::set<std::string> seen;  // a file that is named twice is run once
  bool is_valid = true;
  for (const std::string& path : paths) {
    const auto found = scenario::find_files(path);
    if (!found) {
      fmt::print(stderr, "mdevsim: error: {}\n", found.error());
      is_valid = false;
      continue;
    }
    for (const std::string& file : *found) {
      if (!seen.insert(file).second) continue;
      scenario::Loaded loaded = scenario::load(files, file);
      for (const config::Diagnostic& problem : loaded.diagnostics)
        fmt::print(stderr, "{}", config::render(problem, is_terminal(STDERR_FILENO)));
      is_valid = is_valid && loaded.diagnostics.empty();
      std::move(loaded.cases.begin(), loaded.cases.end(), std::back_inserter(cases));
    }
  }
  if (!is_valid) return std::nullopt;
  return cases;
}

int exit_status(launch::Failure::Cause cause) {
  return cause == launch::Failure::Cause::machine_cannot ? kExitMachineCannot : kExitFailed;
}

int run(std::vector<Case> cases, const TestOptions& options) {
  const auto runner = scenario::CaseRunner::prepare();
  if (!runner) {
    launch::print(runner.error());
    return exit_status(runner.error().cause);
  }
  Reporter reporter(options);
  if (!reporter.begin()) return kExitFailed;
  const std::int64_t begin = scenario::now_ms();
  bool is_whole = true;
  bool has_found_one = false;
  for (std::uint64_t round = 0; round < options.repeat && is_whole && !has_found_one; ++round) {
    const auto ended = runner->run(cases, options.run, reporter);
    if (!ended) {
      launch::print(ended.error());
      return exit_status(ended.error().cause);
    }
    is_whole = *ended;
    has_found_one = options.until_fail && reporter.has_failed();
    for (Case& one : cases) ++one.seed;
  }
  reporter.finish(scenario::now_ms() - begin, is_whole);
  if (reporter.machine_cannot()) return kExitMachineCannot;
  return reporter.has_failed() || !is_whole ? kExitFailed : kExitOk;
}

}  // namespace

int test_main(std::span<char*> args) {
  const Syntax expected = syntax();
  const Arguments given = parse_arguments(expected, args);
  if (given.exit_status) return *given.exit_status;
  TestOptions options;
  if (const std::string wrong = read_options(given, options); !wrong.empty())
    return usage_error(expected, wrong);
  auto loaded = load_cases(options.paths);
  if (!loaded) return kExitInvalidFile;
  std::vector<Case> cases = scenario::select(std::move(*loaded), options.texts, options.shard);
  for (Case& one : cases) {
    if (options.seed) one.seed = *options.seed;
    if (options.timeout_ms) one.timeout_ms = *options.timeout_ms;
    one.has_own_timeout = !options.timeout_ms;
  }
  if (options.lists) {
    for (const Case& one : cases) fmt::print("{}\n", one.id);
  }
  if (cases.empty()) {
    fmt::print(stderr, "mdevsim: error: no case is selected\n");
    return kExitNothingSelected;
  }
  return options.lists ? kExitOk : run(std::move(cases), options);
}

}  // namespace mdevsim::cli
