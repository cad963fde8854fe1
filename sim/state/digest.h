// What tells whether two devices hold the same state: 128 bits over their identities and contents.
// Zeros count the same whether memory is sparse or not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/state/layout.h"
#include "sim/state/memory.h"

namespace mdevsim::state {

struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  std::string to_string() const;  // 32 hex digits
  friend bool operator==(const Digest&, const Digest&) = default;
};

Digest digest_of(std::string_view identity, const Layout& layout, const DeviceMemory& memory);

// Goes on from a digest of what came before: for the records of a stream.
std::uint64_t chain_digest(std::uint64_t before, std::uint32_t checksum);

}  // namespace mdevsim::state
