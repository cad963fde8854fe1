// A receiver of the kernel's uevents that prints what it gets.
#pragma once

#include <string_view>
#include <vector>

#include "tests/oracle/probe/target.h"

namespace probe {

class UeventListener {
 public:
  // Says on `out` when the socket cannot be had; report_pending() then prints nothing. Only
  // messages whose DEVPATH begins with one of `prefixes` are heard, or all without any: a kernel
  // tells every network namespace of every mount that is made anywhere on the machine (subsystem
  // bdi), and that is none of the parent's business.
  UeventListener(const Report& out, int patience_ms, std::vector<std::string> prefixes = {});
  // Hears what concerns mediated devices of the target.
  UeventListener(const Report& out, const Target& target);

  // Prints every message that is there or comes within the patience, as `tag[0]`, `tag[1]`, ...;
  // `tag none` without any.
  void report_pending(const Report& out, const std::string& tag) const;

  // Whether a message comes within `timeout_ms`.
  [[nodiscard]] bool wait(int timeout_ms) const;

 private:
  [[nodiscard]] bool concerns(std::string_view message) const;

  Fd socket_;
  int patience_ms_;
  std::vector<std::string> prefixes_;
};

}  // namespace probe
