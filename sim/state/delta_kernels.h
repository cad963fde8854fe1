// The variants behind delta.h. Internal to sim/state (and to its tests).
#pragma once

#include <cstddef>

#include "sim/state/cpu.h"

namespace mdevsim::state {

// Writes up to kDeltaRoomBytes; the difference's length.
using DeltaEncoder = std::size_t (*)(const std::byte* old_page, const std::byte* new_page,
                                     std::byte* out);

std::size_t encode_delta_avx512(const std::byte* old_page, const std::byte* new_page,
                                std::byte* out);

// That of a level, which must be this processor's or a lesser.
DeltaEncoder delta_encoder(CpuLevel level);

}  // namespace mdevsim::state
