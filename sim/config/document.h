// A TOML file as a tree of values with their places: what the loader's readers see. Only parse.cc
// knows the TOML library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/diagnostic.h"
#include "sim/config/source.h"

namespace mdevsim::config {

struct Member;

struct Value {
  enum class Kind : std::uint8_t { table, array, string, integer, number, boolean, date };

  Kind kind = Kind::table;
  Region where;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;             // of a string
  std::vector<Value> items;     // of an array
  std::vector<Member> members;  // of a table, in the file's order

  const Member* find(std::string_view key) const;
};

struct Member {
  std::string key;
  Region where;  // of the key
  Value value;
};

// "a string", "a table": for messages.
std::string_view kind_name(Value::Kind kind);

struct Document {
  Value root;
  bool complete = true;  // false: statements were left out because of syntax errors
};

// Reports every syntax error that can be told apart and returns what could be understood.
Document parse_document(std::uint32_t file, Report& report);

}  // namespace mdevsim::config
