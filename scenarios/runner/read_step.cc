#include "scenarios/runner/read_step.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

#include "scenarios/runner/check_step.h"
#include "scenarios/runner/duration.h"
#include "scenarios/runner/read_expect.h"
#include "scenarios/runner/read_skip.h"
#include "sim/base/limits.h"

namespace mdevsim::scenario {
namespace {

using config::Member;
using config::TableReader;
using config::Text;
using config::Value;
using Kind = Value::Kind;

constexpr std::int64_t kWithinMillisDefault = 30'000;
constexpr std::int64_t kNotSaid = -1;

// A write by another name: the path and the text are made of the verb's value.
struct Shorthand {
  std::string_view verb;
  std::string_view path;  // {} is the value
  std::string_view text;
  std::string_view example;
};
constexpr Shorthand kShorthands[] = {
    {"remove", "bus/mdev/devices/{}/remove", "1",
     "remove = \"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\""},
    {"unbind", "bus/pci/devices/{0}/driver/unbind", "{0}", "unbind = \"0000:3b:00.0\""},
    {"vanish", "bus/pci/devices/{}/remove", "1", "vanish = \"0000:3b:00.0\""},
};

class StepReader {
 public:
  StepReader(const Value& value, const Surroundings& around, std::string host, std::size_t depth,
             config::Report& report)
      : table_(value, "a step", around.complete, report),
        around_(around),
        report_(report),
        default_host_(std::move(host)),
        depth_(depth) {
    step_.where = value.where;
    step_.within_ms = kNotSaid;
  }

  Step run() {
    read_common();
    read_verb();
    table_.finish();
    if (step_.name.empty()) step_.name = step_.action;
    const bool is_group = step_.verb == Verb::steps || step_.verb == Verb::parallel;
    if (step_.within_ms == kNotSaid) step_.within_ms = is_group ? 0 : kWithinMillisDefault;
    return std::move(step_);
  }

 private:
  struct VerbRow {
    std::string_view key;
    void (StepReader::*read)(const Member& member);
  };
  static const VerbRow kVerbs[];

  void read_common() {
    if (const auto name = table_.text("name", "name = \"the type offers an instance\""))
      step_.name = name->value;
    step_.counts = table_.integer("repeat", {.least = 1, .most = kRepeatMax}, step_.repeat);
    table_.integer("copies", {.least = 1, .most = kCopiesMax}, step_.copies);
    if (const auto within = table_.text("within", "within = \"5s\"")) {
      step_.within_ms = span_of(*within);
    }
    if (const Member* skip = take_skip_rule(table_))
      step_.skip = read_skip_rule(*skip, around_.complete, report_);
    read_host();
  }

  void read_host() {
    const auto on = table_.text("on", "on = \"alpha\"");
    if (!on) {
      step_.host = default_host_;
      return;
    }
    step_.host = on->value;
    needs_to_exist(on->value, on->where);
  }

  void needs_to_exist(const std::string& host, config::Region where) {
    const auto& hosts = around_.hosts;
    if (std::find(hosts.begin(), hosts.end(), host) != hosts.end()) return;
    const std::vector<std::string_view> names(hosts.begin(), hosts.end());
    const std::string_view near = config::nearest(host, names);
    report_.error(where, fmt::format("there is no host `{}`", host),
                  !near.empty()   ? fmt::format("did you mean `{}`?", near)
                  : names.empty() ? "describe it: [host.alpha]"
                                  : fmt::format("it is {}", config::list_of(names)));
  }

  std::int64_t span_of(const Text& text) {
    if (const auto span = parse_duration(text.value)) return *span;
    report_.error(text.where, fmt::format("`{}` is no span of time", text.value),
                  "write a number and its unit: \"250ms\", \"5s\", \"2min\"");
    return kWithinMillisDefault;
  }

