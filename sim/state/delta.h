// The difference of a page to what it was: where few words changed, a few bytes instead of 4096.
//
// Encoded: a little-endian mask of 64 bits, one for each line of 64 bytes that changed; then for
// each such line, in order, a mask of 8 bits, one for each of its words of 8 bytes that changed,
// and those words as they are now. A page that did not change is the 8 zero bytes of the first
// mask.
#pragma once

#include <cstddef>
#include <optional>

#include "sim/base/result.h"
#include "sim/state/bytes.h"

namespace mdevsim::state {

// A longer difference is not worth its decoding: the page itself is sent then.
inline constexpr std::size_t kDeltaBytesMax = kPageBytes * 3 / 4;

// What encode_delta needs to write to: a difference in full, and one line more, for it writes whole
// lines.
inline constexpr std::size_t kDeltaRoomBytes = 8 + 64 * (1 + 64) + 64;

// Both are a page; `out` has kDeltaRoomBytes or more. How many bytes of it the difference takes, or
// nothing when those are more than kDeltaBytesMax; what lies behind them in `out` is garbage.
std::optional<std::size_t> encode_delta(ConstBytes old_page, ConstBytes new_page, Bytes out);

// Makes the old page, in place, the new one. `delta` may be anything: EINVAL when it is not what
// encode_delta makes (a line without words, too short, too long), and then the page is as it was.
Result<void> apply_delta(Bytes page, ConstBytes delta);

}  // namespace mdevsim::state
