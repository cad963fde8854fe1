#include "scenarios/runner/actual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string.h>

#include <algorithm>

#include "scenarios/runner/duration.h"
#include "scenarios/runner/read_expect.h"
#include "sim/base/limits.h"

namespace mdevsim::scenario {
namespace {

std::string lines(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, "\n"));
}

std::string describe_error(int error) {
  return error == 0 ? "no error" : fmt::format("{} ({})", errno_symbol(error), ::strerror(error));
}

void add(std::vector<Mismatch>& found, std::string_view what, std::optional<Mismatch> mismatch) {
  if (!mismatch) return;
  mismatch->what =
      mismatch->what.empty() ? std::string(what) : fmt::format("{}: {}", what, mismatch->what);
  found.push_back(std::move(*mismatch));
}

void check_names(const Expectation& expect, const Actual& actual, std::vector<Mismatch>& found) {
  if (expect.names) {
    std::vector<std::string> expected = *expect.names;
    std::sort(expected.begin(), expected.end());
    if (expected != actual.names) found.push_back({"names", lines(expected), lines(actual.names)});
  }
  const auto holds = [&](const std::string& pattern) {
    return std::any_of(actual.names.begin(), actual.names.end(),
                       [&](const std::string& name) { return matches_pattern(pattern, name); });
  };
  for (const std::string& name : expect.has) {
    if (!holds(name)) found.push_back({"names", "has " + name, lines(actual.names)});
  }
  for (const std::string& name : expect.lacks) {
    if (holds(name)) found.push_back({"names", "lacks " + name, lines(actual.names)});
  }
  if (expect.count && *expect.count != actual.count) {
    found.push_back({"how many", fmt::format("{}", *expect.count),
                     fmt::format("{}\n{}", actual.count, lines(actual.names))});
  }
}

void check_events(const Step& step, const Actual& actual, std::vector<Mismatch>& found) {
  const std::uint32_t wanted = step.expect.count.value_or(1);
  const bool is_met = step.expect.count ? actual.count == wanted : actual.count >= wanted;
  if (is_met) return;
  std::string expected = fmt::format("{} event{} like", wanted, wanted == 1 ? "" : "s");
  for (const auto& [key, value] : step.fields) expected += fmt::format("\n{}={}", key, value);
  std::string heard = fmt::format("{} of {} heard", actual.count, actual.names.size());
  if (actual.has_lost_events) heard += "\n(and others that came faster than they were taken)";
  for (const std::string& name : actual.names) heard += "\n" + name;
  found.push_back({"events", expected, heard});
}

// "exit status 6", or the word for it: "refused (exit status 6)".
std::string status_text(const Expectation& expect, int status) {
  for (const Ending& ending : expect.endings) {
    if (ending.status == status) return fmt::format("{} (exit status {})", ending.word, status);
  }
  return fmt::format("exit status {}", status);
}

void check_command(const Expectation& expect, const Actual& actual, std::vector<Mismatch>& found) {
  const std::vector<int> wanted = expect.statuses.empty() ? std::vector<int>{0} : expect.statuses;
  if (!actual.status || std::find(wanted.begin(), wanted.end(), *actual.status) == wanted.end()) {
    std::string got = actual.status ? status_text(expect, *actual.status) : "no end";
    if (!actual.diagnostics.empty()) got += "\nstderr: " + actual.diagnostics;
    if (!actual.output.empty()) got += "\nstdout: " + actual.output;
    std::string hoped;
    for (const int status : wanted)
      hoped += (hoped.empty() ? "" : "\nor ") + status_text(expect, status);
    found.push_back({expect.endings.empty() ? "exit status" : "how it ends", hoped, got});
    return;
  }
  add(found, "standard output", check_text(expect.output, actual.output));
  add(found, "standard error", check_text(expect.diagnostics, actual.diagnostics));
}

// What a command gave as the reason of its failure, and the hosts as that of their refusals.
std::string reason_of(const Actual& actual) { return actual.diagnostics + actual.log; }

