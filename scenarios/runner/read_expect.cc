#include "scenarios/runner/read_expect.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "scenarios/runner/text_rule.h"

namespace mdevsim::scenario {
namespace {

using config::Member;
using config::TableReader;
using config::Value;
using Kind = Value::Kind;

constexpr int kErrnoMax = 133;

constexpr Ending kVerdicts[] = {{"compatible", 0}, {"after-configuration", 1}, {"incompatible", 6}};
constexpr Ending kOutcomes[] = {
    {"done", 0}, {"failed", 1}, {"not-converged", 5}, {"refused", 6}, {"cancelled", 7}};
constexpr Ending kConfigurings[] = {{"done", 0}, {"failed", 1}, {"refused", 6}};

std::span<const Ending> endings_of(Facet facet) {
  if (facet == Facet::verdict) return kVerdicts;
  if (facet == Facet::outcome) return kOutcomes;
  if (facet == Facet::configuration) return kConfigurings;
  return {};
}

std::string_view key_of(Facet facet) {
  constexpr std::string_view kKeys[] = {"text",   "errno",   "names",   "count",
                                        "status", "verdict", "outcome", "outcome"};
  return kKeys[static_cast<std::size_t>(facet)];
}

class ExpectReader {
 public:
  ExpectReader(Facet facet, bool complete, config::Report& report, Expectation& out)
      : facet_(facet), complete_(complete), report_(report), out_(out) {}

  void read(const Value& value) {
    if (value.kind == Kind::table) {
      read_table(value);
    } else {
      // The plain form: as if the table had this one key.
      Value table;
      table.where = value.where;
      table.members.push_back({std::string(key_of(facet_)), value.where, value});
      read_table(table);
    }
  }

 private:
  void read_table(const Value& value) {
    TableReader table(value, "an expectation", complete_, report_);
    switch (facet_) {
      case Facet::text:
        read_text_keys(table, out_.output);
        break;
      case Facet::errno_:
        break;
      case Facet::names:
        if (table.take("names") != nullptr)
          out_.names = read_strings(table, "names", "names = [\"mtty-1\", \"mtty-2\"]");
        out_.has = read_strings(table, "has", "has = [\"mtty-1\"]");
        out_.lacks = read_strings(table, "lacks", "lacks = [\"mtty-1\"]");
        read_count(table);
        break;
      case Facet::count:
        read_count(table);
        break;
      case Facet::status:
        read_status(table);
        break;
      case Facet::verdict:
      case Facet::outcome:
      case Facet::configuration:
        read_ending(table, out_.endings);
        break;
    }
    if (is_command()) {
      read_rule(table, "stdout", out_.output);
      read_rule(table, "stderr", out_.diagnostics);
    } else if (facet_ != Facet::count) {
      read_errno(table);
    }
    if (facet_ != Facet::names && facet_ != Facet::count && facet_ != Facet::verdict)
      out_.reason.regexes = read_regexes(table, "because");
    read_outcomes(table);
    table.finish();
    if (!out_.outcomes.empty() && value.members.size() > 1)
      report_.error(table.where(), "`outcomes` is about all copies, other keys are about one step",
                    "leave the other keys out: expect = { outcomes = { ok = 1, ENOSPC = 3 } }");
  }

  bool is_command() const {
    return facet_ == Facet::status || facet_ == Facet::verdict || facet_ == Facet::outcome ||
           facet_ == Facet::configuration;
  }

  void read_errno(TableReader& table) {
    const auto text = table.text("errno", "errno = \"ENOSPC\"");
    if (!text || text->value == "none") return;
    out_.error = text->value;
    if (errno_by_symbol(text->value) != 0) return;
    report_.error(text->where, fmt::format("`{}` is no errno", text->value),
                  "write the errno's symbol, such as \"ENOSPC\", or \"none\"");
  }

  void read_count(TableReader& table) {
    std::uint32_t count = 0;
    if (table.integer("count", {.least = 0, .most = 1'000'000}, count)) out_.count = count;
  }

  void read_status(TableReader& table) {
    const Member* member = table.take("status");
    if (member == nullptr) return;
    for (const Value& item : items_of(member->value)) {
      if (item.kind != Kind::integer || item.integer < 0 || item.integer > 255) {
        report_.error(item.where, "`status` is no exit status",
                      "write a number from 0 to 255, or a list of them");
        return;
      }
      out_.statuses.push_back(static_cast<int>(item.integer));
    }
  }

  void read_ending(TableReader& table, std::span<const Ending> endings) {
    const std::string_view key = key_of(facet_);
    const Member* member = table.take(key);
    if (member == nullptr) return;
    std::vector<std::string_view> words;
    for (const Ending& ending : endings) words.push_back(ending.word);
    for (const Value& item : items_of(member->value)) {
      const Ending* found =
          std::find_if(endings.data(), endings.data() + endings.size(), [&](const Ending& ending) {
            return item.kind == Kind::string && ending.word == item.text;
          });
      if (found == endings.data() + endings.size()) {
        report_.error(item.where, fmt::format("there is no such {}", key),
                      fmt::format("it is {}, or a list of them", config::list_of(words)));
        return;
      }
      out_.statuses.push_back(found->status);
    }
  }

