// Bytes from a seed, for tests.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/base/random.h"

namespace mdevsim::testing {

inline std::vector<std::byte> random_bytes(Random& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next());
  return bytes;
}

}  // namespace mdevsim::testing
