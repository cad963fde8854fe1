// Reads one table: every key is asked for by name, with its kind and range; what was not asked for
// is an unknown key.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/errc.h"
#include "sim/config/diagnostic.h"
#include "sim/config/document.h"
#include "sim/config/text.h"

namespace mdevsim::config {

struct IntegerRange {
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  int hex_digits = 0;  // how to write the bounds in the help; 0: decimal
};

class TableReader {
 public:
  // `what` names the table in messages: "a type"; it outlives this. A document with syntax errors
  // is incomplete: then nothing is said about keys that are missing.
  TableReader(const Value& table, std::string_view what, bool complete, Report& report)
      : table_(table), what_(what), complete_(complete), report_(report) {}

  Region where() const { return table_.where; }
  bool complete() const { return complete_; }
  Report& report() { return report_; }

  // The member if it is there and of that kind; reports another kind. `example` shows how to write
  // it.
  const Member* take(std::string_view key, Value::Kind kind, std::string_view example);
  const Member* take(std::string_view key);  // of any kind

  // Leaves `out` alone and returns false when the key is absent or wrong.
  template <typename T>
  bool integer(std::string_view key, IntegerRange range, T& out) {
    const auto found = integer_of(key, range);
    if (found) out = static_cast<T>(*found);
    return found.has_value();
  }
  bool boolean(std::string_view key, bool& out);
  bool errc(std::string_view key, Errc& out);
  std::optional<Text> text(std::string_view key, std::string_view example);
  // The number of repetitions, if the table is repeated.
  std::optional<std::uint32_t> repeat();

  void missing(std::string_view key, std::string_view help);

  // Reports the keys that nobody asked for.
  void finish();

 private:
  std::optional<std::int64_t> integer_of(std::string_view key, IntegerRange range);

  const Value& table_;
  std::string_view what_;
  bool complete_;
  Report& report_;
  std::vector<std::string_view> asked_;
};

// Reports that a value is of another kind than it should be.
void report_kind(const Value& value, std::string_view what, Value::Kind wanted,
                 std::string_view example, Report& report);

// "a, b or c"
std::string list_of(const std::vector<std::string_view>& names);

}  // namespace mdevsim::config
