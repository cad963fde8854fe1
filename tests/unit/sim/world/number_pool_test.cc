#include "sim/world/number_pool.h"

#include <gtest/gtest.h>

namespace mdevsim {
namespace {

TEST(NumberPool, HandsOutTheLowestFreeNumber) {
  NumberPool pool;
  for (std::uint32_t i = 0; i < 200; ++i) EXPECT_EQ(pool.take(), i);
  pool.give_back(70);
  pool.give_back(3);
  EXPECT_EQ(pool.take(), 3u);
  EXPECT_EQ(pool.take(), 70u);
  EXPECT_EQ(pool.take(), 200u);
}

TEST(NumberPool, LeavesOutWhatWasTakenByName) {
  NumberPool pool;
  EXPECT_TRUE(pool.take(1));
  EXPECT_FALSE(pool.take(1));
  EXPECT_EQ(pool.take(), 0u);
  EXPECT_EQ(pool.take(), 2u);
}

}  // namespace
}  // namespace mdevsim
