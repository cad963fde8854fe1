#include "sim/config/statements.h"

#include <algorithm>

#include "sim/base/limits.h"

namespace mdevsim::config {
namespace {

bool is_bare_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// "[host.alpha]" at the start of a line opens a table even where a bracket before it was never
// closed.
bool looks_like_header(std::string_view line) {
  if (line.size() < 3 || line[0] != '[') return false;
  std::size_t at = line[1] == '[' ? 2 : 1;
  const std::size_t start = at;
  while (at < line.size() && is_bare_key_character(line[at])) ++at;
  return at > start && at < line.size() && (line[at] == '.' || line[at] == ']') &&
         !(line[start] >= '0' && line[start] <= '9');
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Outline run() {
    while (at_ < text_.size()) step();
    if (open_.begin < text_.size()) close_statement();
    return std::move(outline_);
  }

 private:
  enum class Quote : std::uint8_t { none, basic, literal, long_basic, long_literal };

  bool starts_with(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  void step() {
    const char c = text_[at_];
    if (c == '\n') {
      end_line();
    } else if (quote_ != Quote::none) {
      in_quote(c);
    } else if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '"') {
      open_quote("\"\"\"", Quote::basic, Quote::long_basic);
    } else if (c == '\'') {
      open_quote("'''", Quote::literal, Quote::long_literal);
    } else {
      plain(c);
    }
  }

  void open_quote(std::string_view long_mark, Quote short_quote, Quote long_quote) {
    const bool is_long = starts_with(long_mark);
    if (is_long && depth_ == 0) mark_opening();
    quote_ = is_long ? long_quote : short_quote;
    at_ += is_long ? 3 : 1;
  }

  void in_quote(char c) {
    const bool escapes = quote_ == Quote::basic || quote_ == Quote::long_basic;
    if (escapes && c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') {
      at_ += 2;
      return;
    }
    const bool is_long = quote_ == Quote::long_basic || quote_ == Quote::long_literal;
    const std::string_view mark = escapes ? "\"\"\"" : "'''";
    if (!starts_with(is_long ? mark : mark.substr(0, 1))) {
      ++at_;
      return;
    }
    at_ += is_long ? 3 : 1;
    // A long string may end with up to two quotes of its own.
    while (is_long && at_ < text_.size() && text_[at_] == mark[0]) ++at_;
    quote_ = Quote::none;
  }

  void plain(char c) {
    if (c == '[' || c == '{') {
      if (depth_ == 0) mark_opening();
      ++depth_;
    }
    if ((c == ']' || c == '}') && depth_ > 0) --depth_;
    if (c == '.') {
      if (++parts_ > kKeyPartsMax && outline_.deep_line == 0) {
        outline_.deep_line = line_;
        outline_.deep_column = column();
      }
    } else if (!is_bare_key_character(c) && c != ' ' && c != '\t') {
      parts_ = 0;
    }
    ++at_;
  }

  std::uint32_t column() const {
    const std::string_view before = text_.substr(line_begin_, at_ - line_begin_);
    return static_cast<std::uint32_t>(
        1 + std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  }

  void mark_opening() {
    open_.open_line = line_;
    open_.open_column = column();
  }

  void end_line() {
    ++at_;
    parts_ = 0;
    if (quote_ == Quote::basic || quote_ == Quote::literal) quote_ = Quote::none;  // never closed
    line_begin_ = at_;
    const bool header_follows = looks_like_header(text_.substr(at_, 80));
    if (quote_ == Quote::none && (depth_ == 0 || header_follows)) {
      close_statement();
    }
    ++line_;
  }

  void close_statement() {
    open_.end = std::min(at_, text_.size());
    open_.last_line = line_;
    const std::string_view body = text_.substr(open_.begin, open_.end - open_.begin);
    const std::size_t first = body.find_first_not_of(" \t");
    open_.header = first != std::string_view::npos && body[first] == '[';
    if (depth_ == 0 && quote_ == Quote::none) open_.open_line = 0;
    depth_ = 0;
    outline_.statements.push_back(open_);
    open_ = {.begin = at_, .first_line = line_ + 1};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t depth_ = 0;  // of brackets and braces
  std::uint32_t parts_ = 0;  // dots in the key under way
  Quote quote_ = Quote::none;
  Statement open_;
  Outline outline_;
};

}  // namespace

Outline outline_of(std::string_view text) { return Scanner(text).run(); }

std::size_t statement_at(const Outline& outline, std::uint32_t line) {
  const auto& all = outline.statements;
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const Statement& s) { return s.last_line >= line; });
  return static_cast<std::size_t>((at == all.end() && at != all.begin() ? at - 1 : at) -
                                  all.begin());
}

bool is_blank(std::string_view text, const Statement& statement) {
  return text.substr(statement.begin, statement.end - statement.begin).find_first_not_of(" \n") ==
         std::string_view::npos;
}

void blank_statement(std::string& text, const Outline& outline, std::size_t index) {
  const auto& all = outline.statements;
  auto behind = all.begin() + static_cast<std::ptrdiff_t>(index) + 1;
  if (all[index].header)
    behind = std::find_if(behind, all.end(), [](const Statement& s) { return s.header; });
  const std::size_t end = behind == all.end() ? text.size() : behind->begin;
  for (std::size_t i = all[index].begin; i < end; ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

}  // namespace mdevsim::config
