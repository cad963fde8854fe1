// mdevsim doctor: what of mdevsim works on this machine, and what to do about the rest.
#include "fusefs/launch/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "cli/options.h"
#include "sim/base/json.h"

namespace mdevsim::cli {
namespace {

std::string to_json(const std::vector<launch::Finding>& findings) {
  constexpr const char* kNeeds[] = {"run", "feature", "optional"};
  std::string rows;
  for (const launch::Finding& finding : findings) {
    rows += fmt::format(
        "{}\n    {{\"name\": {}, \"need\": {}, \"ok\": {}, \"detail\": {}, \"advice\": {}}}",
        rows.empty() ? "" : ",", json_string(finding.name),
        json_string(kNeeds[static_cast<int>(finding.need)]), finding.is_ok,
        json_string(finding.detail), json_string(finding.advice));
  }
  return fmt::format("{{\n  \"ok\": {},\n  \"findings\": [{}\n  ]\n}}\n", launch::can_run(findings),
                     rows);
}

}  // namespace

int doctor_main(std::span<char*> args) {
  Syntax syntax;
  syntax.usage = "mdevsim doctor [--json]";
  syntax.purpose =
      "Tries what mdevsim needs of this machine, as this user, and says what to do where "
      "something\n"
      "is missing. Ends with 0, or with 4 when mdevsim run cannot work here.";
  syntax.options.add_options()("json", "print one JSON object");
  const Arguments given = parse_arguments(syntax, args);
  if (given.exit_status) return *given.exit_status;
  const auto findings = launch::examine_machine();
  const int exit_status = launch::can_run(findings) ? kExitOk : kExitMachineCannot;
  if (given.has("json")) {
    fmt::print("{}", to_json(findings));
    return exit_status;
  }
  for (const launch::Finding& finding : findings) {
    fmt::print("{:<3} {:<20} {}\n", finding.is_ok ? "ok" : "no", finding.name, finding.detail);
    if (!finding.is_ok && !finding.advice.empty())
      fmt::print("{:24} help: {}\n", "", finding.advice);
  }
  return exit_status;
}

}  // namespace mdevsim::cli
