#include "cli/migrate_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "sim/base/json.h"

namespace mdevsim::cli {
namespace {

constexpr std::uint64_t kBarWidth = 30;

// "12.3 MiB"
std::string size_text(std::uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto number = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (number >= 1024 && unit + 1 < std::size(kUnits)) {
    number /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", number, kUnits[unit]);
}

// "4.5 ms"
std::string time_text(std::int64_t us) {
  if (us < 1000) return fmt::format("{} us", us);
  if (us < 1'000'000) return fmt::format("{:.1f} ms", static_cast<double>(us) / 1e3);
  return fmt::format("{:.2f} s", static_cast<double>(us) / 1e6);
}

std::string round_json(const state::MoveRound& round) {
  return fmt::format(R"({{"bytes": {}, "time_us": {}, "left_bytes": {}}})", round.bytes, round.us,
                     round.left_bytes);
}

}  // namespace

std::string to_text(const MigrationFigures& figures) {
  const state::MoveReport& report = figures.move.report;
  return fmt::format("moved {} in {} of simulated time and {} rounds, downtime {}\n{}digest {}\n",
                     size_text(report.bytes), time_text(report.total_us), report.rounds.size(),
                     time_text(report.downtime_us),
                     figures.move.configured ? "the target was configured to fit\n" : "",
                     report.digest ? report.digest->to_string() : "unknown");
}

std::string to_json(const MigrationFigures& figures) {
  const state::MoveReport& report = figures.move.report;
  std::vector<std::string> rounds;
  for (const state::MoveRound& round : report.rounds) rounds.push_back(round_json(round));
  return fmt::format(
      R"({{"source": {}, "target": {}, "result": {}, "why": {}, "configured": {},
 "rounds": [{}],
 "bytes": {}, "time_us": {}, "downtime_us": {}, "digest": {}}}
)",
      json_string(figures.source), json_string(figures.target),
      json_string(state::outcome_name(report.outcome)), json_string(report.error.why),
      figures.move.configured, fmt::join(rounds, ",\n  "), report.bytes, report.total_us,
      report.downtime_us, report.digest ? json_string(report.digest->to_string()) : "null");
}

bool Progress::on_progress(const state::MoveReport& so_far, std::uint64_t left_bytes) {
  const std::uint64_t bytes = so_far.rounds.back().bytes;
  const std::size_t done = bytes * kBarWidth / (bytes + left_bytes);
  const std::string line =
      fmt::format("round {:<3} [{:<{}}] {}, {} left", so_far.rounds.size(), std::string(done, '#'),
                  kBarWidth, size_text(bytes), size_text(left_bytes));
  if (line != line_) {
    fmt::print(stderr, "\r{:<{}}", line, length_);
    std::fflush(stderr);
    length_ = std::max(length_, line.size());
    line_ = line;
  }
  return true;
}

void Progress::clear() {
  if (length_ > 0) fmt::print(stderr, "\r{:<{}}\r", "", length_);
  length_ = 0;
}

}  // namespace mdevsim::cli
