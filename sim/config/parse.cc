#define TOML_HEADER_ONLY \
  1  // the packaged library is built with exceptions; this file is built without
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 32

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <string>
#include <utility>

#include "sim/base/limits.h"
#include "sim/config/document.h"
#include "sim/config/statements.h"

namespace mdevsim::config {
namespace {

Region region_of(std::uint32_t file, const toml::source_region& source) {
  Region region{.file = file, .line = source.begin.line, .column = source.begin.column};
  if (source.end.line == source.begin.line && source.end.column > source.begin.column) {
    region.length = source.end.column - source.begin.column;
  }
  return region;
}

bool in_file_order(const Member& a, const Member& b) {
  return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
}

// The depth is bounded: by kKeyPartsMax for dotted keys and TOML_MAX_NESTED_VALUES for the rest.
Value convert(const toml::node& node, std::uint32_t file) {
  Value value;
  value.where = region_of(file, node.source());
  switch (node.type()) {
    case toml::node_type::table:
      value.kind = Value::Kind::table;
      for (const auto& [key, child] : *node.as_table()) {
        value.members.push_back(
            {std::string(key.str()), region_of(file, key.source()), convert(child, file)});
      }
      std::stable_sort(value.members.begin(), value.members.end(), in_file_order);
      break;
    case toml::node_type::array:
      value.kind = Value::Kind::array;
      for (const toml::node& child : *node.as_array()) value.items.push_back(convert(child, file));
      break;
    case toml::node_type::string:
      value.kind = Value::Kind::string;
      value.text = node.as_string()->get();
      break;
    case toml::node_type::integer:
      value.kind = Value::Kind::integer;
      value.integer = node.as_integer()->get();
      break;
    case toml::node_type::boolean:
      value.kind = Value::Kind::boolean;
      value.boolean = node.as_boolean()->get();
      break;
    case toml::node_type::floating_point:
      value.kind = Value::Kind::number;
      break;
    default:
      value.kind = Value::Kind::date;
      break;
  }
  return value;
}

struct Advice {
  std::string_view found;  // in the library's words
  std::string_view help;
};
constexpr Advice kAdvice[] = {
    {"nested value depth", "no key of a host file is nested that deeply"},
    {"redefin", "each key and each table header may appear once in a file: remove one of them"},
    {"already", "each key and each table header may appear once in a file: remove one of them"},
    {"end-of-file", "close the string, the array or the table that begins here"},
    {"utf-8", "save the file as UTF-8 text"},
    {"UTF-8", "save the file as UTF-8 text"},
    {"line-break", "write one `key = value` in a line, and close every quote on its line"},
    {"quot", "text needs double quotes at both ends: name = \"GRID T4-1B\""},
    {"value", "write `key = value`; text needs double quotes: name = \"GRID T4-1B\""},
};

std::string_view help_for(std::string_view description) {
  for (const Advice& advice : kAdvice) {
    if (description.find(advice.found) != std::string_view::npos) return advice.help;
  }
  return "write `key = value`, or a table header such as [host.alpha]";
}

void report_syntax(const toml::parse_error& error, std::uint32_t file, Report& report) {
  std::string_view description = error.description();
  const std::size_t colon = description.find(": ");  // "Error while parsing value: …"
  if (description.substr(0, 5) == "Error" && colon != std::string_view::npos)
    description.remove_prefix(colon + 2);
  Region where = region_of(file, error.source());
  where.line = std::max(where.line, 1U);
  report.error(where, fmt::format("syntax error: {}", description),
               std::string(help_for(description)));
}

}  // namespace

const Member* Value::find(std::string_view key) const {
  const auto at =
      std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; });
  return at == members.end() ? nullptr : &*at;
}

std::string_view kind_name(Value::Kind kind) {
  static constexpr std::string_view kNames[] = {"a table",  "an array",  "a string", "an integer",
                                                "a number", "a boolean", "a date"};
  return kNames[static_cast<std::size_t>(kind)];
}

Document parse_document(std::uint32_t file, Report& report) {
  std::string text(report.text(file));
  const Outline outline = outline_of(text);
  if (outline.deep_line != 0) {
    report.error({file, outline.deep_line, outline.deep_column, 1},
                 fmt::format("the key has more than {} parts", kKeyPartsMax),
                 "no key of a host file is nested that deeply");
    return {.root = {}, .complete = false};
  }
  Document document;
  std::size_t parsed_bytes = 0;
  for (std::size_t errors = 0; errors <= kSyntaxErrorsMax; ++errors) {
    parsed_bytes += text.size();
    const toml::parse_result result = toml::parse(text);
    if (result) {
      document.root = convert(result.table(), file);
      return document;
    }
    document.complete = false;
    report_syntax(result.error(), file, report);
    const std::string before = text;
    blank_statement(text, outline, static_cast<std::uint32_t>(result.error().source().begin.line));
    if (text == before || parsed_bytes > kReparsedBytesMax) break;  // no way to go on
  }
  return document;
}

}  // namespace mdevsim::config
