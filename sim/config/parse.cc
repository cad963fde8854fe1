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
  std::string_view found;    // in the library's words
  std::string_view message;  // instead of them; empty: they will do
  std::string_view help;
};
constexpr std::string_view kOnce =
    "each key and each table header may appear once in a file: remove one of them";
constexpr std::string_view kUtf8 = "save the file as UTF-8 text";
constexpr Advice kAdvice[] = {
    {"nested value depth", "the value is nested too deeply",
     "no key of a host file is nested that deeply"},
    {"redefin", "the key or table is there already", kOnce},
    {"already", "the key or table is there already", kOnce},
    {"expected value", "a value is missing", "write `key = value`; text needs double quotes"},
    {"closing '}', saw '\\n'", "a table in braces ends on its line",
     "keep { … } on one line, or use a [table] of its own; an array [ … ] may go on"},
    {"control character", "a control character stands here", "in a string write it as \"\\u0001\""},
    {"utf-8", "", kUtf8},
    {"UTF-8", "", kUtf8},
};
constexpr Advice kStringNotClosed = {"", "the string is not closed on its line",
                                     "write the missing quote at its end"};
constexpr Advice kDefault = {
    "", "", "write `key = value`; text needs double quotes: name = \"GRID T4-1B\""};

const Advice& advice_for(std::string_view description, bool at_line_end) {
  if (at_line_end && description.find("control character") != std::string_view::npos)
    return kStringNotClosed;
  for (const Advice& advice : kAdvice) {
    if (description.find(advice.found) != std::string_view::npos) return advice;
  }
  return kDefault;
}

bool is_line_end(std::string_view text, const Region& where) {
  for (std::uint32_t line = 1; line < where.line; ++line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  const auto code_points =
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return where.column > static_cast<std::uint64_t>(code_points);
}

// One file on its way through the parser, again and again without the statements that it refuses.
class Parser {
 public:
  Parser(std::uint32_t file, Report& report)
      : file_(file), report_(report), text_(report.text(file)) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") text_.erase(0, 3);  // the mark of UTF-8
    outline_ = outline_of(text_);
  }

  Document run() {
    Document document;
    if (outline_.deep_line != 0) {
      report_.error({file_, outline_.deep_line, outline_.deep_column, 1},
                    fmt::format("the key has more than {} parts", kKeyPartsMax),
                    "no key of a host file is nested that deeply");
      document.complete = false;
      return document;
    }
    std::size_t parsed_bytes = 0;
    for (std::size_t errors = 0; errors <= kSyntaxErrorsMax; ++errors) {
      parsed_bytes += text_.size();
      const toml::parse_result result = toml::parse(text_);
      if (result) {
        document.root = convert(result.table(), file_);
        return document;
      }
      document.complete = false;
      const std::string before = text_;
      report_and_blank(result.error());
      if (text_ == before || parsed_bytes > kReparsedBytesMax) break;  // no way to go on
    }
    return document;
  }

 private:
  void report_and_blank(const toml::parse_error& error) {
    Region where = region_of(file_, error.source());
    where.line = std::max(where.line, 1U);
    if (outline_.statements.empty())
      return report_.error(where, "syntax error", std::string(kDefault.help));
    std::size_t at = statement_at(outline_, where.line);
    // What is never closed is noticed late: often by the header that follows.
    const auto open_and_there = [&](std::size_t i) {
      return outline_.statements[i].open_line != 0 && !is_blank(text_, outline_.statements[i]);
    };
    if (!open_and_there(at) && at > 0 && open_and_there(at - 1)) --at;
    const Statement& statement = outline_.statements[at];
    if (open_and_there(at)) {
      report_.error({file_, statement.open_line, statement.open_column, 1},
                    "syntax error: what begins here is never closed",
                    "write the missing bracket, brace or quote at its end");
    } else {
      std::string_view description = error.description();
      const std::size_t colon = description.find(": ");  // "Error while parsing value: …"
      if (description.substr(0, 5) == "Error" && colon != std::string_view::npos)
        description.remove_prefix(colon + 2);
      const Advice& advice = advice_for(description, is_line_end(text_, where));
      report_.error(
          where,
          fmt::format("syntax error: {}", advice.message.empty() ? description : advice.message),
          std::string(advice.help));
    }
    blank_statement(text_, outline_, at);
  }

  std::uint32_t file_;
  Report& report_;
  std::string text_;
  Outline outline_;
};

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

Document parse_document(std::uint32_t file, Report& report) { return Parser(file, report).run(); }

}  // namespace mdevsim::config
