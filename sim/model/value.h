// The value of a configuration parameter: bool, int or string.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mdevsim::model {

enum class ValueKind : std::uint8_t { absent, boolean, integer, string };

// "bool", "int", "string"; "absent" for a parameter that a version does not have.
std::string_view kind_name(ValueKind kind);
std::optional<ValueKind> kind_from_name(std::string_view name);

struct Value {
  ValueKind kind = ValueKind::absent;
  std::int64_t number = 0;  // of an int; 0 or 1 of a bool
  std::string text;         // of a string

  static Value boolean(bool on) { return {ValueKind::boolean, on ? 1 : 0, {}}; }
  static Value integer(std::int64_t number) { return {ValueKind::integer, number, {}}; }
  static Value string(std::string text) { return {ValueKind::string, 0, std::move(text)}; }

  bool is_absent() const { return kind == ValueKind::absent; }
  friend bool operator==(const Value& a, const Value& b) {
    return a.kind == b.kind && a.number == b.number &&
           (a.kind != ValueKind::string || a.text == b.text);
  }
};

// "on", "off", "64" or the text itself; empty for an absent value.
std::string to_text(const Value& value);

// The reverse of to_text; a bool may be 1 or 0 as well. Nothing when the text is not of that kind.
std::optional<Value> parse_value(ValueKind kind, std::string_view text);

// What parse_value takes: "on or off", "a decimal number", "text".
std::string_view kind_syntax(ValueKind kind);

// Whether a string can stand in a configuration and in one line of a file: no comma, no control
// character.
bool is_plain_text(std::string_view text);

}  // namespace mdevsim::model
