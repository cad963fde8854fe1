// A device's migration through its states, byte by byte and in rounds.
#include "sim/state/migration.h"

#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/sample_states.h"
#include "tests/support/threads.h"

namespace mdevsim::state {
namespace {

using testing::kKiB;
using testing::kMiB;
using testing::Migratable;
using testing::my_nic_state;
using testing::my_nic_with;
using testing::read_all;
using testing::Threads;
using enum MigrationState;

const DeviceStateOptions kOther = {.seed = 99, .budget = nullptr, .pool = nullptr};
constexpr std::int64_t kSecond = 1'000'000;

Errc write_all(Migration& target, ConstBytes stream, std::size_t piece) {
  while (!stream.empty()) {
    const auto part = stream.first(std::min(piece, stream.size()));
    if (const auto written = target.write(target.stream(), part); !written)
      return written.error().code;
    stream = stream.subspan(part.size());
  }
  return Errc::ok;
}

Errc code_of(const Result<StreamId>& result) { return result ? Errc::ok : result.error().code; }

struct Options {
  const char* name;
  model::StreamOptions stream;
};

class AnyOptions : public ::testing::TestWithParam<Options> {};

TEST_P(AnyOptions, StopCopyMovesTheWholeState) {
  const auto model = my_nic_with(my_nic_state());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, kMiB}) {
    Migratable source(model, "version=3");
    Migratable target(model, "version=3", kOther);
    ASSERT_NE(*source.migration.digest(), *target.migration.digest());
    ASSERT_TRUE(source.migration.use(GetParam().stream).has_value());
    ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
    ASSERT_TRUE(target.migration.set_state(resuming).has_value());
    const auto stream = read_all(source.migration, piece);
    ASSERT_EQ(write_all(target.migration, stream, piece), Errc::ok);
    ASSERT_EQ(code_of(target.migration.set_state(running)), Errc::ok);
    EXPECT_EQ(*source.migration.digest(), *target.migration.digest()) << piece;
  }
}

