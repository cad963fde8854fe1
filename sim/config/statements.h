// Where the statements of a TOML file begin and end, found without understanding them. It serves
// two ends: after a syntax error the rest of the file is still read, and depths that would exhaust
// the parser's stack are refused before it runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mdevsim::config {

// One or more whole lines: a key with its value, a table header, or nothing but a comment.
struct Statement {
  std::size_t begin = 0;  // in bytes
  std::size_t end = 0;    // behind the last line's newline
  std::uint32_t first_line = 1;
  std::uint32_t last_line = 1;
  bool header = false;  // starts with '['
  // Where its first bracket or quote is that is never closed; line 0: all are.
  std::uint32_t open_line = 0;
  std::uint32_t open_column = 0;
};

struct Outline {
  std::vector<Statement> statements;  // cover the whole text
  std::uint32_t deep_line = 0;  // the first line with too many dotted or nested parts; 0: none
  std::uint32_t deep_column = 0;
};

Outline outline_of(std::string_view text);

// The index of the statement that a line belongs to; the last one's behind the end.
std::size_t statement_at(const Outline& outline, std::uint32_t line);

// Whether nothing but blanks is left of it.
bool is_blank(std::string_view text, const Statement& statement);

// Makes a statement blank, keeping every newline in its place; a header goes with what stands below
// it.
void blank_statement(std::string& text, const Outline& outline, std::size_t index);

}  // namespace mdevsim::config
