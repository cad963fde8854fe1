// [[fault]] tables, and which hosts' they are.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "sim/base/limits.h"
#include "sim/config/read.h"

namespace mdevsim::config {
namespace {

using Kind = Value::Kind;

// Faults are written as words; a host file may write the numbers among them as numbers.
std::optional<std::string> word_of(const Value& value) {
  switch (value.kind) {
    case Kind::string:
      return value.text;
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::number:
      return fmt::format("{}", value.number);
    default:
      return std::nullopt;
  }
}

void read_fault(const Value& value, bool complete, Drafts& drafts, Report& report) {
  TableReader table(value, "a fault", complete, report);
  const std::size_t errors = report.count();
  FaultDraft draft;
  draft.where = value.where;
  draft.host = table.text("host", "host = \"alpha\"");
  for (const std::string_view key : model::fault_keys()) {
    const Member* const member = table.take(key);
    if (member == nullptr) continue;
    const auto word = word_of(member->value);
    if (!word) {
      report_kind(member->value, fmt::format("`{}`", key), Kind::string,
                  fmt::format("{} = \"...\", with quotes", key), report);
    } else if (const auto problem = model::set_fault_key(draft.rule, key, *word)) {
      report.error(member->value.where, problem->why, problem->help);
    }
  }
  table.finish();
  if (report.count() != errors) return;
  if (const auto problem = model::check_fault(draft.rule)) {
    if (complete) report.error(value.where, problem->why, problem->help);
    return;
  }
  drafts.faults.push_back(std::move(draft));
}

}  // namespace

void read_faults(const Member& faults, bool complete, Drafts& drafts, Report& report) {
  constexpr std::string_view kExample = "[[fault]], with two brackets";
  for (const Value& item : faults.value.items) {
    if (item.kind == Kind::table) {
      read_fault(item, complete, drafts, report);
    } else {
      report_kind(item, "an item of `fault`", Kind::table, kExample, report);
    }
  }
}

void assign_faults(const Drafts& drafts, std::vector<HostSpec>& hosts, Report& report) {
  for (const FaultDraft& fault : drafts.faults) {
    bool is_somebodys = false;
    for (HostSpec& host : hosts) {
      if (fault.host && fault.host->value != host.name) continue;
      is_somebodys = true;
      host.faults.push_back(fault.rule);
      if (host.faults.size() == kFaultRulesMax + 1) {
        report.error(fault.where, fmt::format("a host has at most {} faults", kFaultRulesMax),
                     "remove some of them");
      }
    }
    if (is_somebodys || !fault.host || !drafts.complete) continue;
    std::vector<std::string_view> names;
    for (const HostSpec& host : hosts) names.push_back(host.name);
    report.error(fault.host->where, fmt::format("there is no host `{}`", fault.host->value),
                 names.empty()
                     ? std::string("add the host, or leave `host` out")
                     : fmt::format("write {}, or leave `host` out: all hosts", list_of(names)));
  }
}

}  // namespace mdevsim::config
