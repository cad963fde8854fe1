// What the probe prints: one line per operation, `section.id TAB value TAB errno TAB extra`. A line
// that begins with `#` holds a figure or a race's count, which differs from run to run.
#pragma once

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace probe {

// What an operation gave: the value, or a negative value with its errno.
struct Outcome {
  long value = 0;
  int error = 0;
  [[nodiscard]] bool failed() const { return value < 0; }
};

// Runs a system call and keeps its errno before anything else can change it.
template <typename Call>
Outcome attempt(Call&& call) {
  errno = 0;
  const long value = static_cast<long>(call());
  const int error = errno;
  return {value, value < 0 ? error : 0};
}

// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);

// `bytes` in double quotes, with C escapes; very long ones are cut.
std::string quoted(std::string_view bytes);

// "ENOENT", "-" for 0, "E123" for a number without a name here.
std::string errno_name(int error);

class Report {
 public:
  explicit Report(std::string section) : section_(std::move(section)) {}

  void line(const std::string& id, Outcome outcome, const std::string& extra = "") const;
  void value(const std::string& id, long value, const std::string& extra = "") const;
  // A line that is not to be compared.
  void remark(const std::string& id, long value, const std::string& extra) const;

  // Runs `call` and prints what it gave; `extra` is asked afterwards.
  template <typename Call>
  Outcome call(const std::string& id, Call&& operation) const {
    const Outcome outcome = attempt(operation);
    line(id, outcome);
    return outcome;
  }
  template <typename Call, typename Extra>
  Outcome call(const std::string& id, Call&& operation, Extra&& extra) const {
    const Outcome outcome = attempt(operation);
    line(id, outcome, extra());
    return outcome;
  }

 private:
  void print(std::string_view prefix, const std::string& id, Outcome outcome,
             const std::string& extra) const;

  std::string section_;
};

}  // namespace probe
