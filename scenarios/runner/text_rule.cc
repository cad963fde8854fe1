#include "scenarios/runner/text_rule.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <regex.h>

#include <array>
#include <nlohmann/json.hpp>

#include "sim/base/limits.h"

namespace mdevsim::scenario {
namespace {

using config::Value;
using Json = nlohmann::json;

class Regex {
 public:
  explicit Regex(const std::string& text)
      : fault_(::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NEWLINE)) {}
  ~Regex() {
    if (fault_ == 0) ::regfree(&compiled_);
  }
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  std::string fault() const {
    if (fault_ == 0) return {};
    std::array<char, 256> text{};
    ::regerror(fault_, &compiled_, text.data(), text.size());
    return text.data();
  }
  bool is_in(std::string_view text) const {
    regmatch_t whole = {0, static_cast<regoff_t>(text.size())};  // it may hold NUL bytes
    return fault_ == 0 && ::regexec(&compiled_, text.data(), 1, &whole, REG_STARTEND) == 0;
  }

 private:
  regex_t compiled_;
  int fault_;
};

Json json_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::table: {
      Json object = Json::object();
      for (const config::Member& member : value.members) {
        object[member.key] = json_of(member.value);
      }
      return object;
    }
    case Value::Kind::array: {
      Json array = Json::array();
      for (const Value& item : value.items) array.push_back(json_of(item));
      return array;
    }
    case Value::Kind::integer:
      return value.integer;
    case Value::Kind::number:
      return value.number;
    case Value::Kind::boolean:
      return value.boolean;
    case Value::Kind::string:
    case Value::Kind::date:
      break;
  }
  return value.text;
}

// A pointer's next part with ~1 and ~0 undone.
std::string take_part(std::string_view& pointer) {
  const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
  std::string part;
  for (std::size_t i = 1; i < end; ++i) {
    const bool is_escape = pointer[i] == '~' && i + 1 < end;
    if (!is_escape) {
      part += pointer[i];
    } else {
      ++i;
      part += pointer[i] == '1' ? '/' : '~';
    }
  }
  pointer.remove_prefix(end);
  return part;
}

// RFC 6901.
const Json* find_by_pointer(const Json& whole, std::string_view pointer) {
  const Json* at = &whole;
  while (!pointer.empty()) {
    const std::string part = take_part(pointer);
    if (at->is_object()) {
      const auto found = at->find(part);
      if (found == at->end()) return nullptr;
      at = &*found;
    } else if (at->is_array()) {
      const bool is_index = !part.empty() && part.size() < 10 &&
                            part.find_first_not_of("0123456789") == std::string::npos;
      const std::size_t index = is_index ? std::stoul(part) : at->size();
      if (index >= at->size()) return nullptr;
      at = &(*at)[index];
    } else {
      return nullptr;
    }
  }
  return at;
}

// The parser's tree is walked by functions that call themselves.
bool is_too_deep(std::string_view json) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      if (++depth > kJsonDepthMax) return true;
    } else if (!in_string && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::string shown(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::optional<Mismatch> check_json(const TextRule& rule, std::string_view text) {
  if (is_too_deep(text)) {
    return Mismatch{"", fmt::format("JSON of at most {} levels", kJsonDepthMax), std::string(text)};
  }
  const Json whole = Json::parse(text, nullptr, false);
  if (whole.is_discarded()) return Mismatch{"", "JSON", std::string(text)};
  for (const auto& [pointer, value] : rule.json) {
    const Json expected = json_of(value);
    const Json* found = find_by_pointer(whole, pointer);
    if (found != nullptr && *found == expected) continue;
    return Mismatch{fmt::format("JSON at {}", pointer.empty() ? "the root" : pointer),
                    shown(expected), found != nullptr ? shown(*found) : "(not there)"};
  }
  return std::nullopt;
}

// A text that is written without its last newline means the one with it, too.
bool is_same(std::string_view expected, std::string_view actual) {
  if (expected == actual) return true;
  return (expected.empty() || expected.back() != '\n') && !actual.empty() &&
         actual.back() == '\n' && expected == actual.substr(0, actual.size() - 1);
}

}  // namespace

std::optional<Mismatch> check_text(const TextRule& rule, std::string_view text) {
  if (rule.text && !is_same(*rule.text, text)) return Mismatch{"", *rule.text, std::string(text)};
  for (const std::string& regex : rule.regexes) {
    if (!Regex(regex).is_in(text)) {
      return Mismatch{"", "a match of " + regex, std::string(text)};
    }
  }
  if (rule.json.empty()) return std::nullopt;
  return check_json(rule, text);
}

std::string regex_fault(const std::string& regex) { return Regex(regex).fault(); }

bool matches_pattern(std::string_view pattern, std::string_view text) {
  // Only `*` is special: everything else of fnmatch's is escaped.
  std::string escaped;
  for (const char c : pattern) {
    if (c == '?' || c == '[' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return ::fnmatch(escaped.c_str(), std::string(text).c_str(), 0) == 0;
}

}  // namespace mdevsim::scenario
