// Pages as they were last sent, so that the next time only what changed is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "sim/state/bytes.h"

namespace mdevsim::state {

class DeltaCache {
 public:
  // At most so many bytes of pages are kept; the first ones stay, others are sent in full.
  explicit DeltaCache(std::uint64_t bytes_max) : pages_max_(bytes_max / kPageBytes) {}

  // A copy of the page, which is to be sent in the page's stead: what is sent and what is kept must
  // not differ, though the device goes on writing. Stays until the page is put or dropped again.
  // The page itself when there is no room.
  ConstBytes put(std::uint32_t page, ConstBytes bytes);

  // The difference to what was kept, which is kept from now on, in `out`, of kDeltaRoomBytes; how
  // many bytes it takes. Nothing when the page is not kept, or has changed too much.
  std::optional<std::size_t> difference(std::uint32_t page, ConstBytes bytes, Bytes out);

  void drop(std::uint32_t page) { pages_.erase(page); }

 private:
  std::size_t pages_max_;
  std::unordered_map<std::uint32_t, std::unique_ptr<std::byte[]>> pages_;
};

}  // namespace mdevsim::state
