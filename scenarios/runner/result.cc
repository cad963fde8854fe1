#include "scenarios/runner/result.h"

#include <fmt/format.h>

#include <algorithm>

namespace mdevsim::scenario {
namespace {

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

// As one word of a shell.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,+-@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  // What a terminal would not show as it is is written as bash and POSIX 2024 read it: $'\n'.
  const bool has_controls = std::any_of(text.begin(), text.end(), is_control);
  std::string quoted = has_controls ? "$'" : "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += has_controls ? "\\'" : "'\\''";
    } else if (has_controls && c == '\\') {
      quoted += "\\\\";
    } else if (is_control(c)) {
      quoted += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace

std::string_view status_name(Status status) {
  switch (status) {
    case Status::passed:
      return "passed";
    case Status::failed:
      return "failed";
    case Status::skipped:
      break;
  }
  return "skipped";
}

void write(WireWriter& out, const Failure& failure) {
  out.text(failure.step);
  out.text(failure.place);
  out.text(failure.action);
  out.text(failure.host);
  out.list(failure.mismatches, [](WireWriter& to, const Mismatch& mismatch) {
    to.text(mismatch.what);
    to.text(mismatch.expected);
    to.text(mismatch.actual);
  });
  out.list(failure.trace, [](WireWriter& to, const std::string& line) { to.text(line); });
  out.number(failure.has_trace ? 1 : 0);
}

Failure read_failure(WireReader& in) {
  Failure failure;
  failure.step = in.text();
  failure.place = in.text();
  failure.action = in.text();
  failure.host = in.text();
  in.list([&](WireReader& from) {
    Mismatch mismatch;
    mismatch.what = from.text();
    mismatch.expected = from.text();
    mismatch.actual = from.text();
    failure.mismatches.push_back(std::move(mismatch));
  });
  in.list([&](WireReader& from) { failure.trace.push_back(from.text()); });
  failure.has_trace = in.number() != 0;
  return failure;
}

void write(WireWriter& out, const CaseResult& result) {
  out.number(static_cast<std::int64_t>(result.status));
  out.text(result.id);
  out.text(result.file);
  out.number(static_cast<std::int64_t>(result.seed));
  out.text(result.reason);
  out.number(result.machine_cannot ? 1 : 0);
  out.list(result.failures, [](WireWriter& to, const Failure& failure) { write(to, failure); });
  out.text(result.log);
  out.text(result.trace);
  out.number(result.duration_ms);
  out.number(result.timeout_ms);
}

CaseResult read_result(WireReader& in) {
  CaseResult result;
  result.status = static_cast<Status>(in.number());
  result.id = in.text();
  result.file = in.text();
  result.seed = static_cast<std::uint64_t>(in.number());
  result.reason = in.text();
  result.machine_cannot = in.number() != 0;
  in.list([&](WireReader& from) { result.failures.push_back(read_failure(from)); });
  result.log = in.text();
  result.trace = in.text();
  result.duration_ms = in.number();
  result.timeout_ms = in.number();
  return result;
}

std::string reproduction(const CaseResult& result) {
  const std::size_t bracket = result.id.size() > result.file.size() ? result.file.size() : 0;
  const std::string file = result.file.starts_with('-') ? "./" + result.file : result.file;
  std::string words = "mdevsim test " + shell_word(file);
  if (bracket != 0) words += " -k " + shell_word(result.id.substr(bracket));
  words += fmt::format(" --seed {}", result.seed);
  if (result.timeout_ms != 0) words += fmt::format(" --timeout {}ms", result.timeout_ms);
  return words;
}

}  // namespace mdevsim::scenario