TEST_P(AnyOptions, PreCopyMovesWhatChangesMeanwhile) {
  auto spec = my_nic_state();
  spec.sections[1].bytes = 4 * kMiB;
  spec.workload = {.dirty_bytes_per_s = kMiB,
                   .pattern = model::WritePattern::hot_set,
                   .hot_set_bytes = 64 * kKiB};
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=2");
  Migratable target(model, "version=2", kOther);
  ASSERT_TRUE(source.migration.use(GetParam().stream).has_value());
  ASSERT_TRUE(source.migration.set_state(pre_copy).has_value());
  ASSERT_TRUE(target.migration.set_state(resuming).has_value());
  std::vector<std::byte> buffer(100'000);
  int rounds = 0;
  while (rounds < 5) {
    const auto read = source.migration.read(source.migration.stream(), buffer);
    ASSERT_TRUE(source.migration.advance(source.device.now_us() + 30000).has_value());
    if (read) {
      ASSERT_EQ(write_all(target.migration, std::span(buffer).first(*read), kMiB), Errc::ok);
    } else {
      ASSERT_EQ(read.error().code, Errc::no_message);
      ++rounds;
    }
  }
  ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
  ASSERT_EQ(write_all(target.migration, read_all(source.migration), kMiB), Errc::ok);
  const StreamCounts counts = source.migration.counts();
  EXPECT_EQ(counts.delta_pages > 10, GetParam().stream.delta);
  EXPECT_EQ(counts.compressed_pages > 100, GetParam().stream.lz4 || GetParam().stream.zstd);
  ASSERT_EQ(code_of(target.migration.set_state(stop)), Errc::ok);
  EXPECT_EQ(*source.migration.digest(), *target.migration.digest());
}

INSTANTIATE_TEST_SUITE_P(
    Stream, AnyOptions,
    ::testing::Values(Options{"plain", {}}, Options{"lz4", {.lz4 = true}},
                      Options{"zstd", {.zstd = true}}, Options{"delta", {.delta = true}},
                      Options{"all", {.lz4 = true, .zstd = true, .delta = true}}),
    [](const auto& test) { return test.param.name; });

TEST(Migration, SeveralThreadsMakeAndTakeTheSameStream) {
  model::StateSpec spec;
  spec.sections = {{"memory", 40 * kMiB, ""}, {"other", 3 * kMiB + 5, ""}};
  spec.zero_percent = 20;
  const auto model = my_nic_with(spec);
  const auto alone = testing::saved(model, "version=1", {}, 0);
  Threads threads;
  Migratable source(model, "version=1");
  Migratable target(model, "version=1", kOther);
  source.migration.share_out(threads);
  target.migration.share_out(threads);
  ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
  const auto together = read_all(source.migration, 50 * kMiB + 77);
  EXPECT_TRUE(together == alone);
  ASSERT_TRUE(target.migration.set_state(resuming).has_value());
  ASSERT_EQ(write_all(target.migration, together, 50 * kMiB), Errc::ok);
  ASSERT_EQ(code_of(target.migration.set_state(stop)), Errc::ok);
  EXPECT_EQ(*source.migration.digest(), *target.migration.digest());
}

// Pages that are written, and zero all the same.
void write_zeros(DeviceState& device, const Section& section, std::uint32_t first,
                 std::uint32_t end) {
  const std::vector<std::byte> page(kPageBytes);
  for (std::uint32_t i = first; i < end; ++i)
    ASSERT_TRUE(device.write(section, i * kPageBytes, page).has_value());
}

TEST(Migration, SeveralThreadsFindTheSameZeroPages) {
  model::StateSpec spec;
  spec.sections = {{"memory", 80 * kMiB, ""}, {"other", 9 * kMiB + 5, ""}};
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1");
  const auto& sections = source.device.layout().sections();
  for (std::uint32_t i = 0; i < 3000; ++i)
    write_zeros(source.device, sections[0], 2 * i, 2 * i + 1);
  write_zeros(source.device, sections[0], 7000, 20'000);
  write_zeros(source.device, sections[1], 0, 1500);
  ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
  const auto alone = read_all(source.migration);
  EXPECT_GT(source.migration.counts().zero_pages, 3000u + 13'000u);
  ASSERT_TRUE(source.migration.set_state(stop).has_value());
  for (const std::size_t piece : {100 * kKiB, 50 * kMiB}) {
    Threads threads;
    source.migration.share_out(threads);
    ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
    EXPECT_TRUE(read_all(source.migration, piece) == alone) << piece;
    EXPECT_GT(threads.tasks(), 20u);
    ASSERT_TRUE(source.migration.set_state(stop).has_value());
  }
}

// The stream of a device that runs: pages that are zero when it is begun are written meanwhile.
std::vector<std::byte> stream_of_zeros_written_meanwhile(Executor& executor) {
  model::StateSpec spec;
  spec.sections = {{"memory", 16 * kMiB, ""}};
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1");
  source.migration.share_out(executor);
  const Section& memory = source.device.layout().sections()[0];
  for (std::uint32_t i = 0; i < memory.pages; i += 8)
    write_zeros(source.device, memory, i + 1, i + 8);
  EXPECT_TRUE(source.migration.set_state(pre_copy).has_value());
  std::vector<std::byte> stream(300 * kKiB);
  EXPECT_EQ(*source.migration.read(source.migration.stream(), stream), stream.size());
  const std::byte one[] = {std::byte{1}};
  for (const std::uint32_t page : {1U, 2001U, memory.pages - 1})
    EXPECT_TRUE(source.device.write(memory, page * kPageBytes + 9, one).has_value());
  EXPECT_TRUE(source.migration.set_state(stop_copy).has_value());
  const auto rest = read_all(source.migration);
  stream.insert(stream.end(), rest.begin(), rest.end());
  return stream;
}

TEST(Migration, SeveralThreadsDoNotLookAheadAtADeviceThatRuns) {
  InlineExecutor alone;
  Threads threads;
  EXPECT_TRUE(stream_of_zeros_written_meanwhile(alone) ==
              stream_of_zeros_written_meanwhile(threads));
}

TEST(Migration, SeveralThreadsRefuseADamagedStream) {
  model::StateSpec spec;
  spec.sections = {{"memory", 40 * kMiB, ""}};
  const auto model = my_nic_with(spec);
  auto stream = testing::saved(model, "version=1");
  stream[stream.size() / 2] ^= std::byte{1};
  Threads threads;
  Migratable target(model, "version=1");
  target.migration.share_out(threads);
  ASSERT_TRUE(target.migration.set_state(resuming).has_value());
  EXPECT_EQ(write_all(target.migration, stream, 50 * kMiB), Errc::fault);
  EXPECT_EQ(code_of(target.migration.set_state(stop)), Errc::invalid);
}

TEST(Migration, StreamWithoutChecksumsOfPagesLoadsAndStillNoticesWhatElseIsDamaged) {
  auto spec = my_nic_state();
  spec.stream = {.unchecked = true};
  const auto model = my_nic_with(spec);
  auto stream = testing::saved(model, "version=1", {.unchecked = true}, 0);
  Migratable source(model, "version=1");
  Migratable target(model, "version=1", kOther);
  ASSERT_TRUE(target.migration.set_state(resuming).has_value());
  ASSERT_EQ(write_all(target.migration, stream, 1000), Errc::ok);
  ASSERT_EQ(code_of(target.migration.set_state(stop)), Errc::ok);
  EXPECT_EQ(*source.migration.digest(), *target.migration.digest());
  stream[64] ^= std::byte{1};
  ASSERT_EQ(code_of(target.migration.set_state(resuming)), Errc::ok);
  EXPECT_EQ(write_all(target.migration, stream, 1000), Errc::fault);
}

TEST(Migration, GatheredPiecesAreTheStreamThatReadCopies) {
  const auto model = my_nic_with(my_nic_state());
  Migratable source(model, "version=3");
  ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
  std::vector<std::byte> gathered;
  std::vector<ConstBytes> pieces;
  do {
    ASSERT_TRUE(source.migration.gather(source.migration.stream(), pieces).has_value());
    for (const ConstBytes& piece : pieces)
      gathered.insert(gathered.end(), piece.begin(), piece.end());
  } while (!pieces.empty());
  EXPECT_EQ(gathered, testing::saved(model, "version=3", {}, 0));
}

TEST(Migration, GatheredPagesAreThoseOfTheDevice) {
  model::StateSpec spec;
  spec.sections = {{"memory", kMiB, ""}};
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1");
  ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
  const ConstBytes memory = source.device.memory().bytes();
  std::size_t in_place = 0;
  std::vector<ConstBytes> pieces;
  do {
    ASSERT_TRUE(source.migration.gather(source.migration.stream(), pieces).has_value());
    for (const ConstBytes& piece : pieces) {
      if (piece.data() >= memory.data() && piece.data() < memory.data() + memory.size())
        in_place += piece.size();
    }
  } while (!pieces.empty());
  EXPECT_EQ(in_place, kMiB);
}

// Has what comes next copied before what is asked for is delivered, and counts how often it is
// asked for that.
class LastFirst : public Executor {
 public:
  std::size_t width() const override { return 2; }
  void run(std::size_t count, const std::function<void(std::size_t)>& task) override {
    if (count > 1) ++shared_;
    while (count != 0) task(--count);
  }
  int shared() const { return shared_; }

 private:
  int shared_ = 0;
};

// Sizes as they come from a client: the kernel splits a read whose buffer is not aligned to pages.
constexpr std::size_t kReadSizes[] = {kMiB - 16, 16, 128 * kKiB, 1, kMiB, 2 * kMiB};

// What deliver() gives, once.
Result<std::vector<std::byte>> delivered(Migration& migration, std::size_t size) {
  std::vector<std::byte> bytes;
  const auto got =
      migration.deliver(migration.stream(), size, [&](std::span<const ConstBytes> pieces) {
        for (const ConstBytes piece : pieces) {
          EXPECT_FALSE(piece.empty());
          bytes.insert(bytes.end(), piece.begin(), piece.end());
        }
      });
  if (!got) return tl::unexpected(got.error());
  return bytes;
}

TEST(Migration, DeliveredBytesAreTheStreamThatReadCopies) {
  model::StateSpec spec;
  spec.sections = {{"memory", 9 * kMiB, ""}, {"other", 3 * kMiB + 5, ""}};
  spec.zero_percent = 20;
  const auto model = my_nic_with(spec);
  const auto expected = testing::saved(model, "version=1", {}, 0);
  InlineExecutor alone;
  LastFirst ahead;
  Threads together;
  for (Executor* const executor : std::initializer_list<Executor*>{&alone, &ahead, &together}) {
    Migratable source(model, "version=1");
    source.migration.share_out(*executor);
    ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
    std::vector<std::byte> stream;
    for (std::size_t i = 0;; ++i) {
      const auto bytes = delivered(source.migration, kReadSizes[i % std::size(kReadSizes)]);
      ASSERT_TRUE(bytes.has_value());
      if (bytes->empty()) break;
      stream.insert(stream.end(), bytes->begin(), bytes->end());
    }
    EXPECT_TRUE(stream == expected) << executor->width();
  }
}

// One of 1 MiB, in which as much was copied ahead as there was time for.
std::uint64_t pages_taken(Executor& executor) {
  model::StateSpec spec;
  spec.sections = {{"memory", 9 * kMiB, ""}};
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1");
  source.migration.share_out(executor);
  EXPECT_TRUE(source.migration.set_state(stop_copy).has_value());
  EXPECT_EQ(delivered(source.migration, kMiB)->size(), kMiB);
  return source.migration.counts().pages;
}

TEST(Migration, CopiesAheadOnlyUntilItHasDelivered) {
  LastFirst slow_reader;
  EXPECT_GE(pages_taken(slow_reader), 3 * kMiB / kPageBytes);
  InlineExecutor quick_reader;
  EXPECT_LT(pages_taken(quick_reader), 2 * kMiB / kPageBytes);
}

TEST(Migration, AsksSeldomForHelpAndNotInShortReads) {
  model::StateSpec spec;
  spec.sections = {{"memory", 3 * kMiB + 800 * kKiB, ""}};  // too little to look for zeros together
  const auto model = my_nic_with(spec);
  for (const auto& [size, shared_max] : {std::pair(kMiB, 2), std::pair(128 * kKiB, 0)}) {
    LastFirst executor;
    Migratable source(model, "version=1");
    source.migration.share_out(executor);
    ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
    while (!delivered(source.migration, size)->empty()) {
    }
    EXPECT_LE(executor.shared(), shared_max) << size;
    EXPECT_EQ(executor.shared() == 0, shared_max == 0) << size;
  }
}

// The rounds of a device that writes all the time.
std::vector<std::byte> pre_copy_rounds(Executor& executor) {
  model::StateSpec spec;
  spec.sections = {{"memory", 9 * kMiB, ""}};
  spec.workload = {.dirty_bytes_per_s = 400 * kMiB, .pattern = model::WritePattern::uniform};
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1");
  source.migration.share_out(executor);
  EXPECT_TRUE(source.migration.set_state(pre_copy).has_value());
  std::vector<std::byte> stream;
  for (int rounds = 0; rounds < 3;) {
    const auto bytes = delivered(source.migration, kMiB);
    if (bytes) {
      stream.insert(stream.end(), bytes->begin(), bytes->end());
    } else {
      ++rounds;
    }
    EXPECT_TRUE(source.migration.advance(source.device.now_us() + 1000).has_value());
  }
  return stream;
}

TEST(Migration, StreamOfADeviceThatRunsDoesNotDependOnThreads) {
  InlineExecutor alone;
  LastFirst ahead;
  EXPECT_TRUE(pre_copy_rounds(alone) == pre_copy_rounds(ahead));
}

// The kernel cuts a read at the end of a page, if the reader's buffer begins in the middle of one.
TEST(Migration, ReadThatWasCutIsDeliveredUpToTheEndOfAPage) {
  model::StateSpec spec;
  spec.sections = {{"memory", 9 * kMiB, ""}};
  LastFirst executor;
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1");
  source.migration.share_out(executor);
  const StreamId stream = *source.migration.set_state(stop_copy);
  constexpr std::size_t kBegin = 0xd80;
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t size = i % 2 == 0 ? kMiB - kBegin : kBegin;
    const auto got = source.migration.deliver(stream, size, [&](auto pieces) {
      const ConstBytes last = pieces.back();
      const auto end = std::bit_cast<std::uintptr_t>(last.data() + last.size());
      EXPECT_EQ(end % kPageBytes, i % 2 == 0 ? 0 : kBegin);
    });
    ASSERT_TRUE(got.has_value());
  }
}

// A file is read by one client in large pieces and by another in small ones.
TEST(Migration, WhatWasCopiedAheadComesFirstHoweverItIsRead) {
  model::StateSpec spec;
  spec.sections = {{"memory", 9 * kMiB, ""}};
  const auto model = my_nic_with(spec);
  const auto expected = testing::saved(model, "version=1", {}, 0);
  LastFirst ahead;
  Migratable source(model, "version=1");
  source.migration.share_out(ahead);
  Migration& migration = source.migration;
  ASSERT_TRUE(migration.set_state(stop_copy).has_value());
  std::vector<std::byte> stream;
  std::vector<std::byte> buffer(300'000);
  std::vector<ConstBytes> pieces;
  for (std::size_t before = 1; before != stream.size();) {
    before = stream.size();
    const auto bytes = delivered(migration, kMiB);
    ASSERT_TRUE(bytes.has_value());
    stream.insert(stream.end(), bytes->begin(), bytes->end());
    const std::size_t read = *migration.read(migration.stream(), buffer);
    stream.insert(stream.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(read));
    ASSERT_TRUE(migration.gather(migration.stream(), pieces).has_value());
    for (const ConstBytes piece : pieces) stream.insert(stream.end(), piece.begin(), piece.end());
  }
  EXPECT_TRUE(stream == expected);
}

TEST(Migration, WhatWasCopiedAheadIsStillToBeRead) {
  model::StateSpec spec;
  spec.sections = {{"memory", 9 * kMiB, ""}};
  const auto model = my_nic_with(spec);
  LastFirst ahead;
  Migratable device(model, "version=1");
  device.migration.share_out(ahead);
  Migration& migration = device.migration;
  const StreamId stream = *migration.set_state(pre_copy);
  const std::uint64_t before = migration.precopy_info(stream)->initial_bytes;
  const std::size_t got = delivered(migration, kMiB)->size();
  EXPECT_EQ(got, kMiB);
  // What frames the records is in the stream, and in what is told only when it was encoded.
  EXPECT_NEAR(static_cast<double>(migration.precopy_info(stream)->initial_bytes),
              static_cast<double>(before - got), 4.0 * kPageBytes);
}

TEST(Migration, PageThatIsWrittenAfterItWasCopiedAheadArrives) {
  model::StateSpec spec;
  spec.sections = {{"memory", 9 * kMiB, ""}};
  const auto model = my_nic_with(spec);
  LastFirst ahead;
  Migratable source(model, "version=1");
  source.migration.share_out(ahead);
  Migratable target(model, "version=1", kOther);
  ASSERT_TRUE(source.migration.set_state(pre_copy).has_value());
  ASSERT_TRUE(target.migration.set_state(resuming).has_value());
  ASSERT_EQ(write_all(target.migration, *delivered(source.migration, kMiB), kMiB), Errc::ok);
  const std::byte one[] = {std::byte{1}};
  const Section& memory = source.device.layout().sections()[0];
  ASSERT_TRUE(source.device.write(memory, 3 * kMiB / 2, one).has_value());
  for (auto bytes = delivered(source.migration, kMiB); bytes;
       bytes = delivered(source.migration, kMiB))
    ASSERT_EQ(write_all(target.migration, *bytes, kMiB), Errc::ok);
  ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
  ASSERT_EQ(write_all(target.migration, read_all(source.migration), kMiB), Errc::ok);
  ASSERT_EQ(code_of(target.migration.set_state(stop)), Errc::ok);
  EXPECT_EQ(*source.migration.digest(), *target.migration.digest());
}

TEST(Migration, WhatWasCopiedAheadEndsWithItsSession) {
  model::StateSpec spec;
  spec.sections = {{"memory", 9 * kMiB, ""}};
  const auto model = my_nic_with(spec);
  LastFirst ahead;
  Migratable device(model, "version=1");
  device.migration.share_out(ahead);
  ASSERT_TRUE(device.migration.set_state(stop_copy).has_value());
  ASSERT_TRUE(delivered(device.migration, kMiB).has_value());
  ASSERT_TRUE(device.migration.set_state(stop).has_value());
  EXPECT_EQ(delivered(device.migration, kMiB).error().code, Errc::no_device);
  ASSERT_TRUE(device.migration.set_state(stop_copy).has_value());
  EXPECT_TRUE(read_all(device.migration) == testing::saved(model, "version=1", {}, 0));
}

TEST(Migration, SparseHolesAreMarksAndStayHoles) {
  model::StateSpec spec = testing::sparse_state(std::uint64_t{8} << 30);
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1");
  Migratable target(model, "version=1");
  const std::byte one[] = {std::byte{1}};
  const Section& memory = source.device.layout().sections()[0];
  for (std::uint64_t at = 12345; at < memory.bytes; at += std::uint64_t{1} << 30)
    ASSERT_TRUE(source.device.write(memory, at, one).has_value());
  ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
  ASSERT_TRUE(target.migration.set_state(resuming).has_value());
  const auto stream = read_all(source.migration);
  EXPECT_LT(stream.size(), 64 * kKiB);
  ASSERT_EQ(write_all(target.migration, stream, kMiB), Errc::ok);
  ASSERT_EQ(code_of(target.migration.set_state(stop)), Errc::ok);
  EXPECT_EQ(target.device.memory().committed_bytes(), 8 * DeviceMemory::kChunkBytes);
  EXPECT_EQ(*source.migration.digest(), *target.migration.digest());
}

std::size_t written_bytes(const DeviceMemory& memory) {
  std::size_t bytes = 0;
  for (Extent part = memory.written_in({0, memory.size()}); part.length != 0;
       part = memory.written_in({part.end(), memory.size() - part.end()})) {
    bytes += part.length;
  }
  return bytes;
}

// Pages that were never written are not looked at: whoever writes one must have said so.
TEST(Migration, PagesThatWereNeverWrittenAreMarks) {
  model::StateSpec spec;
  spec.sections = {{"memory", 16 * kMiB, ""}};
  spec.zero_percent = 90;
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1");
  Migratable target(model, "version=1", kOther);
  const Section& memory = source.device.layout().sections()[0];
  const std::byte one[] = {std::byte{1}};
  for (std::uint64_t at = 5; at < memory.bytes; at += 37 * kPageBytes)
    ASSERT_TRUE(source.device.write(memory, at, one).has_value());
  ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
  ASSERT_TRUE(target.migration.set_state(resuming).has_value());
  const auto stream = read_all(source.migration);
  const std::size_t written = written_bytes(source.device.memory());
  EXPECT_LT(written, 3 * kMiB);
  EXPECT_LT(stream.size(), written + written / 16);
  ASSERT_EQ(write_all(target.migration, stream, kMiB), Errc::ok);
  ASSERT_EQ(code_of(target.migration.set_state(stop)), Errc::ok);
  EXPECT_EQ(*source.migration.digest(), *target.migration.digest());
  EXPECT_EQ(written_bytes(target.device.memory()), written);
}

TEST(Migration, PageThatIsWrittenInAHoleDuringPreCopyArrives) {
  model::StateSpec spec = testing::sparse_state(kMiB);
  const auto model = my_nic_with(spec);
  Migratable source(model, "version=1");
  Migratable target(model, "version=1", kOther);
  ASSERT_TRUE(source.migration.set_state(pre_copy).has_value());
  ASSERT_TRUE(target.migration.set_state(resuming).has_value());
  std::vector<std::byte> buffer(kMiB);
  const auto read = source.migration.read(source.migration.stream(), buffer);
  ASSERT_EQ(write_all(target.migration, std::span(buffer).first(*read), kMiB), Errc::ok);
  const std::byte one[] = {std::byte{1}};
  ASSERT_TRUE(source.device.write(source.device.layout().sections()[0], 5000, one).has_value());
  ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
  ASSERT_EQ(write_all(target.migration, read_all(source.migration), kMiB), Errc::ok);
  ASSERT_EQ(code_of(target.migration.set_state(stop)), Errc::ok);
  EXPECT_EQ(*source.migration.digest(), *target.migration.digest());
}

TEST(Migration, BeginsRunningAndTellsWhichStreamIsNew) {
  const auto model = my_nic_with(my_nic_state());
  Migratable device(model, "version=1");
  Migration& migration = device.migration;
  EXPECT_EQ(migration.state(), running);
  EXPECT_EQ(migration.stream(), StreamId::none);
  const StreamId saving = *migration.set_state(pre_copy);
  EXPECT_NE(saving, StreamId::none);
  EXPECT_EQ(saving, migration.stream());
  EXPECT_EQ(*migration.set_state(stop_copy), StreamId::none);  // goes on with the same
  EXPECT_EQ(saving, migration.stream());
  EXPECT_EQ(*migration.set_state(stop), StreamId::none);
  EXPECT_EQ(migration.stream(), StreamId::none);
  EXPECT_NE(*migration.set_state(stop_copy), saving);
}

TEST(Migration, StreamOfASessionThatEndedIsNoDevice) {
  const auto model = my_nic_with(my_nic_state());
  Migratable device(model, "version=1");
  const StreamId saving = *device.migration.set_state(stop_copy);
  ASSERT_TRUE(device.migration.set_state(stop).has_value());
  std::byte buffer[16];
  EXPECT_EQ(device.migration.read(saving, buffer).error().code, Errc::no_device);
  ASSERT_TRUE(device.migration.set_state(stop_copy).has_value());
  EXPECT_EQ(device.migration.read(saving, buffer).error().code, Errc::no_device);
  EXPECT_EQ(device.migration.precopy_info(saving).error().code, Errc::no_device);
  const StreamId resuming_stream = *device.migration.set_state(resuming);
  ASSERT_TRUE(device.migration.reset().has_value());
  EXPECT_EQ(device.migration.write(resuming_stream, buffer).error().code, Errc::no_device);
}

TEST(Migration, StreamGoesOneWay) {
  const auto model = my_nic_with(my_nic_state());
  Migratable device(model, "version=1");
  std::byte buffer[16] = {};
  const StreamId saving = *device.migration.set_state(stop_copy);
  EXPECT_EQ(device.migration.write(saving, buffer).error().code, Errc::bad_file);
  const StreamId loading = *device.migration.set_state(resuming);
  EXPECT_EQ(device.migration.read(loading, buffer).error().code, Errc::bad_file);
}

TEST(Migration, PrecopyInfoCountsDownTheFirstRoundAndThenWhatIsDirty) {
  const auto model = my_nic_with(my_nic_state());
  Migratable device(model, "version=1");
  Migration& migration = device.migration;
  EXPECT_EQ(migration.precopy_info(migration.stream()).error().code, Errc::no_device);
  const StreamId stream = *migration.set_state(pre_copy);
  const PrecopyInfo start = *migration.precopy_info(stream);
  EXPECT_GE(start.initial_bytes, 64 * kKiB);
  EXPECT_EQ(start.dirty_bytes, 0U);
  std::vector<std::byte> buffer(10);
  ASSERT_EQ(*migration.read(stream, buffer), 10U);
  EXPECT_EQ(migration.precopy_info(stream)->initial_bytes, start.initial_bytes - 10);
  buffer.resize(kMiB);
  ASSERT_TRUE(migration.read(stream, buffer).has_value());
  EXPECT_EQ(migration.precopy_info(stream)->initial_bytes, 0U);
  EXPECT_EQ(migration.read(stream, buffer).error().code, Errc::no_message);
  EXPECT_EQ(migration.read(stream, buffer).error().code, Errc::no_message);
  const std::byte one[] = {std::byte{1}};
  ASSERT_TRUE(device.device.write(device.device.layout().sections()[0], 0, one).has_value());
  EXPECT_EQ(migration.precopy_info(stream)->dirty_bytes, kPageBytes);
  const std::size_t round = *migration.read(stream, buffer);
  EXPECT_GT(round, kPageBytes);
  EXPECT_LT(round, 2 * kPageBytes);
  ASSERT_TRUE(migration.set_state(stop_copy).has_value());
  EXPECT_EQ(migration.precopy_info(stream).error().code, Errc::invalid);
}

TEST(Migration, StopCopySizeIsEnoughAndNotMuchMore) {
  const auto model = my_nic_with(my_nic_state());
  Migratable device(model, "version=3");
  const std::uint64_t told = device.migration.stop_copy_bytes();
  ASSERT_TRUE(device.migration.set_state(stop_copy).has_value());
  const std::size_t size = read_all(device.migration).size();
  EXPECT_GE(told, size);
  EXPECT_LT(told, 2 * size);
  EXPECT_EQ(device.migration.stop_copy_bytes(), 0u) << "all is read";
}

TEST(Migration, StreamOptionsAreOfTheModelAndBeforeTheStream) {
  auto spec = my_nic_state();
  spec.stream = {.lz4 = true};
  const auto model = my_nic_with(spec);
  Migratable device(model, "version=1");
  EXPECT_EQ(device.migration.use({.zstd = true}).error().code, Errc::invalid);
  EXPECT_TRUE(device.migration.use({.lz4 = true}).has_value());
  ASSERT_TRUE(device.migration.set_state(stop_copy).has_value());
  EXPECT_EQ(device.migration.use({}).error().code, Errc::busy);
}

TEST(Migration, OfADeviceWithoutStopCopyIsNotThere) {
  auto spec = my_nic_state();
  spec.features = {.stop_copy = false, .p2p = false, .pre_copy = false};
  const auto model = my_nic_with(spec);
  Migratable device(model, "version=1");
  EXPECT_EQ(code_of(device.migration.set_state(stop)), Errc::not_tty);
}

TEST(Migration, ResetLeadsOutOfErrorWithTheFirstContents) {
  auto spec = my_nic_state();
  spec.workload = {.dirty_bytes_per_s = kMiB};
  const auto model = my_nic_with(spec);
  Migratable device(model, "version=1");
  const auto digest_when_stopped = [&] {
    EXPECT_EQ(code_of(device.migration.set_state(stop)), Errc::ok);
    return *device.migration.digest();
  };
  const Digest first = digest_when_stopped();
  ASSERT_TRUE(device.migration.set_state(running).has_value());
  ASSERT_TRUE(device.migration.advance(kSecond).has_value());
  device.migration.fail_device();
  EXPECT_EQ(device.migration.state(), error);
  for (const MigrationState wanted : {error, stop, running, resuming})
    EXPECT_EQ(code_of(device.migration.set_state(wanted)), Errc::invalid);
  ASSERT_TRUE(device.migration.reset().has_value());
  EXPECT_EQ(device.migration.state(), running);
  EXPECT_EQ(digest_when_stopped(), first);
}

TEST(Migration, DeviceThatRunsOutOfMemoryIsInError) {
  model::StateSpec spec = testing::sparse_state(64 * kMiB);
  spec.workload = {.dirty_bytes_per_s = 64 * kMiB};
  const auto model = my_nic_with(spec);
  Migratable device(model, "version=1",
                    {.seed = 0, .budget = std::make_shared<MemoryBudget>(kMiB), .pool = nullptr});
  EXPECT_EQ(device.migration.advance(kSecond).error().code, Errc::no_memory);
  EXPECT_EQ(device.migration.state(), error);
}

// The lines `vfio.set FROM -> TO` of the recording, on a device of ours: nothing is written in
// RESUMING there, and each starts from a fresh device.
TEST(RecordedMtty, GoesThroughTheSameStatesAsADeviceOfOurs) {
  const auto model = my_nic_with(my_nic_state());
  std::ifstream file("tests/oracle/recordings/6.12/vfio-mtty.golden");
  int compared = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string prefix, from, arrow, to, result, code, now, stream;
    words >> prefix >> from >> arrow >> to >> result >> code >> now >> stream;
    if (prefix != "vfio.set" || !state_from_name(to)) continue;
    Migratable device(model, "version=1");
    ASSERT_TRUE(device.migration.set_state(*state_from_name(from)).has_value()) << line;
    const auto set = device.migration.set_state(*state_from_name(to));
    EXPECT_EQ(set.has_value(), result == "0") << line;
    EXPECT_EQ(set ? "-" : std::string(errc_symbol(set.error().code)), code) << line;
    EXPECT_EQ("now=" + std::string(state_name(device.migration.state())), now) << line;
    EXPECT_EQ(set && *set != StreamId::none, stream == "data_fd=yes") << line;
    ++compared;
  }
  EXPECT_EQ(compared, 56);
}

}  // namespace
}  // namespace mdevsim::state
