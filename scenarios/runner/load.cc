#include "scenarios/runner/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "scenarios/runner/duration.h"
#include "scenarios/runner/read_skip.h"
#include "scenarios/runner/read_step.h"
#include "scenarios/runner/variables.h"
#include "sim/base/limits.h"
#include "sim/config/document_text.h"
#include "sim/config/loader.h"
#include "sim/config/reader.h"

namespace mdevsim::scenario {
namespace {

using config::Diagnostic;
using config::Document;
using config::Member;
using config::Report;
using config::TableReader;
using config::Value;
using Kind = Value::Kind;

constexpr std::string_view kHostKeys[] = {"include", "host", "model", "fault"};
constexpr std::int64_t kTimeoutMillisDefault = 120'000;

// The number of a repetition, and of a copy in a parallel group.
constexpr std::string_view kTakenNames[] = {"i", "copy"};

// What may stand in braces without being a variable of the file: `version` is one of host files.
constexpr std::string_view kLaterNames[] = {"i", "copy", "version"};

// Values of [matrix], each key's in the file's order.
struct Axis {
  std::string name;
  std::vector<Value> values;
};

// The same hosts, of one case or of a thousand.
struct KnownHosts {
  std::vector<std::string> names;
  std::shared_ptr<const Value> document;
};

void collect_saved(const Value& value, std::vector<std::string_view>& names) {
  for (const Value& item : value.items) collect_saved(item, names);
  for (const Member& member : value.members) {
    if (member.key == "save" && member.value.kind == Kind::string)
      names.emplace_back(member.value.text);
    collect_saved(member.value, names);
  }
}

bool is_host_key(std::string_view key) {
  return std::find(std::begin(kHostKeys), std::end(kHostKeys), key) != std::end(kHostKeys);
}

std::string file_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

class ScenarioLoader {
 public:
  ScenarioLoader(config::FileSource& files, const std::string& path) : files_(files), path_(path) {}

  Loaded run() {
    const Result<std::string> text = files_.read(path_, kHostFileBytesMax);
    if (!text) {
      Diagnostic unreadable;
      unreadable.file = path_;
      unreadable.message = "cannot read it: " + text.error().why;
      unreadable.help = "check the path; a scenario is a TOML file, or a folder of them";
      return {{}, {std::move(unreadable)}};
    }
    text_ = *text;
    Report report;
    document_ = config::parse_document(report.add_file(path_, text_), report);
    read_matrix(report);
    later_.insert(later_.end(), std::begin(kLaterNames), std::end(kLaterNames));
    collect_saved(document_.root, later_);
    keep(report.take());
    if (diagnostics_.empty() || document_.complete) read_cases();
    return finish();
  }

 private:
  void read_matrix(Report& report) {
    const Member* matrix = document_.root.find("matrix");
    if (matrix == nullptr) return;
    constexpr std::string_view kExample = "kernel = [\"6.1\", \"6.12\"]";
    if (matrix->value.kind != Kind::table)
      return config::report_kind(matrix->value, "`matrix`", Kind::table, "[matrix]", report);
    std::size_t cases = 1;
    for (const Member& member : matrix->value.members) {
      check_name(member, report);
      if (member.value.kind != Kind::array || member.value.items.empty()) {
        report.error(member.value.where, fmt::format("`{}` lists no values", member.key),
                     fmt::format("write {}", kExample));
        continue;
      }
      for (const Value& item : member.value.items) {
        if (!scalar_text(item))
          report.error(item.where, "a value of the matrix is a text, an integer or a boolean",
                       fmt::format("write {}", kExample));
      }
      cases *= member.value.items.size();
      if (cases > kCasesMax) {
        report.error(member.where, fmt::format("the matrix has more than {} cases", kCasesMax),
                     "list fewer values, or make several files");
        return;
      }
      axes_.push_back({member.key, member.value.items});
    }
  }

  static void check_name(const Member& member, Report& report) {
    if (std::find(std::begin(kTakenNames), std::end(kTakenNames), member.key) !=
        std::end(kTakenNames)) {
      report.error(member.where, fmt::format("`{}` is taken", member.key),
                   "it is the number of a repetition or of a copy: choose another name");
    } else if (!is_variable_name(member.key)) {
      report.error(member.where, fmt::format("`{}` cannot be a variable", member.key),
                   "a name begins with a letter and goes on with letters, digits, _ and -");
    }
  }

