#include "fusefs/fuse/command_names.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace mdevsim::fusefs {

CommandName::CommandName(std::string_view name)
    : size_(static_cast<std::uint8_t>(std::min(name.size(), kBytesMax))) {
  std::copy_n(name.data(), size_, bytes_.data());
}

CommandName read_command_name(std::uint32_t pid) {
  std::array<char, 32> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/{}/comm", pid);
  const int fd = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CommandName("?");
  std::array<char, 32> text{};
  const ssize_t count = ::read(fd, text.data(), text.size());
  ::close(fd);
  std::string_view name(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  if (name.ends_with('\n')) name.remove_suffix(1);
  return CommandName(name.empty() ? "?" : name);
}

CommandName CommandNames::of(std::uint32_t pid, std::chrono::steady_clock::time_point now) {
  if (pid == 0) return CommandName("?");
  {
    const MutexLock lock(mutex_);
    const Known& known = known_[pid % kKnown];
    if (known.pid == pid && now - known.asked < kKept) return known.name;
  }
  const CommandName name = read_command_name(pid);
  const MutexLock lock(mutex_);
  known_[pid % kKnown] = {pid, name, now};
  return name;
}

}  // namespace mdevsim::fusefs