  // One value stands for a list of it.
  static std::span<const Value> items_of(const Value& value) {
    if (value.kind == Kind::array) return value.items;
    return {&value, 1};
  }

  void read_rule(TableReader& table, std::string_view key, TextRule& rule) {
    const Member* member = table.take(key);
    if (member == nullptr) return;
    if (member->value.kind == Kind::string) {
      rule.text = member->value.text;
    } else if (member->value.kind == Kind::table) {
      const std::string what = fmt::format("`{}`", key);
      TableReader inner(member->value, what, complete_, report_);
      read_text_keys(inner, rule);
      inner.finish();
    } else {
      config::report_kind(member->value, fmt::format("`{}`", key), Kind::string,
                          fmt::format("{0} = \"the text\" or {0} = {{ regex = \"…\" }}", key),
                          report_);
    }
  }

  void read_text_keys(TableReader& table, TextRule& rule) {
    if (const auto text = table.text("text", "text = \"16\"")) rule.text = text->value;
    rule.regexes = read_regexes(table, "regex");
    const Member* json = table.take("json", Kind::table, "json = { \"/0/name\" = \"nvidia-222\" }");
    if (json == nullptr) return;
    for (const Member& member : json->value.members) {
      if (!member.key.empty() && member.key.front() != '/') {
        report_.error(
            member.where, fmt::format("`{}` is no JSON pointer", member.key),
            "write \"/a/0/b\" for the member b of the first item of a; \"\" is the whole");
      }
      rule.json.emplace_back(member.key, member.value);
    }
  }

  std::vector<std::string> read_regexes(TableReader& table, std::string_view key) {
    auto regexes = read_strings(table, key, fmt::format("{} = \"^[0-9]+$\"", key));
    for (const std::string& regex : regexes) {
      if (const std::string why = regex_fault(regex); !why.empty()) {
        report_.error(table.where(), fmt::format("`{}` is no regular expression: {}", regex, why),
                      "write a POSIX extended one, as `grep -E` takes it");
      }
    }
    return regexes;
  }

  void read_outcomes(TableReader& table) {
    const Member* outcomes =
        table.take("outcomes", Kind::table, "outcomes = { ok = 1, ENOSPC = 3 }");
    if (outcomes == nullptr) return;
    TableReader counts(outcomes->value, "`outcomes`", complete_, report_);
    for (const Member& member : outcomes->value.members) {
      if (!is_outcome(member.key)) {
        report_.error(member.where, fmt::format("a step cannot end with `{}`", member.key),
                      "write ok, an errno's symbol, \"status 3\" or timeout");
      }
      const int number = errno_by_symbol(member.key);  // some have two
      const std::string word = number == 0 ? member.key : errno_symbol(number);
      std::uint32_t count = 0;
      if (member.value.kind == Kind::string && member.value.text == "others") {
        counts.take(member.key);
        if (!out_.others.empty())
          report_.error(member.where, "two are `others`", "write a number for one of them");
        out_.others = word;
      } else {
        counts.integer(member.key, {.least = 0, .most = 1'000'000}, count);
      }
      out_.outcomes[word] += count;
    }
  }

  static bool is_status(std::string_view word) {
    for (int status = 1; status <= 255; ++status) {
      if (word == fmt::format("status {}", status)) return true;
    }
    return false;
  }

  static bool is_outcome(const std::string& word) {
    return word == "ok" || word == "timeout" || is_status(word) || errno_by_symbol(word) != 0;
  }

  Facet facet_;
  bool complete_;
  config::Report& report_;
  Expectation& out_;
};

}  // namespace

void read_expect(TableReader& step, Facet facet, Expectation& out) {
  out.endings = endings_of(facet);
  const Member* member = step.take("expect");
  if (member == nullptr) return;
  ExpectReader(facet, step.complete(), step.report(), out).read(member->value);
}

std::vector<std::string> read_strings(TableReader& table, std::string_view key,
                                      std::string_view example) {
  std::vector<std::string> strings;
  const Member* member = table.take(key);
  if (member == nullptr) return strings;
  if (member->value.kind == Kind::string) {
    strings.push_back(member->value.text);
    return strings;
  }
  if (member->value.kind != Kind::array) {
    config::report_kind(member->value, fmt::format("`{}`", key), Kind::array, example,
                        table.report());
    return strings;
  }
  for (const Value& item : member->value.items) {
    if (item.kind == Kind::string) {
      strings.push_back(item.text);
    } else {
      config::report_kind(item, fmt::format("an item of `{}`", key), Kind::string, example,
                          table.report());
    }
  }
  return strings;
}

int errno_by_symbol(std::string_view symbol) {
  for (int number = 1; number <= kErrnoMax; ++number) {
    const char* name = ::strerrorname_np(number);
    if (name != nullptr && symbol == name) return number;
  }
  return symbol == "EWOULDBLOCK" ? EWOULDBLOCK : symbol == "ENOTSUP" ? ENOTSUP : 0;
}

std::string errno_symbol(int number) {
  if (number == ENOTSUP) return "EOPNOTSUPP";
  const char* name = ::strerrorname_np(number);
  return name != nullptr ? name : fmt::format("errno {}", number);
}

}  // namespace mdevsim::scenario
