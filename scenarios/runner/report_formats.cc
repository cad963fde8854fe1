#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "scenarios/runner/report.h"
#include "sim/config/diagnostic.h"

namespace mdevsim::scenario {
namespace {

using Json = nlohmann::ordered_json;

// Text that came from programs, fit for JSON and XML: valid UTF-8 without control characters.
std::string clean(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += config::printable(text.substr(0, end));
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : clean(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string seconds(std::int64_t milliseconds) {
  return fmt::format("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
}

// What sets the case apart from others of its file.
std::string case_name(const CaseResult& result) {
  return result.id.size() > result.file.size() ? result.id.substr(result.file.size()) : result.id;
}

std::string first_mismatch(const CaseResult& result) {
  if (result.failures.empty()) return "failed";
  const Failure& failure = result.failures.front();
  return fmt::format("{}: {}", failure.place, failure.step);
}

std::string junit_case(const CaseResult& result) {
  const std::string head =
      fmt::format("    <testcase name=\"{}\" classname=\"{}\" time=\"{}\"", xml(case_name(result)),
                  xml(result.file), seconds(result.duration_ms));
  switch (result.status) {
    case Status::passed:
      return head + "/>\n";
    case Status::skipped:
      return fmt::format("{}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", head,
                         xml(result.reason));
    case Status::failed:
      break;
  }
  std::string out =
      fmt::format("{}>\n      <failure message=\"{}\" type=\"expectation\">{}</failure>\n", head,
                  xml(first_mismatch(result)), xml(text_report(result, false)));
  if (!result.log.empty())
    out += fmt::format("      <system-err>{}</system-err>\n", xml(result.log));
  return out + "    </testcase>\n";
}

std::string junit_suite(const std::string& file, const std::vector<const CaseResult*>& results) {
  Totals totals;
  std::string cases;
  for (const CaseResult* result : results) {
    totals.add(*result);
    totals.duration_ms += result->duration_ms;
    cases += junit_case(*result);
  }
  return fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" "
      "time=\"{}\">\n{}  </testsuite>\n",
      xml(file), totals.all(), totals.failed, totals.skipped, seconds(totals.duration_ms), cases);
}

Json json_of(const Failure& failure) {
  Json mismatches = Json::array();
  for (const Mismatch& mismatch : failure.mismatches) {
    mismatches.push_back({{"what", clean(mismatch.what)},
                          {"expected", clean(mismatch.expected)},
                          {"actual", clean(mismatch.actual)}});
  }
  Json trace = Json::array();
  for (const std::string& line : failure.trace) trace.push_back(clean(line));
  return {{"step", clean(failure.step)},         {"place", failure.place},
          {"action", clean(failure.action)},     {"host", failure.host},
          {"mismatches", std::move(mismatches)}, {"trace", std::move(trace)}};
}

}  // namespace

std::string tap_head() { return "TAP version 13\n"; }

std::string tap_plan(std::size_t cases) { return fmt::format("1..{}\n", cases); }

std::string tap_bail_out(std::string_view why) { return fmt::format("Bail out! {}\n", why); }

std::string tap_report(const CaseResult& result, std::size_t number) {
  std::string name = config::printable(result.id);
  std::replace(name.begin(), name.end(), '#', '_');  // begins a directive
  switch (result.status) {
    case Status::passed:
      return fmt::format("ok {} - {}\n", number, name);
    case Status::skipped:
      return fmt::format("ok {} - {} # SKIP {}\n", number, name, config::printable(result.reason));
    case Status::failed:
      break;
  }
  std::string out = fmt::format("not ok {} - {}\n", number, name);
  std::string report = text_report(result, false);
  for (std::size_t at = 0; at < report.size();) {
    const std::size_t end = std::min(report.find('\n', at), report.size());
    out += "# " + report.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

std::string json_report(const CaseResult& result) {
  Json object{{"case", clean(result.id)},
              {"file", clean(result.file)},
              {"seed", result.seed},
              {"status", status_name(result.status)},
              {"duration_ms", result.duration_ms}};
  if (result.status == Status::skipped) object["reason"] = clean(result.reason);
  if (result.status == Status::failed) {
    object["failures"] = Json::array();
    for (const Failure& failure : result.failures) object["failures"].push_back(json_of(failure));
    object["log"] = clean(result.log);
    object["repeat"] = clean(reproduction(result));
  }
  return object.dump() + "\n";
}

std::string json_summary(const Totals& totals) {
  return Json{{"passed", totals.passed},
              {"failed", totals.failed},
              {"skipped", totals.skipped},
              {"duration_ms", totals.duration_ms}}
             .dump() +
         "\n";
}

std::string junit_report(const std::vector<CaseResult>& results) {
  std::map<std::string, std::vector<const CaseResult*>> by_file;
  for (const CaseResult& result : results) by_file[result.file].push_back(&result);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mdevsim\">\n";
  for (const auto& [file, suite] : by_file) out += junit_suite(file, suite);
  return out + "</testsuites>\n";
}

}  // namespace mdevsim::scenario