  // Exactly one of the verbs.
  void read_verb() {
    const VerbRow* chosen = nullptr;
    const Member* value = nullptr;
    for (const VerbRow* row = kVerbs; !row->key.empty(); ++row) {
      const Member* member = table_.take(row->key);
      if (member == nullptr) continue;
      if (chosen != nullptr) {
        report_.error(member->where,
                      fmt::format("a step does one thing; this does `{}` already", chosen->key),
                      "make two [[step]] tables of it");
        continue;
      }
      chosen = row;
      value = member;
    }
    if (chosen == nullptr) {
      std::vector<std::string_view> verbs;
      for (const VerbRow* row = kVerbs; !row->key.empty(); ++row) verbs.push_back(row->key);
      table_.missing("read", fmt::format("a step needs one verb: {}", config::list_of(verbs)));
      return;
    }
    (this->*chosen->read)(*value);
  }

  // The value of a verb that takes a string.
  std::string string_of(const Member& member, std::string_view example) {
    if (member.value.kind == Kind::string && !member.value.text.empty()) return member.value.text;
    if (member.value.kind == Kind::string) {
      report_.error(member.value.where, fmt::format("`{}` is empty", member.key),
                    fmt::format("write {}", example));
    } else {
      config::report_kind(member.value, fmt::format("`{}`", member.key), Kind::string, example,
                          report_);
    }
    return {};
  }

  bool is_table(const Member& member, std::string_view example) {
    if (member.value.kind == Kind::table) return true;
    config::report_kind(member.value, fmt::format("`{}`", member.key), Kind::table, example,
                        report_);
    return false;
  }

  // A path of the host's /sys, which may be written with or without it.
  std::string path_of(const Member& member, std::string_view example) {
    std::string path = string_of(member, example);
    if (path.starts_with("/sys/")) path.erase(0, 5);
    if (path == "/sys") path = ".";
    const bool leads_out = path.starts_with('/') || path.starts_with("../") ||
                           path.find("/../") != std::string::npos || path.ends_with("/..");
    if (leads_out) {
      report_.error(member.value.where, "the path is not one of the host's /sys",
                    fmt::format("write {}, or a `run` step for other files", example));
    }
    return path;
  }

  void needs_host(const Member& member) {
    if (!step_.host.empty() || around_.hosts.empty()) return;
    report_.error(member.where, fmt::format("`{}` needs a host, and there are several", member.key),
                  fmt::format("say on which: on = \"{}\"", around_.hosts.front()));
  }

  void read_file_verb(Verb verb, const Member& member, Facet facet) {
    step_.verb = verb;
    step_.path = path_of(
        member, fmt::format("{} = \"class/mdev_bus/mtty/mdev_supported_types\"", member.key));
    step_.action = fmt::format("{} {}", member.key, step_.path);
    needs_host(member);
    read_expect(table_, facet, step_.expect);
  }

  void read_save() {
    if (const auto save = table_.text("save", "save = \"size\"")) step_.save = save->value;
  }

  void read_read(const Member& member) {
    read_file_verb(Verb::read, member, Facet::text);
    read_save();
  }
  void read_list(const Member& member) { read_file_verb(Verb::list, member, Facet::names); }
  void read_wait(const Member& member) {
    read_file_verb(Verb::wait, member, Facet::text);
    table_.boolean("gone", step_.gone);
    if (!step_.gone) return;
    step_.action += " to be gone";
    if (step_.expect.output.is_empty() && step_.expect.error.empty()) return;
    report_.error(member.where, "what is gone has no content",
                  "leave `gone` out, or the text that is expected");
  }

  void read_write(const Member& member) {
    read_file_verb(Verb::write, member, Facet::errno_);
    const auto text = table_.text("text", "text = \"1\"");
    if (text) {
      step_.text = text->value;
    } else if (table_.take("text") == nullptr) {
      table_.missing("text", "say what is written: text = \"1\"");
    }
  }

  // Anything that is a write by another name.
  void finish_write(const Member& member, std::string path, std::string text, std::string action) {
    step_.verb = Verb::write;
    step_.path = std::move(path);
    step_.text = std::move(text);
    step_.action = std::move(action);
    needs_host(member);
    read_expect(table_, Facet::errno_, step_.expect);
  }

