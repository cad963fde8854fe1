#include "sim/model/value.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace mdevsim::model {
namespace {

constexpr std::array<std::string_view, 4> kKindNames = {"absent", "bool", "int", "string"};

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "on" || text == "1") return true;
  if (text == "off" || text == "0") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace

std::string_view kind_name(ValueKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::optional<ValueKind> kind_from_name(std::string_view name) {
  const auto* const found = std::find(kKindNames.begin() + 1, kKindNames.end(), name);
  if (found == kKindNames.end()) return std::nullopt;
  return static_cast<ValueKind>(found - kKindNames.begin());
}

std::string to_text(const Value& value) {
  switch (value.kind) {
    case ValueKind::absent:
      return {};
    case ValueKind::boolean:
      return value.number != 0 ? "on" : "off";
    case ValueKind::integer:
      return std::to_string(value.number);
    case ValueKind::string:
      return value.text;
  }
  return {};
}

std::optional<Value> parse_value(ValueKind kind, std::string_view text) {
  if (kind == ValueKind::boolean) {
    if (const auto on = parse_boolean(text)) return Value::boolean(*on);
  } else if (kind == ValueKind::integer) {
    if (const auto number = parse_integer(text)) return Value::integer(*number);
  } else if (kind == ValueKind::string && is_plain_text(text)) {
    return Value::string(std::string(text));
  }
  return std::nullopt;
}

std::string_view kind_syntax(ValueKind kind) {
  switch (kind) {
    case ValueKind::boolean:
      return "on or off";
    case ValueKind::integer:
      return "a decimal number";
    default:
      return "text without commas and control characters";
  }
}

bool is_plain_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == ',' || byte < 0x20 || byte == 0x7f;
  });
}

}  // namespace mdevsim::model
