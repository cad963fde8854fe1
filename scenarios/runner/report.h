// Results as text for people, TAP, JUnit XML and JSON lines. All pure: bytes out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/runner/result.h"

namespace mdevsim::scenario {

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  std::int64_t duration_ms = 0;

  void add(const CaseResult& result);
  std::size_t all() const { return passed + failed + skipped; }
};

// A line for a case that passed or was skipped, a page for one that failed; its last line is the
// command that repeats it.
std::string text_report(const CaseResult& result, bool colour);
std::string text_summary(const Totals& totals);

// TAP 13, understood by every reader of TAP: a head, a line for each case, and how many there were.
std::string tap_head();
std::string tap_plan(std::size_t cases);
// Instead of the plan, when there are cases that have not ended.
std::string tap_bail_out(std::string_view why);
std::string tap_report(const CaseResult& result, std::size_t number);

// One JSON object on a line.
std::string json_report(const CaseResult& result);
std::string json_summary(const Totals& totals);

// The schema that Jenkins, GitLab and others read: a suite for each file.
std::string junit_report(const std::vector<CaseResult>& results);

}  // namespace mdevsim::scenario