  void read_create(const Member& member) {
    constexpr std::string_view kExample =
        "create = \"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\", type = \"mtty/mtty-1\"";
    const std::string uuid = string_of(member, kExample);
    const auto type = table_.text("type", "type = \"mtty/mtty-1\"");
    std::string path;
    if (type) {
      const std::size_t slash = type->value.find('/');
      if (slash == std::string::npos) {
        report_.error(type->where, fmt::format("the type `{}` names no parent", type->value),
                      "write PARENT/TYPE: \"0000:3b:00.0/nvidia-222\", \"mtty/mtty-1\"");
      } else {
        path = fmt::format("class/mdev_bus/{}/mdev_supported_types/{}/create",
                           type->value.substr(0, slash), type->value.substr(slash + 1));
      }
    } else if (table_.take("type") == nullptr) {
      table_.missing("type", "say of which type: type = \"0000:3b:00.0/nvidia-222\"");
    }
    finish_write(member, path, uuid,
                 fmt::format("create {} of {}", uuid, type ? type->value : "?"));
  }

  void read_shorthand(const Member& member) {
    const Shorthand* row = std::find_if(std::begin(kShorthands), std::end(kShorthands),
                                        [&](const Shorthand& s) { return s.verb == member.key; });
    const std::string value = string_of(member, row->example);
    finish_write(member, fmt::format(fmt::runtime(row->path), value),
                 fmt::format(fmt::runtime(row->text), value),
                 fmt::format("{} {}", row->verb, value));
  }

  void read_bind(const Member& member) {
    const std::string address = string_of(member, "bind = \"0000:3b:00.0\", driver = \"vfio-pci\"");
    const auto driver = table_.text("driver", "driver = \"vfio-pci\"");
    if (!driver && table_.take("driver") == nullptr)
      table_.missing("driver", "say to which driver: driver = \"vfio-pci\"");
    const std::string name = driver ? driver->value : "?";
    finish_write(member, fmt::format("bus/pci/drivers/{}/bind", name), address,
                 fmt::format("bind {} to {}", address, name));
  }

  void read_rescan(const Member& member) {
    if (member.value.kind != Kind::boolean || !member.value.boolean)
      report_.error(member.value.where, "`rescan` is not true", "write rescan = true");
    finish_write(member, "bus/pci/rescan", "1", "rescan the PCI bus");
  }

  void read_event(const Member& member) {
    step_.verb = Verb::event;
    constexpr std::string_view kExample = "event = { ACTION = \"add\", DEVPATH = \"*/mtty\" }";
    if (!is_table(member, kExample)) return;
    std::string shown;
    for (const Member& field : member.value.members) {
      if (field.value.kind != Kind::string) {
        config::report_kind(field.value, fmt::format("`{}`", field.key), Kind::string, kExample,
                            report_);
        continue;
      }
      step_.fields[field.key] = field.value.text;
      shown += fmt::format(" {}={}", field.key, field.value.text);
    }
    step_.action = "hear" + shown;
    if (const auto from = table_.text("from", "from = \"udev\"")) {
      step_.from_udev = from->value == "udev";
      if (from->value != "udev" && from->value != "kernel")
        report_.error(from->where, fmt::format("events do not come from `{}`", from->value),
                      "write \"kernel\" (the default) or \"udev\"");
    }
    needs_host(member);
    read_expect(table_, Facet::count, step_.expect);
  }

  void read_run(const Member& member) {
    step_.verb = Verb::run;
    constexpr std::string_view kExample =
        "run = [\"mdevctl\", \"types\"], or a text for the shell: run = \"mdevctl types | wc -l\"";
    if (member.value.kind == Kind::array) {
      step_.words = read_strings(table_, "run", kExample);
      if (step_.words.empty())
        report_.error(member.value.where, "`run` names no command",
                      fmt::format("write {}", kExample));
    } else {
      step_.words = {"sh", "-euc", string_of(member, kExample)};
    }
    const std::string command = member.value.kind == Kind::array
                                    ? fmt::format("{}", fmt::join(step_.words, " "))
                                    : step_.words.back();
    step_.action =
        "run " + command.substr(std::min(command.find_first_not_of(" \t\n"), command.size()));
    if (const auto input = table_.text("input", "input = \"what the command reads\""))
      step_.input = input->value;
    read_environment();
    read_expect(table_, Facet::status, step_.expect);
    read_save();
  }

