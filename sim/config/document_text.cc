#include "sim/config/document_text.h"

#include <fmt/format.h>

namespace mdevsim::config {
namespace {

void append_value(std::string& out, const Value& value);

void append_table(std::string& out, const Value& table) {
  out += '{';
  for (const Member& member : table.members) {
    if (&member != &table.members.front()) out += ", ";
    out += quoted(member.key) + " = ";
    append_value(out, member.value);
  }
  out += '}';
}

void append_array(std::string& out, const Value& array) {
  out += '[';
  for (const Value& item : array.items) {
    if (&item != &array.items.front()) out += ", ";
    append_value(out, item);
  }
  out += ']';
}

// What looks like an integer is given an exponent, and so stays what it is.
void append_number(std::string& out, double number) {
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".en") == std::string::npos) text += "e0";
  out += text;
}

void append_value(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::table:
      return append_table(out, value);
    case Value::Kind::array:
      return append_array(out, value);
    case Value::Kind::integer:
      out += fmt::format("{}", value.integer);
      return;
    case Value::Kind::number:
      append_number(out, value.number);
      return;
    case Value::Kind::boolean:
      out += value.boolean ? "true" : "false";
      return;
    case Value::Kind::string:
    case Value::Kind::date:
      out += quoted(value.text);
      return;
  }
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string document_text(const Value& table) {
  std::string out;
  for (const Member& member : table.members) {
    out += quoted(member.key) + " = ";
    append_value(out, member.value);
    out += '\n';
  }
  return out;
}

}  // namespace mdevsim::config