  void read_cases() {
    std::vector<std::size_t> at(axes_.size(), 0);
    for (;;) {
      read_case(at);
      if (diagnostics_.size() >= kDiagnosticsMax) return;
      std::size_t axis = axes_.size();
      while (axis > 0 && ++at[axis - 1] == axes_[axis - 1].values.size()) at[--axis] = 0;
      if (axis == 0) return;
    }
  }

  void read_case(const std::vector<std::size_t>& at) {
    Report report;
    const std::uint32_t file = report.add_file(path_, text_);
    Variables variables;
    std::string values;
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const Value& value = axes_[i].values[at[i]];
      variables[axes_[i].name] = value;
      values += fmt::format("{}{}={}", i == 0 ? "" : ",", axes_[i].name,
                            scalar_text(value).value_or("?"));
    }
    Value root = document_.root;
    std::erase_if(root.members, [](const Member& member) { return member.key == "matrix"; });
    read_vars(root, variables, report);
    substitute(root, variables, later_, report);

    Case out;
    out.file = path_;
    out.folder = folder_of(path_);
    out.id = values.empty() ? path_ : fmt::format("{}[{}]", path_, values);
    out.key = values.empty() ? file_of(path_) : fmt::format("{}[{}]", file_of(path_), values);
    read_root(root, file, out, report);
    keep(report.take());
    cases_.push_back(std::move(out));
  }

  // A variable may be made of the matrix's values and of those above it.
  void read_vars(Value& root, Variables& variables, Report& report) {
    const auto vars = std::find_if(root.members.begin(), root.members.end(),
                                   [](const Member& member) { return member.key == "vars"; });
    if (vars == root.members.end()) return;
    if (vars->value.kind != Kind::table) {
      config::report_kind(vars->value, "`vars`", Kind::table, "[vars]", report);
    } else {
      for (Member& member : vars->value.members) {
        check_name(member, report);
        if (variables.contains(member.key)) {
          report.error(member.where, fmt::format("`{}` is of the matrix already", member.key),
                       "choose another name");
          continue;
        }
        substitute(member.value, variables, later_, report);
        variables[member.key] = member.value;
      }
    }
    root.members.erase(vars);
  }

  void read_root(const Value& root, std::uint32_t file, Case& out, Report& report) {
    TableReader table(root, "a scenario", document_.complete, report);
    for (const std::string_view key : kHostKeys) table.take(key);
    if (const auto text = table.text("description", "description = \"two managers race\""))
      out.description = text->value;
    table.integer("seed", {.least = 0}, out.seed);
    out.timeout_ms = kTimeoutMillisDefault;
    if (const auto timeout = table.text("timeout", "timeout = \"60s\"")) {
      const auto span = parse_duration(timeout->value);
      if (span) out.timeout_ms = *span;
      if (!span)
        report.error(timeout->where, fmt::format("`{}` is no span of time", timeout->value),
                     "write a number and its unit: \"500ms\", \"60s\", \"5min\"");
    }
    if (const Member* skip = take_skip_rule(table))
      out.skip = read_skip_rule(*skip, document_.complete, report);
    const Member* steps = table.take("step");
    const Member* cleanup = table.take("cleanup");
    for (const std::string_view key : {"vars", "matrix"}) table.take(key);
    table.finish();

    const Value hosts = hosts_of(root, file);
    read_hosts(hosts, out);
    // Commands run in the scenario's folder, where its includes are right as they stand.
    const std::string text_in_folder = config::document_text(hosts);
    const Surroundings around{out.hosts, text_in_folder, document_.complete};
    if (steps != nullptr) out.steps = read_steps(*steps, around, report);
    if (cleanup != nullptr) out.cleanup = read_steps(*cleanup, around, report);
    if (steps == nullptr && document_.complete)
      report.error({.file = file}, "the scenario has no step",
                   "add [[step]] tables; `mdevsim-scenario(5)` tells what they may hold");
  }

