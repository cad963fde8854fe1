#include "sim/base/random.h"

namespace mdevsim {

Uuid Random::next_uuid() {
  Uuid uuid;
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint64_t bits = next();
    for (std::size_t i = 0; i < 8; ++i) {
      uuid.bytes[half * 8 + i] = static_cast<std::uint8_t>(bits >> (8 * i));
    }
  }
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
  return uuid;
}

}  // namespace mdevsim
