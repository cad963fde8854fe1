#include "fusefs/launch/failure.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace mdevsim::launch {

std::string with_errno(std::string what) {
  const int error = errno;
  return std::move(what) + ": " + std::strerror(error);
}

void print(const Failure& failure) {
  if (failure.message.empty()) return;
  std::fprintf(stderr, "mdevsim: error: %s\n", failure.message.c_str());
}

}  // namespace mdevsim::launch
