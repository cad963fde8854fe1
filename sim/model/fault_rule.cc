#include "sim/model/fault_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "sim/base/limits.h"

namespace mdevsim::model {
namespace {

using Problem = std::optional<FaultProblem>;

// ---- words --------------------------------------------------------------------------------------

template <typename T>
struct Word {
  std::string_view text;
  T value;
};

constexpr Word<FaultPoint> kPoints[] = {
    {"create", FaultPoint::create}, {"remove", FaultPoint::remove}, {"bind", FaultPoint::bind},
    {"unbind", FaultPoint::unbind}, {"save", FaultPoint::save},     {"load", FaultPoint::load},
    {"event", FaultPoint::event},
};
constexpr Word<EventFate> kEventFates[] = {
    {"lost", EventFate::lost}, {"doubled", EventFate::doubled}, {"late", EventFate::late}};
constexpr Word<InstanceFate> kInstanceFates[] = {{"vanishes", InstanceFate::vanishes},
                                                 {"stuck", InstanceFate::stuck},
                                                 {"untyped", InstanceFate::untyped}};

constexpr std::string_view kOperations[] = {
    "open",    "read",    "write",    "lookup",   "getattr",   "setattr",    "readlink",
    "opendir", "readdir", "getxattr", "setxattr", "listxattr", "removexattr"};
constexpr std::string_view kActions[] = {"add",    "remove",  "change", "move",
                                         "online", "offline", "bind",   "unbind"};

template <typename T, std::size_t kCount>
std::string list(const Word<T> (&words)[kCount]) {
  std::string out;
  for (const Word<T>& word : words) {
    if (!out.empty()) out += ", ";
    out += word.text;
  }
  return out;
}
std::string list(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

template <typename T, std::size_t kCount>
Problem set_word(const Word<T> (&words)[kCount], std::string_view value, T& out) {
  for (const Word<T>& word : words) {
    if (word.text != value) continue;
    out = word.value;
    return std::nullopt;
  }
  return FaultProblem{fmt::format("`{}` is none of the words that can stand here", value),
                      "write one of " + list(words)};
}
template <typename T, std::size_t kCount>
std::string_view word_of(const Word<T> (&words)[kCount], T value) {
  for (const Word<T>& word : words) {
    if (word.value == value) return word.text;
  }
  return {};
}

// ---- values -------------------------------------------------------------------------------------

Problem set_number(std::string_view value, std::uint64_t& out) {
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, out);
  if (error == std::errc{} && stop == end) return std::nullopt;
  return FaultProblem{fmt::format("`{}` is no number", value), "write a whole number, such as 3"};
}

Problem set_probability(std::string_view value, double& out) {
  double number = -1;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error == std::errc{} && stop == end && number >= 0 && number <= 1) {
    out = number;
    return std::nullopt;
  }
  return FaultProblem{fmt::format("`{}` is no probability", value),
                      "write a number from 0, never, to 1, always"};
}

Problem set_delay(std::string_view value, std::uint32_t& out_ms) {
  std::uint64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  const std::uint64_t ms_per_unit = unit == "ms" ? 1 : unit == "s" ? 1000 : 0;
  if (error != std::errc{} || ms_per_unit == 0 || number > kFaultDelayMsMax / ms_per_unit) {
    return FaultProblem{fmt::format("`{}` is no delay", value),
                        fmt::format("write a time such as \"50ms\" or \"2s\", of at most {} s",
                                    kFaultDelayMsMax / 1000)};
  }
  out_ms = static_cast<std::uint32_t>(number * ms_per_unit);
  return std::nullopt;
}

Problem set_errno(std::string_view value, std::optional<Errc>& out) {
  out = errc_from_symbol(value);
  if (out) return std::nullopt;
  return FaultProblem{fmt::format("`{}` names no error that a client can be given", value),
                      "write an errno's symbol, such as \"EBUSY\""};
}

Problem set_pattern(std::string_view value, std::string& out) {
  const bool has_blank = std::any_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
  if (value.empty() || has_blank || value.size() > kNameBytesMax) {
    return FaultProblem{
        fmt::format("a pattern has 1 to {} characters, and no blank", kNameBytesMax),
        "write ? for a blank"};
  }
  out = value;
  return std::nullopt;
}

Problem set_one_of(std::span<const std::string_view> words, std::string_view value,
                   std::string& out) {
  if (std::find(words.begin(), words.end(), value) == words.end()) {
    return FaultProblem{fmt::format("`{}` is none of the words that can stand here", value),
                        "write one of " + list(words)};
  }
  out = value;
  return std::nullopt;
}

// ---- keys ---------------------------------------------------------------------------------------

struct Key {
  std::string_view name;
  Problem (*set)(FaultRule& rule, std::string_view value);
  std::string (*text)(const FaultRule& rule);  // empty: need not be said
};

template <std::string FaultRule::*kPattern>
Problem pattern_set(FaultRule& rule, std::string_view value) {
  return set_pattern(value, rule.*kPattern);
}
template <std::string FaultRule::*kText>
std::string text_of(const FaultRule& rule) {
  return rule.*kText;
}
template <std::uint64_t FaultRule::*kNumber>
Problem number_set(FaultRule& rule, std::string_view value) {
  return set_number(value, rule.*kNumber);
}
template <std::uint64_t FaultRule::*kNumber>
std::string number_of(const FaultRule& rule) {
  return rule.*kNumber == FaultRule().*kNumber ? std::string() : std::to_string(rule.*kNumber);
}

constexpr Key kKeys[] = {
    {"at",
     [](FaultRule& rule, std::string_view value) { return set_word(kPoints, value, rule.point); },
     [](const FaultRule& rule) { return std::string(word_of(kPoints, rule.point)); }},
    {"operation",
     [](FaultRule& rule, std::string_view value) {
       if (value == "*") {
         rule.operation = value;
         return Problem();
       }
       return set_one_of(kOperations, value, rule.operation);
     },
     text_of<&FaultRule::operation>},
    {"path", pattern_set<&FaultRule::path>, text_of<&FaultRule::path>},
    {"command", pattern_set<&FaultRule::command>, text_of<&FaultRule::command>},
    {"device", pattern_set<&FaultRule::device>, text_of<&FaultRule::device>},
    {"action",
     [](FaultRule& rule, std::string_view value) {
       return set_one_of(kActions, value, rule.action);
     },
     text_of<&FaultRule::action>},
    {"errno", [](FaultRule& rule, std::string_view value) { return set_errno(value, rule.errc); },
     [](const FaultRule& rule) {
       return rule.errc ? std::string(errc_symbol(*rule.errc)) : std::string();
     }},
    {"delay",
     [](FaultRule& rule, std::string_view value) { return set_delay(value, rule.delay_ms); },
     [](const FaultRule& rule) {
       return rule.delay_ms == 0 ? std::string() : fmt::format("{}ms", rule.delay_ms);
     }},
    {"instance",
     [](FaultRule& rule, std::string_view value) {
       return set_word(kInstanceFates, value, rule.instance);
     },
     [](const FaultRule& rule) { return std::string(word_of(kInstanceFates, rule.instance)); }},
    {"event",
     [](FaultRule& rule, std::string_view value) {
       return set_word(kEventFates, value, rule.event);
     },
     [](const FaultRule& rule) { return std::string(word_of(kEventFates, rule.event)); }},
    {"after", number_set<&FaultRule::after>, number_of<&FaultRule::after>},
    {"every", number_set<&FaultRule::every>, number_of<&FaultRule::every>},
    {"probability",
     [](FaultRule& rule, std::string_view value) {
       return set_probability(value, rule.probability);
     },
     [](const FaultRule& rule) {
       return rule.probability == 1 ? std::string() : fmt::format("{}", rule.probability);
     }},
    {"times",
     [](FaultRule& rule, std::string_view value) {
       std::uint64_t times = 0;
       Problem problem = set_number(value, times);
       if (!problem) rule.times = times;
       return problem;
     },
     [](const FaultRule& rule) {
       return rule.times ? std::to_string(*rule.times) : std::string();
     }},
    {"seed", number_set<&FaultRule::seed>, number_of<&FaultRule::seed>},
};

const Key* key_named(std::string_view name) {
  const auto* const at = std::find_if(std::begin(kKeys), std::end(kKeys),
                                      [&](const Key& key) { return key.name == name; });
  return at == std::end(kKeys) ? nullptr : at;
}

// ---- what goes with what ------------------------------------------------------------------------

bool is_device_point(FaultPoint point) {
  return point != FaultPoint::operation && point != FaultPoint::event;
}

Problem check_where(const FaultRule& rule) {
  const bool is_operation = rule.point == FaultPoint::operation;
  if (is_operation && rule.operation.empty()) {
    return FaultProblem{"the rule says not where",
                        "give it an operation, such as \"write\", or a point: at = \"create\""};
  }
  if (!is_operation && !rule.operation.empty()) {
    return FaultProblem{"a rule has either `at` or `operation`", "leave one of them out"};
  }
  if (!is_operation && !rule.command.empty()) {
    return FaultProblem{"only an operation has a `command`", "use `operation` instead of `at`"};
  }
  if (is_device_point(rule.point) && !rule.path.empty()) {
    return FaultProblem{"only operations and events have a `path`", "name the `device`"};
  }
  if (!is_device_point(rule.point) && !rule.device.empty()) {
    return FaultProblem{"operations and events have no `device`",
                        "put it into the `path`: \"*/0000:3b:00.0/*\""};
  }
  if (rule.point != FaultPoint::event && !rule.action.empty()) {
    return FaultProblem{"only an event has an `action`", "write at = \"event\""};
  }
  return std::nullopt;
}

Problem check_what(const FaultRule& rule) {
  if ((rule.event != EventFate::sent) != (rule.point == FaultPoint::event)) {
    return FaultProblem{"an event is lost, doubled or late, and nothing else is",
                        "write at = \"event\" and event = \"lost\""};
  }
  if (rule.point == FaultPoint::event) {
    if (rule.errc || rule.instance != InstanceFate::stays) {
      return FaultProblem{"nobody gets an answer to an event", "leave out `errno` and `instance`"};
    }
    if ((rule.event == EventFate::late) != (rule.delay_ms > 0)) {
      return FaultProblem{"an event that is late has a `delay`, and no other has",
                          "write event = \"late\" and delay = \"50ms\""};
    }
    return std::nullopt;
  }
  if (!rule.errc && rule.delay_ms == 0 && rule.instance == InstanceFate::stays) {
    return FaultProblem{"the rule says not what goes wrong",
                        "give it an `errno`, a `delay` or an `instance`"};
  }
  const bool may_vanish = rule.point == FaultPoint::operation || rule.point == FaultPoint::create;
  if (rule.instance == InstanceFate::vanishes && (!may_vanish || rule.errc)) {
    return FaultProblem{
        "an instance vanishes when it is created, or by an operation on one of its files",
        "use `at = \"create\"` or `operation`, without an errno"};
  }
  if (rule.instance == InstanceFate::stuck && rule.point != FaultPoint::remove) {
    return FaultProblem{"an instance gets stuck when it is removed", "write at = \"remove\""};
  }
  if (rule.instance == InstanceFate::stuck && rule.errc) {
    return FaultProblem{"the removal of an instance that gets stuck fails with EAGAIN",
                        "leave out the `errno`"};
  }
  if (rule.instance == InstanceFate::untyped &&
      (rule.point != FaultPoint::create || rule.errc || rule.delay_ms == 0)) {
    return FaultProblem{"an instance is untyped for a while after it was created",
                        "write at = \"create\" and delay = \"50ms\", without an errno"};
  }
  return std::nullopt;
}

std::string_view next_word(std::string_view& line) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t begin = std::min(line.find_first_not_of(kBlanks), line.size());
  line.remove_prefix(begin);
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::vector<std::string_view> fault_operations() {
  return {std::begin(kOperations), std::end(kOperations)};
}

std::vector<std::string_view> fault_keys() {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) names.push_back(key.name);
  return names;
}

