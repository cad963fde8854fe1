// CHECK states what the programmer believes; it stays on in release builds.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace mdevsim::detail {
[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "mdevsim: %s:%d: CHECK(%s) failed; this is a bug in mdevsim\n", file, line,
               condition);
  std::abort();
}
}  // namespace mdevsim::detail

#define CHECK(condition)                                                               \
  do {                                                                                 \
    if (!(condition)) ::mdevsim::detail::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
