#include "bench/fatal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace mdevsim::bench {

void fatal(std::string_view what, std::string_view object) {
  fmt::print(stderr, "mdevsim-bench: {}: {}: {}\n", what, object, std::strerror(errno));
  std::fflush(nullptr);
  _exit(1);
}

}  // namespace mdevsim::bench
