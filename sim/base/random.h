// Chance is passed in: a generator that is its seed (splitmix64), the same on every machine.
#pragma once

#include <cstdint>

#include "sim/base/uuid.h"

namespace mdevsim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
  }

  // A version 4 uuid.
  Uuid next_uuid();

 private:
  std::uint64_t state_;
};

}  // namespace mdevsim
