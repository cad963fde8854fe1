// Everything is done once, by several threads where there are any, for several callers at once.
#include "fusefs/fuse/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

namespace mdevsim::fusefs {
namespace {

class PoolOf : public ::testing::TestWithParam<std::size_t> {};

TEST_P(PoolOf, ThreadsDoesEachTaskOnce) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.width(), GetParam());
  for (const std::size_t count : {0U, 1U, 2U, 3U, 100U}) {
    std::vector<std::atomic<int>> times(count);
    pool.run(count, [&](std::size_t task) { ++times[task]; });
    EXPECT_TRUE(std::all_of(times.begin(), times.end(), [](int done) { return done == 1; }));
  }
}

TEST_P(PoolOf, ThreadsServesManyCallers) {
  ThreadPool pool(GetParam());
  std::atomic<int> done = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        int mine = 0;
        std::atomic<int> of_others = 0;
        pool.run(3, [&](std::size_t task) { task == 0 ? void(++mine) : void(++of_others); });
        done += mine + of_others;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done, 4 * 200 * 3);
}

INSTANTIATE_TEST_SUITE_P(Width, PoolOf, ::testing::Values(1, 2, 4));

// Each waits for the other: one thread alone would wait for ever.
TEST(ThreadPool, TasksRunAtTheSameTime) {
  ThreadPool pool(2);
  std::barrier both(2);
  pool.run(2, [&](std::size_t) { both.arrive_and_wait(); });
}

TEST(ThreadPool, CallerDoesTheFirstTask) {
  ThreadPool pool(3);
  std::thread::id first;
  pool.run(5, [&](std::size_t task) {
    if (task == 0) first = std::this_thread::get_id();
  });
  EXPECT_EQ(first, std::this_thread::get_id());
}

TEST(ThreadPool, HasAThreadForEachProcessor) {
  EXPECT_EQ(ThreadPool().width(), std::max(std::thread::hardware_concurrency(), 1U));
}

}  // namespace
}  // namespace mdevsim::fusefs
