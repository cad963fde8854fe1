#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "scenarios/runner/duration.h"
#include "scenarios/runner/report.h"
#include "sim/config/diagnostic.h"

namespace mdevsim::scenario {
namespace {

constexpr std::size_t kColumnMax = 48;
constexpr std::size_t kLinesMax = 40;
constexpr std::size_t kLineBytesMax = 400;

struct Palette {
  std::string_view passed, failed, skipped, strong, off;
};
constexpr Palette kPlain{};
constexpr Palette kColours{"\033[32m", "\033[1;31m", "\033[33m", "\033[1m", "\033[0m"};

// A line for people, cut where it is much too long, between two characters.
std::string line_of(std::string_view text) {
  std::string line = config::printable(text);
  if (line.size() <= kLineBytesMax) return line;
  std::size_t end = kLineBytesMax;
  while ((line[end] & 0xC0) == 0x80) --end;
  return fmt::format("{} (and {} bytes more)", line.substr(0, end), line.size() - end);
}

// A name, or what was done, which may be a script: its first line that says something.
std::string title_of(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::size_t end = std::min(text.find('\n'), text.size());
  const bool is_all = text.find_first_not_of(kBlanks, end) == std::string_view::npos;
  return line_of(text.substr(0, end)) + (is_all ? "" : " ...");
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(line_of(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (lines.empty()) lines.emplace_back("(empty)");
  if (lines.size() > kLinesMax) {
    const std::size_t more = lines.size() - kLinesMax;
    lines.resize(kLinesMax);
    lines.push_back(fmt::format("({} more lines)", more));
  }
  return lines;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Both texts in two columns; lines that differ are joined by `!`.
std::string side_by_side(const Mismatch& mismatch) {
  std::vector<std::string> left = lines_of(mismatch.expected);
  std::vector<std::string> right = lines_of(mismatch.actual);
  std::size_t width = width_of("expected");
  for (const std::string& line : left) width = std::max(width, width_of(line));
  width = std::min(width, kColumnMax);
  const auto pad = [&](const std::string& text) {
    const std::size_t used = width_of(text);
    return text + std::string(used < width ? width - used : 0, ' ');
  };
  std::string out = fmt::format("      {} | actual\n", pad("expected"));
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string& a = i < left.size() ? left[i] : std::string();
    const std::string& b = i < right.size() ? right[i] : std::string();
    std::string line = fmt::format("      {} {} {}", pad(a), a == b ? '|' : '!', b);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

// Failures of one moment have seen the same.
std::string trace_lines(const Failure& failure, const Failure* before) {
  if (failure.trace.empty())
    return failure.has_trace ? "    the simulated kernel was asked nothing\n" : "";
  if (before != nullptr && before->trace == failure.trace)
    return "    the last requests were the same as above\n";
  std::string out = "    the last requests that the simulated kernel answered:\n";
  for (const std::string& line : failure.trace) out += fmt::format("      {}\n", line_of(line));
  return out;
}

std::string failure_text(const Failure& failure, const Failure* before, const Palette& paint) {
  std::string out = fmt::format("  {}: step {}\"{}\"{} failed\n", config::printable(failure.place),
                                paint.strong, title_of(failure.step), paint.off);
  if (!failure.action.empty()) {
    out += fmt::format("    {}{}{}\n", title_of(failure.action),
                       failure.host.empty() ? "" : ", on ", failure.host);
  }
  for (const Mismatch& mismatch : failure.mismatches) {
    if (!mismatch.what.empty()) out += fmt::format("    {}:\n", mismatch.what);
    out += side_by_side(mismatch);
  }
  return out + trace_lines(failure, before);
}

}  // namespace

void Totals::add(const CaseResult& result) {
  switch (result.status) {
    case Status::passed:
      ++passed;
      break;
    case Status::failed:
      ++failed;
      break;
    case Status::skipped:
      ++skipped;
      break;
  }
}

std::string text_report(const CaseResult& result, bool colour) {
  const Palette& paint = colour ? kColours : kPlain;
  const std::string id = config::printable(result.id);
  switch (result.status) {
    case Status::passed:
      return fmt::format("{}passed{}  {} ({})\n", paint.passed, paint.off, id,
                         duration_text(result.duration_ms));
    case Status::skipped:
      return fmt::format("{}skipped{} {}: {}\n", paint.skipped, paint.off, id,
                         config::printable(result.reason));
    case Status::failed:
      break;
  }
  std::string out = fmt::format("{}FAILED{}  {} (seed {}, {})\n", paint.failed, paint.off, id,
                                result.seed, duration_text(result.duration_ms));
  const Failure* before = nullptr;
  for (const Failure& failure : result.failures) {
    out += failure_text(failure, before, paint);
    before = &failure;
  }
  if (!result.log.empty()) {
    out += "  the simulator said:\n";
    for (const std::string& line : lines_of(result.log)) out += fmt::format("    {}\n", line);
  }
  return out + fmt::format("  to repeat it: {}\n", reproduction(result));
}

std::string text_summary(const Totals& totals) {
  std::string out = fmt::format("{} passed", totals.passed);
  if (totals.failed > 0) out += fmt::format(", {} failed", totals.failed);
  if (totals.skipped > 0) out += fmt::format(", {} skipped", totals.skipped);
  return out + fmt::format(" in {}\n", duration_text(totals.duration_ms));
}

}  // namespace mdevsim::scenario