  void read_environment() {
    const Member* member = table_.take("env", Kind::table, "env = { LC_ALL = \"C\" }");
    if (member == nullptr) return;
    for (const Member& variable : member->value.members) {
      if (variable.value.kind == Kind::string) {
        step_.environment[variable.key] = variable.value.text;
      } else {
        config::report_kind(variable.value, fmt::format("`{}`", variable.key), Kind::string,
                            "env = { LC_ALL = \"C\" }", report_);
      }
    }
  }

  // `mdevsim compat` on the scenario's own hosts and models, as they are described.
  void read_compat(const Member& member) {
    step_.host.clear();
    step_.verb = Verb::run;
    constexpr std::string_view kExample =
        "compat = { from = \"…@version=1\", to = \"…@version=2\" }";
    if (!is_table(member, kExample)) return;
    TableReader compat(member.value, "`compat`", around_.complete, report_);
    const std::string from = required(compat, "from", "from = \"vendor-a.com/my-nic@version=1\"");
    const auto to = compat.text("to", "to = \"vendor-a.com/my-nic@version=2\"");
    compat.finish();
    step_.words = {"mdevsim", "compat", "-", "--from", from};
    if (to) step_.words.insert(step_.words.end(), {"--to", to->value});
    step_.input = around_.host_text;
    step_.action = fmt::format("compat {}{}{}", from, to ? " -> " : "", to ? to->value : "");
    read_expect(table_, Facet::verdict, step_.expect);
  }

  // `mdevsim compat --apply` on a type or a device of a running host.
  void read_configure(const Member& member) {
    step_.host.clear();
    step_.verb = Verb::run;
    constexpr std::string_view kExample =
        "configure = { to = \"beta/UUID\", from = \"…@version=1\" }";
    if (!is_table(member, kExample)) return;
    TableReader configure(member.value, "`configure`", around_.complete, report_);
    const std::string from = required(configure, "from", "from = \"alpha/UUID\"");
    const std::string to = required(configure, "to", "to = \"beta/UUID\"");
    step_.words = {"mdevsim", "compat", "-", "--from", running_path(from, member.where)};
    step_.words.insert(step_.words.end(), {"--to", running_path(to, member.where), "--apply"});
    for (const auto& [key, example] : {std::tuple("interface", "interface = \"config_params\""),
                                       std::tuple("uuid", "uuid = \"83b8f4f2-…\"")}) {
      if (const auto text = configure.text(key, example))
        step_.words.insert(step_.words.end(), {fmt::format("--{}", key), text->value});
    }
    configure.finish();
    step_.input = around_.host_text;
    step_.action = fmt::format("configure {} for what {} holds", to, from);
    read_expect(table_, Facet::configuration, step_.expect);
  }

  // `mdevsim migrate` between devices HOST/ID of the running hosts.
  void read_migrate(const Member& member) {
    step_.host.clear();
    step_.verb = Verb::run;
    constexpr std::string_view kExample = "migrate = { from = \"alpha/UUID\", to = \"beta/UUID\" }";
    if (!is_table(member, kExample)) return;
    TableReader migrate(member.value, "`migrate`", around_.complete, report_);
    const std::string from = required(migrate, "from", "from = \"alpha/UUID\"");
    const std::string to = required(migrate, "to", "to = \"beta/UUID\"");
    step_.words = {"mdevsim", "migrate", running_path(from, member.where),
                   running_path(to, member.where), "--json"};
    for (const auto& [key, option, example] :
         {std::tuple("bandwidth", "--bandwidth", "bandwidth = \"1GiB/s\""),
          std::tuple("downtime_limit", "--downtime-limit", "downtime_limit = \"300ms\"")}) {
      if (const auto text = migrate.text(key, example))
        step_.words.insert(step_.words.end(), {option, text->value});
    }
    std::uint32_t rounds = 0;
    if (migrate.integer("rounds", {.least = 1, .most = UINT32_MAX}, rounds))
      step_.words.insert(step_.words.end(), {"--rounds", fmt::format("{}", rounds)});
    if (const auto after = migrate.text("cancel_after", "cancel_after = \"50ms\""))
      step_.words.insert(step_.words.end(),
                         {"--cancel-after", fmt::format("{}ms", span_of(*after))});
    migrate.finish();
    step_.action = fmt::format("migrate {} -> {}", from, to);
    read_expect(table_, Facet::outcome, step_.expect);
  }

