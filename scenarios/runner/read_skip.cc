#include "scenarios/runner/read_skip.h"

#include <fmt/format.h>

#include <string>

#include "scenarios/runner/read_expect.h"

namespace mdevsim::scenario {

using config::Member;
using config::TableReader;
using config::Value;
using Kind = Value::Kind;

const Member* take_skip_rule(TableReader& table) {
  const Member* said = table.take("skip-if");
  const Member* written = table.take("skip_if");
  if (said != nullptr && written != nullptr)
    table.report().error(written->where, "`skip-if` and `skip_if` are the same",
                         "write one of them");
  return said != nullptr ? said : written;
}

SkipRule read_skip_rule(const Member& member, bool complete, config::Report& report) {
  SkipRule rule;
  if (member.value.kind != Kind::table) {
    config::report_kind(member.value, fmt::format("`{}`", member.key), Kind::table,
                        "skip_if = { missing = [\"virsh\"] }", report);
    return rule;
  }
  const std::string what = fmt::format("`{}`", member.key);
  TableReader table(member.value, what, complete, report);
  rule.programs = read_strings(table, "missing", "missing = [\"virsh\", \"libvirtd\"]");
  table.boolean("not_root", rule.unless_root);
  const Member* equal = table.take("equal", Kind::array, "equal = [\"{kernel}\", \"6.1\"]");
  if (equal != nullptr && equal->value.items.size() == 2) {
    const Value& a = equal->value.items[0];
    const Value& b = equal->value.items[1];
    if (a.kind == b.kind && a.text == b.text && a.integer == b.integer && a.boolean == b.boolean)
      rule.reasons.emplace_back(a.text.empty() ? "`equal` holds"
                                               : "it is for other values than " + a.text);
  } else if (equal != nullptr) {
    report.error(equal->value.where, "`equal` compares two values",
                 "write equal = [\"{kernel}\", \"6.1\"]");
  }
  table.finish();
  return rule;
}

}  // namespace mdevsim::scenario
