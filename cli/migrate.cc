// mdevsim migrate: moves a running device's state from one mounted host to another, as an ordinary
// client of their files.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <charconv>
#include <optional>
#include <utility>

#include "cli/commands.h"
#include "cli/device_directory.h"
#include "cli/handover.h"
#include "cli/migrate_report.h"
#include "cli/options.h"
#include "sim/config/text.h"

namespace mdevsim::cli {
namespace po = boost::program_options;
namespace {

constexpr int kExitNotConverged = 5;
constexpr int kExitRefused = 6;
constexpr int kExitCancelled = 7;

Syntax syntax() {
  Syntax syntax;
  syntax.usage =
      "mdevsim migrate FROM TO [--bandwidth RATE] [--downtime-limit TIME] [--rounds N] "
      "[--cancel-after TIME] [--json]";
  syntax.purpose =
      "Migrates the state of a running device: has TO fit, copies in rounds while FROM works, "
      "stops\n"
      "it, copies the rest, compares digests, and has TO run. FROM and TO are directories\n"
      "SYSROOT/kernel/mdevsim/devices/<uuid or PCI address> of mounted hosts. Whatever fails, and "
      "if\n"
      "it is killed, FROM runs on and TO is reset.\n\n"
      "Ends with 0, 1 failed, 2 usage, 5 not converged, 6 refused: TO cannot be made to fit, 7 "
      "cancelled.";
  syntax.options.add_options()("from", po::value<std::string>());
  syntax.options.add_options()("to", po::value<std::string>());
  syntax.options.add_options()(
      "bandwidth", po::value<std::string>()->value_name("RATE")->default_value("1GiB/s"),
      "of the simulated wire: time is what the bytes take at that rate");
  syntax.options.add_options()("downtime-limit",
                               po::value<std::string>()->value_name("TIME")->default_value("300ms"),
                               "how long the device may stand still: us, ms or s");
  syntax.options.add_options()("rounds", po::value<unsigned>()->value_name("N")->default_value(30),
                               "how many rounds of pre-copy at most");
  syntax.options.add_options()("cancel-after", po::value<std::string>()->value_name("TIME"),
                               "give up when it has taken so long, of simulated time");
  syntax.options.add_options()("json", "print the figures of each round as JSON");
  syntax.positional.add("from", 1).add("to", 1);
  syntax.required = {"from", "to"};
  return syntax;
}

// "1GiB/s" or "1GiB": bytes a second, but not none.
std::optional<std::uint64_t> parse_rate(std::string_view text) {
  if (text.ends_with("/s")) text.remove_suffix(2);
  const auto bytes = config::parse_size(text);
  return bytes && *bytes > 0 ? bytes : std::nullopt;
}

// "300ms": microseconds.
std::optional<std::int64_t> parse_time_us(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint32_t us;
  };
  constexpr Unit kUnits[] = {{"us", 1}, {"ms", 1000}, {"s", 1'000'000}};
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& known : kUnits) {
    if (known.name == unit) return std::int64_t{number} * known.us;
  }
  return std::nullopt;
}

// The text of a usage error; empty when the options are good.
std::string read_options(const Arguments& given, state::MoveLimits& limits) {
  const auto rate = parse_rate(given.text("bandwidth"));
  if (!rate) return "--bandwidth " + given.text("bandwidth") + ": it is no rate, such as 1GiB/s";
  limits.bandwidth_bytes_per_s = *rate;
  const auto limit = parse_time_us(given.text("downtime-limit"));
  if (!limit)
    return "--downtime-limit " + given.text("downtime-limit") + ": it is no time, such as 300ms";
  limits.downtime_us = *limit;
  if (given.has("cancel-after")) {
    limits.cancel_after_us = parse_time_us(given.text("cancel-after"));
    if (!limits.cancel_after_us)
      return "--cancel-after " + given.text("cancel-after") + ": it is no time, such as 50ms";
  }
  limits.rounds_max = given.values["rounds"].as<unsigned>();
  return limits.rounds_max > 0 ? "" : "--rounds 0: there is at least one";
}

FileMove not_begun(Error error) {
  FileMove move;
  move.report.error = std::move(error);
  return move;
}

FileMove migrate_devices(const std::string& from, const std::string& to,
                         const state::MoveLimits& limits, state::MoveObserver* observer) {
  auto source = DeviceDirectory::open(from);
  if (!source) return not_begun(std::move(source).error());
  auto target = DeviceDirectory::open(to);
  if (!target) return not_begun(std::move(target).error());
  auto handover = surviving_handover(**source, **target);
  if (!handover) return not_begun(std::move(handover).error());
  return migrate(**source, **target, limits, observer, *handover);
}

// What could not be put back, or ended.
void print_leftovers(const state::MoveReport& report) {
  for (const std::string& why : {report.source_left_in, report.target_left_in}) {
    if (!why.empty()) fmt::print(stderr, "mdevsim: warning: {}\n", why);
  }
}

int exit_status(state::MoveOutcome outcome) {
  switch (outcome) {
    case state::MoveOutcome::moved:
      return kExitOk;
    case state::MoveOutcome::not_converged:
      return kExitNotConverged;
    case state::MoveOutcome::refused:
      return kExitRefused;
    case state::MoveOutcome::cancelled:
      return kExitCancelled;
    case state::MoveOutcome::failed:
      break;
  }
  return kExitFailed;
}

}  // namespace

int migrate_main(std::span<char*> args) {
  const Syntax expected = syntax();
  const Arguments given = parse_arguments(expected, args);
  if (given.exit_status) return *given.exit_status;
  state::MoveLimits limits;
  if (const std::string wrong = read_options(given, limits); !wrong.empty())
    return usage_error(expected, wrong);

  MigrationFigures figures{.source = given.text("from"), .target = given.text("to")};
  Progress progress;
  const bool on_terminal = ::isatty(STDERR_FILENO) == 1;
  figures.move =
      migrate_devices(figures.source, figures.target, limits, on_terminal ? &progress : nullptr);
  progress.clear();
  const state::MoveReport& report = figures.move.report;
  const bool moved = report.outcome == state::MoveOutcome::moved;
  if (given.has("json")) {
    fmt::print("{}", to_json(figures));
  } else if (moved) {
    fmt::print("{}", to_text(figures));
  }
  print_leftovers(report);
  if (!moved) {
    fmt::print(stderr, "mdevsim: error: {}: {}\nmdevsim migrate {}\n",
               state::outcome_name(report.outcome), report.error.why, fmt::join(args, " "));
  }
  return exit_status(report.outcome);
}

}  // namespace mdevsim::cli
