// A receiver of the kernel's uevents that prints what it gets.
#pragma once

#include "tests/oracle/probe/files.h"

namespace probe {

class UeventListener {
 public:
  // Says on `out` when the socket cannot be had; report_pending() then prints nothing.
  UeventListener(const Report& out, int patience_ms);

  // Prints every message that is there or comes within the patience, as `tag[0]`, `tag[1]`, ...;
  // `tag none` without any.
  void report_pending(const Report& out, const std::string& tag) const;
  // The same as remarks, for what another thread of the kernel sends when it likes.
  void remark_pending(const Report& out, const std::string& tag) const;

  // Whether a message comes within `timeout_ms`.
  [[nodiscard]] bool wait(int timeout_ms) const;

 private:
  enum class As { line, remark };
  void drain(const Report& out, const std::string& tag, As as) const;

  Fd socket_;
  int patience_ms_;
};

}  // namespace probe
