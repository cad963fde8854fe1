// The names of the commands that make requests, as /proc has them.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/base/mutex.h"

namespace mdevsim::fusefs {

// What /proc/PID/comm holds: at most 15 bytes.
class CommandName {
 public:
  static constexpr std::size_t kBytesMax = 15;

  CommandName() = default;
  explicit CommandName(std::string_view name);
  operator std::string_view() const { return {bytes_.data(), size_}; }
  bool operator==(std::string_view other) const { return std::string_view(*this) == other; }

 private:
  std::uint8_t size_ = 0;
  std::array<char, kBytesMax> bytes_{};
};

// Asks /proc now. "?" when the process is gone, or cannot be seen from here.
CommandName read_command_name(std::uint32_t pid);

// Asks /proc once for each process, and again when that was kKept ago: a process may become
// another program, and its number another process. Made so that a request costs no system call.
class CommandNames {
 public:
  static constexpr std::chrono::milliseconds kKept{50};

  CommandName of(std::uint32_t pid, std::chrono::steady_clock::time_point now) EXCLUDES(mutex_);

 private:
  struct Known {
    std::uint32_t pid = 0;
    CommandName name;
    std::chrono::steady_clock::time_point asked{};
  };
  static constexpr std::size_t kKnown = 256;

  Mutex mutex_;  // a leaf
  std::array<Known, kKnown> known_ GUARDED_BY(mutex_);
};

}  // namespace mdevsim::fusefs
