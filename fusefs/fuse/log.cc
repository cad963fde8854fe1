#include "fusefs/fuse/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "fusefs/fuse/command_names.h"

namespace mdevsim::fusefs {
namespace {

struct LevelRow {
  LogLevel level;
  std::string_view name;
  std::string_view journal_prefix;
  std::string_view text_prefix;
};

constexpr std::array kLevels = {
    LevelRow{LogLevel::error, "error", "<3>", "mdevsim-server: error: "},
    LevelRow{LogLevel::warning, "warning", "<4>", "mdevsim-server: warning: "},
    LevelRow{LogLevel::info, "info", "<6>", "mdevsim-server: "},
    LevelRow{LogLevel::debug, "debug", "<7>", "mdevsim-server: debug: "},
};

// What clients write may be in a message, and may be anything: a message stays one line.
std::string escaped(std::string_view message) {
  std::string out;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::optional<LogLevel> log_level_from_name(std::string_view name) {
  for (const LevelRow& row : kLevels) {
    if (row.name == name) return row.level;
  }
  return std::nullopt;
}

Log::Log(LogLevel level, bool journal, int fd) : level_(level), fd_(fd), journal_(journal) {}

void Log::write(LogLevel level, std::string_view message) {
  if (!enabled(level)) return;
  const LevelRow& row = kLevels[static_cast<std::size_t>(level)];
  const std::string line =
      fmt::format("{}{}\n", journal_ ? row.journal_prefix : row.text_prefix, escaped(message));
  // One write per line, so that lines of several threads do not mix. Nobody could be told if it
  // failed.
  [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

void RequestLog::after(const RequestFacts& facts, const Answer& answer) {
  const std::string_view detail = facts.detail;
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(answer.duration).count();
  log_.debug(fmt::format("pid={} comm={} uid={} op={} node={:#x}{}{}{} result={} bytes={} us={}",
                         facts.pid, std::string_view(read_command_name(facts.pid)), facts.uid,
                         operation_name(facts.operation), facts.node.value(),
                         detail.empty() ? "" : " detail=\"", detail, detail.empty() ? "" : "\"",
                         errc_symbol(answer.errc), answer.bytes, microseconds));
}

}  // namespace mdevsim::fusefs
