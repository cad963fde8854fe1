#include "sim/state/delta_cache.h"

#include <cstring>

#include "sim/state/delta.h"

namespace mdevsim::state {

ConstBytes DeltaCache::put(std::uint32_t page, ConstBytes bytes) {
  auto found = pages_.find(page);
  if (found == pages_.end()) {
    if (pages_.size() >= pages_max_) return bytes;
    found = pages_.emplace(page, std::make_unique<std::byte[]>(kPageBytes)).first;
  }
  std::memcpy(found->second.get(), bytes.data(), kPageBytes);
  return {found->second.get(), kPageBytes};
}

std::optional<std::size_t> DeltaCache::difference(std::uint32_t page, ConstBytes bytes, Bytes out) {
  const auto found = pages_.find(page);
  if (found == pages_.end()) return std::nullopt;
  const Bytes kept = {found->second.get(), kPageBytes};
  const auto size = encode_delta(kept, bytes, out);
  if (!size) return std::nullopt;
  // As whoever gets the difference has it: the page may have changed since it was computed.
  if (!apply_delta(kept, out.first(*size))) return std::nullopt;
  return size;
}

}  // namespace mdevsim::state
