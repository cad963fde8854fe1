#include "bench/statistics.h"

#include <algorithm>
#include <cstddef>
#include <ctime>

#include "sim/base/check.h"

namespace mdevsim::bench {

std::uint64_t monotonic_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

double median(std::vector<double> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Pair interleaved_cold(int repetitions, const Measurement& value, const Measurement& floor) {
  std::vector<double> values;
  std::vector<double> floors;
  for (int round = 0; round < repetitions; ++round) {
    if (round % 2 == 0) values.push_back(value());
    floors.push_back(floor());
    if (round % 2 == 1) values.push_back(value());
  }
  return {median(std::move(values)), median(std::move(floors))};
}

Pair interleaved(int repetitions, const Measurement& value, const Measurement& floor) {
  value();
  floor();
  return interleaved_cold(repetitions, value, floor);
}

}  // namespace mdevsim::bench
