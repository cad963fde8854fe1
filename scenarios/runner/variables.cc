#include "scenarios/runner/variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace mdevsim::scenario {
namespace {

using config::Member;
using config::Value;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }

// The number that a text begins with, which is cut off.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return number;
}

// A number as "+1", ":03" or "+1:012x" says; nothing when either is not such.
std::optional<std::string> with_format(std::string_view number, std::string_view format) {
  constexpr std::size_t kWidthMax = 20;
  auto value = take_number(number);
  if (!value || !number.empty()) return std::nullopt;
  if (format.front() == '+') {
    format.remove_prefix(1);
    const auto more = take_number(format);
    if (!more) return std::nullopt;
    *value += *more;
    if (format.empty()) return fmt::format("{}", *value);
  }
  if (format.front() != ':') return std::nullopt;
  format.remove_prefix(1);
  const char last = format.empty() ? 'd' : format.back();
  const bool has_letter = last == 'd' || last == 'x' || last == 'X';
  const std::string_view digits = format.substr(0, format.size() - (has_letter ? 1 : 0));
  if (digits.find_first_not_of("0123456789") != std::string_view::npos || digits.size() > 3)
    return std::nullopt;
  const std::size_t width = digits.empty() ? 0 : std::stoul(std::string(digits));
  if (width > kWidthMax) return std::nullopt;
  if (last == 'x') return fmt::format("{:0{}x}", *value, width);
  if (last == 'X') return fmt::format("{:0{}X}", *value, width);
  return fmt::format("{:0{}}", *value, width);
}

class Substitution {
 public:
  Substitution(const Variables& variables, const std::vector<std::string_view>& later,
               config::Report& report)
      : variables_(variables), later_(later), report_(report) {
    for (const auto& [name, value] : variables) known_.emplace_back(name);
    known_.insert(known_.end(), later.begin(), later.end());
  }

  void apply(Value& value) {
    if (value.kind == Value::Kind::string) return apply_to_text(value);
    for (Value& item : value.items) apply(item);
    for (Member& member : value.members) {
      std::string key = replaced(member.key, member.where);
      if (key != member.key) {
        report_if_taken(value, key, member.where);
        member.key = std::move(key);
      }
      apply(member.value);
    }
  }

 private:
  void report_if_taken(const Value& table, const std::string& key, config::Region where) {
    if (table.find(key) == nullptr) return;
    report_.error(where, fmt::format("the key becomes `{}`, which is there already", key),
                  "give the variable another value, or write the key differently");
  }

  void apply_to_text(Value& value) {
    const std::string& text = value.text;
    if (text.size() > 2 && text.front() == '{' && text.back() == '}') {
      const auto found = variables_.find(std::string_view(text).substr(1, text.size() - 2));
      if (found != variables_.end()) {
        const config::Region where = value.where;
        value = found->second;
        value.where = where;
        return;
      }
    }
    value.text = replaced(text, value.where);
  }

  std::string replaced(const std::string& text, config::Region where) {
    return replace_names(text, [&](std::string_view name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) {
        report_misspelt(name, where);
        return std::nullopt;
      }
      auto scalar = scalar_text(found->second);
      if (!scalar) {
        report_.error(where,
                      fmt::format("{{{}}} is {}, which cannot be part of a text", name,
                                  config::kind_name(found->second.kind)),
                      fmt::format("write \"{{{}}}\" alone, where its value is to stand", name));
      }
      return scalar;
    });
  }

  void report_misspelt(std::string_view name, config::Region where) {
    if (std::find(later_.begin(), later_.end(), name) != later_.end()) return;
    const std::string_view near = config::nearest(name, known_);
    if (near.empty()) return;
    report_.error(where, fmt::format("there is no variable `{}`", name),
                  fmt::format("did you mean {{{}}}?", near));
  }

  const Variables& variables_;
  const std::vector<std::string_view>& later_;
  config::Report& report_;
  std::vector<std::string_view> known_;
};

}  // namespace

bool is_variable_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), is_name_part);
}

std::optional<std::string> scalar_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::string:
      return value.text;
    case Value::Kind::integer:
      return fmt::format("{}", value.integer);
    case Value::Kind::boolean:
      return value.boolean ? "true" : "false";
    default:
      return std::nullopt;
  }
}

std::string replace_names(
    std::string_view text,
    const std::function<std::optional<std::string>(std::string_view name)>& find) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('{', at);
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) return out.append(text.substr(at));
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    const std::string_view name = inside.substr(0, inside.find_first_of(":+"));
    out.append(text.substr(at, open - at));
    const bool is_shells = open > 0 && text[open - 1] == '$';
    std::optional<std::string> value;
    if (!is_shells && is_variable_name(name)) value = find(name);
    if (value && name.size() < inside.size())
      value = with_format(*value, inside.substr(name.size()));
    if (value) {
      out += *value;
      at = close + 1;
    } else {
      out += '{';
      at = open + 1;
    }
  }
  return out;
}

void substitute(Value& value, const Variables& variables,
                const std::vector<std::string_view>& later, config::Report& report) {
  Substitution(variables, later, report).apply(value);
}

}  // namespace mdevsim::scenario
