// A shell's echo cannot write nothing, nor say which errno it got.
#include <unistd.h>

#include <array>
#include <cstdio>

#include "tests/clients/helper/commands.h"
#include "tests/oracle/probe/files.h"

namespace helper {

int run_write(std::span<const std::string> arguments) {
  std::string bytes;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t size = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(size));
  }
  const probe::WriteOutcome outcome = probe::write_file(arguments[0], bytes);
  printf("%s%ld %s\n", outcome.prefix().c_str(), outcome.value,
         probe::errno_name(outcome.error).c_str());
  return 0;
}

}  // namespace helper
