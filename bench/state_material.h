// What the benchmarks of device state work on.
#pragma once

#include <cstddef>
#include <functional>

#include "bench/lab.h"
#include "bench/plain_copy.h"
#include "bench/statistics.h"
#include "sim/state/bytes.h"
#include "sim/state/memory.h"

namespace mdevsim::bench {

// More than the caches hold, several times.
std::size_t state_bytes(const Lab& lab);

// Memory whose pages are all there, and warm.
state::DeviceMemory warm_memory(std::size_t bytes);

// What devices hold: rings of descriptors, registers of which most are zero, counters, and payload,
// page by page in turn. No page of it is all zero.
void fill_like_a_device(state::Bytes bytes);

// What copies fastest here, and a row for each of the plain copies.
PlainCopy best_plain_copy(const Lab& lab, state::Bytes to, state::ConstBytes from);

// The rate, in GB/s, at which `work` goes through so many bytes.
double gb_per_s(std::size_t bytes, const std::function<void()>& work);
// The median of it.
double median_rate(const Lab& lab, std::size_t bytes, const std::function<void()>& work);
// Both in turn, and by their medians.
Pair rates(const Lab& lab, std::size_t bytes, const std::function<void()>& work,
           const std::function<void()>& floor);
double seconds_of(const std::function<void()>& work);

}  // namespace mdevsim::bench
