// Time is passed in: the core never asks the machine for it.
#pragma once

#include <cstdint>

namespace mdevsim {

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since the simulated host booted; never goes back.
  virtual std::int64_t uptime_ms() const = 0;
};

}  // namespace mdevsim