void check_content(const Step& step, const Actual& actual, std::vector<Mismatch>& found) {
  const Expectation& expect = step.expect;
  if (step.verb == Verb::run) {
    check_command(expect, actual, found);
  } else if (step.verb == Verb::list) {
    check_names(expect, actual, found);
  } else {
    add(found, "content", check_text(expect.output, actual.output));
  }
}

}  // namespace

void write(WireWriter& out, const Actual& actual) {
  out.number(actual.error);
  out.number(actual.timed_out ? 1 : 0);
  out.number(actual.is_cut ? 1 : 0);
  out.number(actual.status.value_or(-1));
  out.text(actual.output);
  out.text(actual.diagnostics);
  out.list(actual.names, [](WireWriter& to, const std::string& name) { to.text(name); });
  out.number(actual.count);
}

Actual read_actual(WireReader& in) {
  Actual actual;
  actual.error = static_cast<int>(in.number());
  actual.timed_out = in.number() != 0;
  actual.is_cut = in.number() != 0;
  const auto status = static_cast<int>(in.number());
  if (status >= 0) actual.status = status;
  actual.output = in.text();
  actual.diagnostics = in.text();
  in.list([&](WireReader& from) { actual.names.push_back(from.text()); });
  actual.count = static_cast<std::uint32_t>(in.number());
  return actual;
}

std::string ending(const Actual& actual) {
  if (!actual.hindrance.empty()) return "killed";
  if (actual.timed_out) return "timeout";
  if (actual.error != 0) return errno_symbol(actual.error);
  if (actual.status.value_or(0) != 0) return fmt::format("status {}", *actual.status);
  return "ok";
}

std::vector<Mismatch> check(const Step& step, const Actual& actual) {
  std::vector<Mismatch> found;
  const Expectation& expect = step.expect;
  if (step.verb == Verb::event) {
    check_events(step, actual, found);
    return found;
  }
  if (!actual.hindrance.empty()) return {{"", "the step ends by itself", actual.hindrance}};
  if (actual.timed_out) {
    const std::string limit = actual.limit.empty() ? duration_text(step.within_ms) : actual.limit;
    std::string got = "not within " + limit;
    if (actual.error != 0) got += "\nlast seen: " + describe_error(actual.error);
    if (!actual.output.empty()) got += "\nlast seen: " + actual.output;
    if (!actual.diagnostics.empty()) got += "\nstderr: " + actual.diagnostics;
    found.push_back({"time", "an end within " + limit, got});
    return found;
  }
  const int wanted = expect.error.empty() ? 0 : errno_by_symbol(expect.error);
  if (actual.error != wanted) {
    std::string got = describe_error(actual.error);
    if (!actual.output.empty()) got += "\n" + actual.output;
    found.push_back({"errno", describe_error(wanted), got});
    return found;
  }
  if (wanted == 0) check_content(step, actual, found);
  if (found.empty()) add(found, "reason", check_text(expect.reason, reason_of(actual)));
  for (Mismatch& mismatch : found) {
    if (actual.is_cut)
      mismatch.what += fmt::format(", of which {} bytes were kept", kCapturedBytesMax);
  }
  return found;
}

std::vector<Mismatch> check_outcomes(const Step& step, const std::vector<Actual>& copies) {
  std::map<std::string, std::uint32_t> counts;
  for (const Actual& actual : copies) ++counts[ending(actual)];
  std::map<std::string, std::uint32_t> wanted = step.expect.outcomes;
  std::size_t counted = 0;
  for (const auto& [word, count] : wanted) counted += count;
  if (!step.expect.others.empty() && counted < copies.size())
    wanted[step.expect.others] = static_cast<std::uint32_t>(copies.size() - counted);
  const auto shown = [](const std::map<std::string, std::uint32_t>& map) {
    std::string text;
    for (const auto& [word, count] : map) {
      if (count > 0) text += fmt::format("{}{} times {}", text.empty() ? "" : "\n", count, word);
    }
    return text;
  };
  const std::string expected = shown(wanted);
  const std::string actual = shown(counts);
  if (expected == actual) return {};
  return {{"outcomes", expected, actual}};
}

}  // namespace mdevsim::scenario