  static std::string required(TableReader& table, std::string_view key, std::string_view example) {
    const auto text = table.text(key, example);
    if (text) return text->value;
    if (table.take(key) == nullptr) table.missing(key, fmt::format("write {}", example));
    return {};
  }

  // The device HOST/ID or the type HOST/PARENT/TYPE as a path in the namespace that lies beside all
  // hosts; a MODEL@CONFIGURATION as it is.
  std::string running_path(const std::string& spec, config::Region where) {
    const std::size_t slash = spec.find('/');
    if (slash == std::string::npos || spec.find('@') != std::string::npos) return spec;
    if (spec.find('{') > slash) needs_to_exist(spec.substr(0, slash), where);
    const std::string rest = spec.substr(slash + 1);
    const std::size_t type = rest.find('/');
    if (type == std::string::npos)
      return fmt::format("/sys/{}/kernel/mdevsim/devices/{}", spec.substr(0, slash), rest);
    return fmt::format("/sys/{}/class/mdev_bus/{}/mdev_supported_types/{}", spec.substr(0, slash),
                       rest.substr(0, type), rest.substr(type + 1));
  }

  void read_group(const Member& member, Verb verb) {
    step_.verb = verb;
    step_.action = std::string(member.key);
    const std::string example =
        fmt::format("{} = [ {{ read = \"…\" }}, {{ write = \"…\", text = \"1\" }} ]", member.key);
    if (member.value.kind != Kind::array) {
      config::report_kind(member.value, fmt::format("`{}`", member.key), Kind::array, example,
                          report_);
      return;
    }
    if (depth_ == kGroupDepthMax) {
      report_.error(member.where, "groups are nested too deeply",
                    fmt::format("at most {} inside one another", kGroupDepthMax));
      return;
    }
    for (const Value& item : member.value.items) {
      if (item.kind == Kind::table) {
        step_.steps.push_back(StepReader(item, around_, step_.host, depth_ + 1, report_).run());
        (verb == Verb::parallel ? check_member : check_single)(step_.steps.back(), report_);
      } else {
        config::report_kind(item, "a step", Kind::table, example, report_);
      }
    }
  }

  void read_sequence(const Member& member) { read_group(member, Verb::steps); }
  void read_parallel(const Member& member) { read_group(member, Verb::parallel); }

  TableReader table_;
  const Surroundings& around_;
  config::Report& report_;
  std::string default_host_;
  std::size_t depth_;
  Step step_;
};

const StepReader::VerbRow StepReader::kVerbs[] = {
    {"read", &StepReader::read_read},         {"write", &StepReader::read_write},
    {"list", &StepReader::read_list},         {"wait", &StepReader::read_wait},
    {"event", &StepReader::read_event},       {"run", &StepReader::read_run},
    {"create", &StepReader::read_create},     {"remove", &StepReader::read_shorthand},
    {"unbind", &StepReader::read_shorthand},  {"vanish", &StepReader::read_shorthand},
    {"bind", &StepReader::read_bind},         {"rescan", &StepReader::read_rescan},
    {"compat", &StepReader::read_compat},     {"configure", &StepReader::read_configure},
    {"migrate", &StepReader::read_migrate},   {"steps", &StepReader::read_sequence},
    {"parallel", &StepReader::read_parallel}, {{}, nullptr},
};

}  // namespace

std::vector<Step> read_steps(const Member& array, const Surroundings& around,
                             config::Report& report) {
  std::vector<Step> steps;
  if (array.value.kind != Kind::array) {
    config::report_kind(array.value, fmt::format("`{}`", array.key), Kind::array,
                        fmt::format("[[{}]] above each of them", array.key), report);
    return steps;
  }
  const std::string host = around.hosts.size() == 1 ? around.hosts.front() : std::string();
  for (const Value& item : array.value.items) {
    if (item.kind != Kind::table) {
      config::report_kind(item, "a step", Kind::table, fmt::format("[[{}]]", array.key), report);
      continue;
    }
    steps.push_back(StepReader(item, around, host, 0, report).run());
    check_single(steps.back(), report);
  }
  return steps;
}

}  // namespace mdevsim::scenario
