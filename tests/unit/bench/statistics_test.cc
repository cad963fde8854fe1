#include "bench/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mdevsim::bench {
namespace {

TEST(Median, OddCountGivesTheMiddleValue) { EXPECT_EQ(median({9, 1, 5}), 5); }

TEST(Median, EvenCountGivesTheMeanOfTheTwoMiddleValues) { EXPECT_EQ(median({1, 2, 4, 100}), 3); }

TEST(Median, OneValueIsItsOwnMedian) { EXPECT_EQ(median({7}), 7); }

TEST(MonotonicNs, NeverGoesBack) {
  const auto before = monotonic_ns();
  EXPECT_GE(monotonic_ns(), before);
}

// Records who was measured when.
struct Journal {
  std::string order;
  Measurement say(char who, double number) {
    return [this, who, number] {
      order += who;
      return number;
    };
  }
};

TEST(InterleavedCold, EveryOtherRoundBeginsWithTheFloor) {
  Journal journal;
  interleaved_cold(3, journal.say('A', 1), journal.say('B', 1));
  EXPECT_EQ(journal.order, "ABBAAB");
}

TEST(Interleaved, OneRoundBeforeIsNotCounted) {
  Journal journal;
  interleaved(2, journal.say('A', 1), journal.say('B', 1));
  EXPECT_EQ(journal.order, "ABABBA");
}

TEST(Interleaved, TheFirstRoundDoesNotChangeTheMedian) {
  double value = 1000;
  const auto falling = [&] {
    const double now = value;
    value = 5;
    return now;
  };
  EXPECT_EQ(interleaved(1, falling, [] { return 4.0; }).value, 5);
}

TEST(Interleaved, RatioIsOfTheMedians) {
  Journal journal;
  EXPECT_EQ(interleaved(5, journal.say('A', 3), journal.say('B', 2)).ratio(), 1.5);
}

}  // namespace
}  // namespace mdevsim::bench