std::optional<FaultProblem> set_fault_key(FaultRule& rule, std::string_view key,
                                          std::string_view value) {
  const Key* const known = key_named(key);
  if (known == nullptr) {
    return FaultProblem{fmt::format("a fault has no key `{}`", key),
                        "it may have " + list(fault_keys())};
  }
  return known->set(rule, value);
}

std::optional<FaultProblem> check_fault(const FaultRule& rule) {
  if (auto problem = check_where(rule)) return problem;
  return check_what(rule);
}

Result<FaultRule> parse_fault(std::string_view line) {
  FaultRule rule;
  std::vector<std::string_view> seen;
  for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      return fail(Errc::invalid, fmt::format("`{}` is not written as key=value", word));
    }
    const std::string_view key = word.substr(0, equals);
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      return fail(Errc::invalid, fmt::format("`{}` is there twice", key));
    }
    seen.push_back(key);
    if (const auto problem = set_fault_key(rule, key, word.substr(equals + 1))) {
      return fail(Errc::invalid, fmt::format("{}: {}; {}", key, problem->why, problem->help));
    }
  }
  if (const auto problem = check_fault(rule)) {
    return fail(Errc::invalid, fmt::format("{}; {}", problem->why, problem->help));
  }
  return rule;
}

std::string to_string(const FaultRule& rule) {
  std::string out;
  for (const Key& key : kKeys) {
    const std::string text = key.text(rule);
    if (text.empty()) continue;
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", key.name, text);
  }
  return out;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0;
  std::size_t star = kNone;  // the last * seen,
  std::size_t resume = 0;    // and up to where it reaches so far
  for (std::size_t t = 0; t < text.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != kNone) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace mdevsim::model
