#include "sim/state/dirty_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "sim/base/random.h"
#include "sim/state/dirty_scan.h"

namespace mdevsim::state {

void PrintTo(const PageRun& run, std::ostream* out) { *out << run.first << "-" << run.end; }

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kMemory = 1000 * kPageBytes;

std::vector<PageRun> collected(DirtyLog& log) {
  DirtyRuns runs;
  log.collect(runs);
  std::vector<PageRun> list;
  std::uint64_t pages = 0;
  for (const PageRun run : runs) {
    list.push_back(run);
    pages += run.end - run.first;
  }
  EXPECT_EQ(runs.pages(), pages);
  return list;
}

TEST(DirtyLog, StartsClean) {
  DirtyLog log(kMemory);
  EXPECT_THAT(collected(log), IsEmpty());
  EXPECT_EQ(log.dirty_pages(), 0u);
}

TEST(DirtyLog, GivesAPageOnce) {
  DirtyLog log(kMemory);
  log.mark(5 * kPageBytes + 17, 8);
  log.mark(5 * kPageBytes + 4088, 8);
  EXPECT_TRUE(log.dirty(5));
  EXPECT_THAT(collected(log), ElementsAre(PageRun{5, 6}));
  EXPECT_THAT(collected(log), IsEmpty());
  log.mark(5 * kPageBytes, 1);
  EXPECT_THAT(collected(log), ElementsAre(PageRun{5, 6}));
}

TEST(DirtyLog, MarksTheOnePageOfARegister) {
  DirtyLog log(kMemory);
  log.mark_one(64 * kPageBytes);
  log.mark_one(64 * kPageBytes + 4088);
  EXPECT_THAT(collected(log), ElementsAre(PageRun{64, 65}));
}

TEST(DirtyLog, MarksBothPagesOfAWriteAcrossThem) {
  DirtyLog log(kMemory);
  log.mark(7 * kPageBytes - 1, 2);
  EXPECT_THAT(collected(log), ElementsAre(PageRun{6, 8}));
}

TEST(DirtyLog, MarksNothingForNoBytes) {
  DirtyLog log(kMemory);
  log.mark(kMemory, 0);
  EXPECT_THAT(collected(log), IsEmpty());
}

TEST(DirtyLog, JoinsRunsAcrossWords) {
  DirtyLog log(kMemory);
  log.mark(60 * kPageBytes, 200 * kPageBytes);
  log.mark(63 * kPageBytes, kPageBytes);
  log.mark(320 * kPageBytes, 64 * kPageBytes);
  EXPECT_THAT(collected(log), ElementsAre(PageRun{60, 260}, PageRun{320, 384}));
}

TEST(DirtyLog, EndsARunWithTheMemory) {
  for (const std::size_t pages : {1u, 64u, 65u, 512u, 1000u}) {
    DirtyLog log(pages * kPageBytes - 100);
    log.mark_all();
    EXPECT_EQ(log.dirty_pages(), pages);
    EXPECT_THAT(collected(log), ElementsAre(PageRun{0, static_cast<std::uint32_t>(pages)}));
  }
}

TEST(DirtyLog, ForgetsAll) {
  DirtyLog log(kMemory);
  log.mark_all();
  log.forget();
  EXPECT_EQ(log.dirty_pages(), 0u);
  EXPECT_THAT(collected(log), IsEmpty());
}

TEST(DirtyLog, OfNoMemoryIsAlwaysClean) {
  DirtyLog log(0);
  log.mark_all();
  EXPECT_THAT(collected(log), IsEmpty());
}

TEST(DirtyRuns, AreTheSameOfEveryVariant) {
  constexpr std::size_t kWords = 64;
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    // From all clean to all dirty, and words that are full or empty among them.
    std::vector<std::uint64_t> bits(kWords);
    const std::uint64_t density = random.next() % 65;
    for (std::uint64_t& word : bits) {
      for (int bit = 0; bit < 64; ++bit) word = word << 1 | (random.next() % 64 < density ? 1 : 0);
      if (random.next() % 8 == 0) word = random.next() % 2 == 0 ? 0 : ~std::uint64_t{0};
    }
    std::vector<PageRun> expected;
    for (std::uint32_t page = 0; page < kWords * 64; ++page) {
      if ((bits[page / 64] >> (page % 64) & 1) == 0) continue;
      if (!expected.empty() && expected.back().end == page) {
        ++expected.back().end;
      } else {
        expected.push_back({page, page + 1});
      }
    }
    DirtyRuns runs;
    for (const CpuLevel level : kCpuLevels) {
      if (level > cpu_level()) continue;
      alignas(64) std::atomic<std::uint64_t> words[kWords];
      for (std::size_t i = 0; i < kWords; ++i) words[i] = bits[i];
      take_runs(level, words, runs);
      std::vector<PageRun> taken;
      for (const PageRun run : runs) taken.push_back(run);
      ASSERT_EQ(taken, expected) << to_string(level);
      for (const auto& word : words) ASSERT_EQ(word.load(), 0u) << to_string(level);
    }
  }
}

// Writers write words and mark them, while pages are collected and copied. However they meet: when
// the writers have stopped, one more collect makes the copy equal.
TEST(DirtyLog, LosesNoWriteOfConcurrentWriters) {
  constexpr std::size_t kPages = 8;
  constexpr std::size_t kWordsOfAPage = kPageBytes / sizeof(std::uint64_t);
  constexpr std::size_t kWriters = 2;
  constexpr std::uint64_t kWrites = 200'000;
  std::vector<std::atomic<std::uint64_t>> memory(kPages * kWordsOfAPage);
  std::vector<std::uint64_t> copy(memory.size());
  DirtyLog log(kPages * kPageBytes);
  std::atomic<std::size_t> writing = kWriters;

  std::vector<std::thread> writers;
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      Random random(writer);
      for (std::uint64_t i = 1; i <= kWrites; ++i) {
        const std::size_t word = (random.next() % (memory.size() / kWriters)) * kWriters + writer;
        memory[word].store(i, std::memory_order_relaxed);
        log.mark(word * sizeof(std::uint64_t), sizeof(std::uint64_t));
      }
      --writing;
    });
  }
  DirtyRuns runs;
  const auto copy_dirty = [&] {
    log.collect(runs);
    for (const PageRun run : runs) {
      for (std::size_t word = run.first * kWordsOfAPage; word < run.end * kWordsOfAPage; ++word) {
        copy[word] = memory[word].load(std::memory_order_relaxed);
      }
    }
  };
  while (writing != 0) copy_dirty();
  for (std::thread& writer : writers) writer.join();
  copy_dirty();
  for (std::size_t word = 0; word < memory.size(); ++word) ASSERT_EQ(copy[word], memory[word]);
}

}  // namespace
}  // namespace mdevsim::state