  // What a scenario has in common with a host file.
  static Value hosts_of(const Value& root, std::uint32_t file) {
    Value hosts;
    hosts.where.file = file;
    std::copy_if(root.members.begin(), root.members.end(), std::back_inserter(hosts.members),
                 [](const Member& member) { return is_host_key(member.key); });
    return hosts;
  }

  // The hosts are read by the loader of host files, once for each text that they have.
  void read_hosts(const Value& hosts, Case& out) {
    Value resolved = with_resolved_includes(hosts);
    out.host_text = config::document_text(resolved);
    auto known = known_hosts_.find(out.host_text);
    if (known == known_hosts_.end()) {
      KnownHosts read;
      const config::Loaded loaded =
          config::load(files_, path_, [&](Document& document, Report&) { document.root = hosts; });
      if (loaded.configuration) {
        for (const HostSpec& host : loaded.configuration->hosts) read.names.push_back(host.name);
      }
      keep(loaded.diagnostics);
      read.document = std::make_shared<const Value>(std::move(resolved));
      known = known_hosts_.emplace(out.host_text, std::move(read)).first;
    }
    out.hosts = known->second.names;
    out.host_document = known->second.document;
  }

  // Paths as they are seen from where we are, since the text is read as if from nowhere.
  Value with_resolved_includes(Value hosts) const {
    const auto resolve = [&](Value& value) {
      if (value.kind == Kind::string && !value.text.empty())
        value.text = config::resolve_include(path_, value.text);
    };
    for (Member& member : hosts.members) {
      if (member.key != "include") continue;
      resolve(member.value);
      for (Value& item : member.value.items) resolve(item);
    }
    return hosts;
  }

  // What is wrong in each of a thousand cases is told once.
  void keep(std::vector<Diagnostic> found) {
    for (Diagnostic& one : found) {
      const bool is_new = said_.emplace(one.file, one.line, one.column, one.message).second;
      if (is_new) diagnostics_.push_back(std::move(one));
    }
  }

  Loaded finish() {
    if (diagnostics_.empty()) return {std::move(cases_), {}};
    std::stable_sort(
        diagnostics_.begin(), diagnostics_.end(), [](const Diagnostic& a, const Diagnostic& b) {
          return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
        });
    return {{}, std::move(diagnostics_)};
  }

  config::FileSource& files_;
  const std::string& path_;
  std::string text_;
  Document document_;
  std::vector<Axis> axes_;
  std::vector<std::string_view> later_;
  std::map<std::string, KnownHosts> known_hosts_;  // by their text
  std::vector<Case> cases_;
  std::vector<Diagnostic> diagnostics_;
  std::set<std::tuple<std::string, std::uint32_t, std::uint32_t, std::string>> said_;
};

}  // namespace

Loaded load(config::FileSource& files, const std::string& path) {
  return ScenarioLoader(files, path).run();
}

std::string text_for_simulators(const Case& one) {
  const Member* faults = one.host_document ? one.host_document->find("fault") : nullptr;
  if (faults == nullptr || faults->value.kind != Kind::array) return one.host_text;
  Value document = *one.host_document;
  for (Member& member : document.members) {
    if (member.key != "fault") continue;
    std::int64_t seed = static_cast<std::int64_t>(one.seed & INT64_MAX);
    for (Value& rule : member.value.items) {
      if (rule.kind != Kind::table || rule.find("seed") != nullptr) continue;
      Value value;
      value.kind = Kind::integer;
      value.integer = seed;
      seed = seed == INT64_MAX ? 0 : seed + 1;  // rules do not strike together by chance
      rule.members.push_back({"seed", rule.where, std::move(value)});
    }
  }
  return config::document_text(document);
}

bool is_scenario(std::string_view text) {
  Report report;
  const Document document = config::parse_document(report.add_file("", std::string(text)), report);
  return document.root.find("step") != nullptr;
}

bool may_be_scenario(std::string_view text) {
  Report report;
  const Document document = config::parse_document(report.add_file("", std::string(text)), report);
  const auto& members = document.root.members;
  const auto hosts = std::count_if(members.begin(), members.end(),
                                   [](const Member& member) { return is_host_key(member.key); });
  return !document.complete || document.root.find("step") != nullptr ||
         (hosts > 0 && static_cast<std::size_t>(hosts) < members.size());
}

}  // namespace mdevsim::scenario
