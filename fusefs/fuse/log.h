// The server's log: one line per entry on standard error, for people or for journald.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fusefs/fuse/observer.h"

namespace mdevsim::fusefs {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

std::optional<LogLevel> log_level_from_name(std::string_view name);

// Errors and warnings say what failed, on what, why, and what to do.
class Log {
 public:
  // With `journal`, lines begin with journald's priorities.
  explicit Log(LogLevel level, bool journal = false, int fd = 2);

  bool enabled(LogLevel level) const { return level <= level_; }
  void error(std::string_view message) { write(LogLevel::error, message); }
  void warning(std::string_view message) { write(LogLevel::warning, message); }
  void info(std::string_view message) { write(LogLevel::info, message); }
  void debug(std::string_view message) { write(LogLevel::debug, message); }

 private:
  void write(LogLevel level, std::string_view message);

  const LogLevel level_;
  const int fd_;
  const bool journal_;
};

// Writes every request to the log: which process did what to which node, and what it got.
class RequestLog : public Observer {
 public:
  explicit RequestLog(Log& log) : log_(log) {}
  void before(const RequestFacts&) override {}
  void after(const RequestFacts& facts, const Answer& answer) override;

 private:
  Log& log_;
};

}  // namespace mdevsim::fusefs
