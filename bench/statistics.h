// The benchmarks' clock, and what becomes of the numbers it gives.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace mdevsim::bench {

std::uint64_t monotonic_ns();

// The middle value; the mean of the two middle ones when their number is even. There must be at
// least one.
double median(std::vector<double> values);

// What was measured of the server under test, and of the floor beside it.
struct Pair {
  double value = 0;
  double floor = 0;

  double ratio() const { return value / floor; }
};

using Measurement = std::function<double()>;

// Takes both measurements in turn, `repetitions` times each, and gives the median of each. Every
// other round begins with the floor (A B, B A, A B …), so that a drift of the machine touches both
// alike. One round before is not counted.
Pair interleaved(int repetitions, const Measurement& value, const Measurement& floor);

// The same without the round that is not counted: for measurements that take seconds or that must
// be cold.
Pair interleaved_cold(int repetitions, const Measurement& value, const Measurement& floor);

}  // namespace mdevsim::bench
