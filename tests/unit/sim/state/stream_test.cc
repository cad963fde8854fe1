// What is refused, and how: streams that are cut, damaged, too long, of another device, of a later
// format; and that streams of before still load.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/random.h"
#include "tests/support/sample_states.h"
#include "tests/support/stream_records.h"

namespace mdevsim::state {
namespace {

using testing::kKiB;
using testing::kMiB;
using testing::Migratable;
using testing::my_nic_with;
using testing::RecordPlace;
using testing::records_of;
using enum MigrationState;

using Stream = std::vector<std::byte>;

// A few pages of every kind.
model::StateSpec small_state() {
  model::StateSpec state;
  state.sections = {{"registers", 300, ""}, {"memory", 12 * kKiB, ""}, {"table", 4 * kKiB, "rss"}};
  state.zero_percent = 30;
  state.stream = {.lz4 = true, .zstd = true, .delta = true};
  return state;
}

const testing::DeviceModel& small() {
  static const auto model = my_nic_with(small_state());
  return model;
}

constexpr std::string_view kConfiguration = "version=3";

struct Loaded {
  Errc written = Errc::ok;
  Errc resumed = Errc::ok;
  MigrationState state = error;
};

Loaded load(Migration& target, ConstBytes stream) {
  Loaded loaded;
  EXPECT_TRUE(target.set_state(resuming).has_value());
  const auto written = target.write(target.stream(), stream);
  if (!written) loaded.written = written.error().code;
  const auto resumed = target.set_state(running);
  if (!resumed) loaded.resumed = resumed.error().code;
  loaded.state = target.state();
  return loaded;
}

// A target that took none of it: it cannot run, and after a reset it is as it was.
void expect_refused(ConstBytes stream, Errc written, const std::string& what) {
  Migratable target(small(), std::string(kConfiguration));
  const Digest before = *target.migration.digest();
  const Loaded loaded = load(target.migration, stream);
  EXPECT_EQ(loaded.written, written) << what;
  EXPECT_EQ(loaded.resumed, Errc::invalid) << what;
  EXPECT_EQ(loaded.state, resuming) << what;
  EXPECT_EQ(target.migration.digest().error().code, Errc::busy) << what;
  ASSERT_TRUE(target.migration.reset().has_value()) << what;
  EXPECT_EQ(target.migration.state(), running) << what;
  EXPECT_EQ(*target.migration.digest(), before) << what;
}

Stream saved_small(const model::StreamOptions& options = {}) {
  return testing::saved(small(), std::string(kConfiguration), options);
}

// A stream with records of every kind: two rounds of pre-copy with differences.
Stream saved_in_rounds(model::StreamOptions options) {
  Migratable source(small(), std::string(kConfiguration),
                    {.seed = 1, .budget = nullptr, .pool = nullptr});
  EXPECT_TRUE(source.migration.use(options).has_value());
  EXPECT_TRUE(source.migration.set_state(pre_copy).has_value());
  Stream stream;
  Stream buffer(kMiB);
  const Section& memory = *source.device.layout().find("memory");
  for (std::byte value = std::byte{1}; value < std::byte{4};
       value = std::byte(std::to_integer<int>(value) + 1)) {
    const auto read = source.migration.read(source.migration.stream(), buffer);
    EXPECT_TRUE(read.has_value());
    stream.insert(stream.end(), buffer.begin(),
                  buffer.begin() + static_cast<std::ptrdiff_t>(*read));
    EXPECT_EQ(source.migration.read(source.migration.stream(), buffer).error().code,
              Errc::no_message);
    EXPECT_TRUE(source.device.write(memory, 5000, {&value, 1}).has_value());
  }
  EXPECT_TRUE(source.migration.set_state(stop_copy).has_value());
  const Stream rest = testing::read_all(source.migration);
  stream.insert(stream.end(), rest.begin(), rest.end());
  return stream;
}

TEST(Stream, ConsistsOfAlignedRecordsOfAtMostOneMebibyte) {
  model::StateSpec spec;
  spec.sections = {{"memory", 5 * kMiB, ""}};
  spec.zero_percent = 50;
  const auto model = my_nic_with(spec);
  const Stream stream = testing::saved(model, "version=1");
  const auto records = records_of(stream);
  ASSERT_FALSE(records.empty());
  EXPECT_EQ(records.back().end(), stream.size());
  for (const RecordPlace& record : records) {
    EXPECT_EQ(record.offset % kStreamAlignment, 0U);
    EXPECT_EQ(record.data() % kStreamAlignment, 0U);
    EXPECT_LE(record.header.length, kRecordBytesMax);
  }
}

TEST(Stream, HoldsEveryKindOfRecordThatItMayHold) {
  std::vector<std::uint16_t> tags;
  for (const RecordPlace& record : records_of(saved_in_rounds({.lz4 = true, .delta = true})))
    tags.push_back(record.header.tag);
  for (const RecordTag tag : {RecordTag::device, RecordTag::zeros, RecordTag::lz4, RecordTag::delta,
                              RecordTag::round, RecordTag::end}) {
    EXPECT_NE(std::find(tags.begin(), tags.end(), static_cast<std::uint16_t>(tag)), tags.end())
        << static_cast<int>(tag);
  }
}

TEST(RefusedStream, IsCutAtAnyRecord) {
  const Stream stream = saved_in_rounds({.delta = true});
  expect_refused({}, Errc::ok, "nothing");
  expect_refused(std::span(stream).first(sizeof(StreamHeader)), Errc::ok, "header");
  const auto records = records_of(stream);
  ASSERT_GT(records.size(), 6U);
  for (std::size_t i = 0; i + 1 < records.size(); ++i)
    expect_refused(std::span(stream).first(records[i].end()), Errc::ok,
                   fmt::format("record {}", i));
}

TEST(RefusedStream, IsCutAnywhere) {
  const Stream stream = saved_in_rounds({.zstd = true, .delta = true});
  Random random(7);
  for (int i = 0; i < 1000; ++i) {
    const std::size_t size = random.next() % stream.size();
    expect_refused(std::span(stream).first(size), Errc::ok, fmt::format("{} bytes", size));
  }
}

TEST(RefusedStream, HasAnyByteFlipped) {
  Stream stream = saved_small();
  for (std::size_t i = 0; i < stream.size(); ++i) {
    stream[i] ^= std::byte{0x10};
    Migratable target(small(), std::string(kConfiguration));
    const Loaded loaded = load(target.migration, stream);
    // A length that became longer than the stream shows at its end.
    EXPECT_TRUE(loaded.written == Errc::fault || loaded.resumed == Errc::invalid) << i;
    EXPECT_EQ(loaded.state, resuming) << i;
    stream[i] ^= std::byte{0x10};
  }
}

TEST(RefusedStream, GoesOnBehindItsEnd) {
  Stream stream = saved_small();
  stream.push_back(std::byte{0});
  expect_refused(stream, Errc::no_memory, "one byte");
}

TEST(RefusedStream, StaysRefused) {
  Stream stream = saved_small();
  Migratable target(small(), std::string(kConfiguration));
  ASSERT_TRUE(target.migration.set_state(resuming).has_value());
  stream[0] ^= std::byte{1};
  const StreamId id = target.migration.stream();
  EXPECT_EQ(target.migration.write(id, stream).error().code, Errc::fault);
  stream[0] ^= std::byte{1};
  EXPECT_EQ(target.migration.write(id, stream).error().code, Errc::fault);
  EXPECT_EQ(target.migration.set_state(running).error().code, Errc::invalid);
}

// Something else is wrong with it than its checksums.
struct Change {
  const char* name;
  std::function<void(Stream&)> change;
};

template <typename T>
void change_record(Stream& stream, RecordTag tag, std::size_t field, const T& value) {
  for (const RecordPlace& record : records_of(stream)) {
    if (record.header.tag != static_cast<std::uint16_t>(tag)) continue;
    testing::store(stream, record.offset + field, value);
    return;
  }
  FAIL() << "no such record";
}

class Changed : public ::testing::TestWithParam<Change> {};

TEST_P(Changed, StreamIsRefusedThoughItsChecksumsAreRight) {
  Stream stream = saved_in_rounds({.lz4 = true, .delta = true});
  {
    Stream mended = stream;
    testing::mend(mended);
    ASSERT_EQ(mended, stream);
  }
  GetParam().change(stream);
  testing::mend(stream);
  expect_refused(stream, Errc::fault, GetParam().name);
}

constexpr std::size_t kTableOffset = sizeof(RecordHeader);

INSTANTIATE_TEST_SUITE_P(
    Stream, Changed,
    ::testing::Values(
        Change{"magic", [](Stream& s) { s[0] = std::byte{'M'}; }},
        Change{"later_version",
               [](Stream& s) {
                 testing::store(s, offsetof(StreamHeader, version), std::uint32_t{2});
               }},
        Change{"state_bytes",
               [](Stream& s) {
                 testing::store(s, offsetof(StreamHeader, state_bytes), std::uint64_t{5});
               }},
        Change{"options",
               [](Stream& s) {
                 testing::store(s, offsetof(StreamHeader, options), std::uint32_t{4});
               }},
        Change{"unknown_options",
               [](Stream& s) {
                 testing::store(s, offsetof(StreamHeader, options), std::uint32_t{15});
               }},
        Change{"unknown_mandatory",
               [](Stream& s) {
                 change_record(s, RecordTag::round, offsetof(RecordHeader, tag), std::uint32_t{77});
               }},
        Change{"no_device",
               [](Stream& s) {
                 change_record(s, RecordTag::device, offsetof(RecordHeader, tag),
                               std::uint32_t{77} | std::uint32_t{kRecordOptional} << 16);
               }},
        Change{"second_device",
               [](Stream& s) {
                 change_record(s, RecordTag::round, offsetof(RecordHeader, tag),
                               static_cast<std::uint16_t>(RecordTag::device));
               }},
        Change{"end_without_digest",
               [](Stream& s) {
                 change_record(s, RecordTag::end, offsetof(RecordHeader, data_bytes),
                               std::uint32_t{8});
               }},
        Change{"section",
               [](Stream& s) {
                 change_record(s, RecordTag::lz4, offsetof(RecordHeader, section),
                               std::uint32_t{3});
               }},
        Change{
            "page_behind_section",
            [](Stream& s) { change_record(s, RecordTag::delta, kTableOffset, std::uint32_t{3}); }},
        Change{"no_pages",
               [](Stream& s) {
                 change_record(s, RecordTag::lz4, kTableOffset + 4, std::uint32_t{0});
               }},
        Change{"too_many_pages",
               [](Stream& s) {
                 change_record(s, RecordTag::lz4, kTableOffset + 4, std::uint32_t{1} << 31);
               }},
        Change{"differences_too_short",
               [](Stream& s) {
                 change_record(s, RecordTag::delta, kTableOffset + 4, std::uint32_t{8});
               }},
        Change{"compressed_garbage",
               [](Stream& s) {
                 change_record(s, RecordTag::lz4, kStreamAlignment, std::uint64_t{0});
               }},
        Change{"pages_missing",
               [](Stream& s) {
                 change_record(s, RecordTag::zeros, offsetof(RecordHeader, tag),
                               std::uint32_t{77} | std::uint32_t{kRecordOptional} << 16);
               }}),
    [](const auto& test) { return test.param.name; });

// As a later version may write it.
TEST(Stream, RecordThatIsOptionalAndUnknownIsSkipped) {
  Stream stream = saved_in_rounds({.delta = true});
  for (const RecordPlace& record : records_of(stream)) {
    if (record.header.tag == static_cast<std::uint16_t>(RecordTag::round))
      testing::store(stream, record.offset + offsetof(RecordHeader, tag), std::uint16_t{77});
  }
  testing::mend(stream);
  Migratable target(small(), std::string(kConfiguration));
  const Loaded loaded = load(target.migration, stream);
  EXPECT_EQ(loaded.written, Errc::ok);
  EXPECT_EQ(loaded.state, running);
}

TEST(RefusedStream, HasSomethingBehindTheEndOfASection) {
  model::StateSpec spec;
  spec.sections = {{"registers", 300, ""}};
  const auto model = my_nic_with(spec);
  Stream stream = testing::saved(model, "version=1");
  const auto records = records_of(stream);
  ASSERT_EQ(records.size(), 3U);
  stream[records[1].data() + 300] = std::byte{1};
  testing::mend(stream);
  Migratable target(model, "version=1");
  EXPECT_EQ(load(target.migration, stream).written, Errc::fault);
}

TEST(RefusedStream, IsOfAnotherConfiguration) {
  const Stream stream = testing::saved(small(), "version=2");
  for (const char* configuration : {"version=1", "version=3", "version=2,rss=off"}) {
    Migratable target(small(), configuration);
    const Digest before = *target.migration.digest();
    ASSERT_TRUE(target.migration.set_state(resuming).has_value());
    EXPECT_EQ(target.migration.write(target.migration.stream(), stream).error().code, Errc::fault);
    EXPECT_EQ(target.migration.set_state(stop).error().code, Errc::invalid);
    EXPECT_EQ(*target.device.digest(), before) << configuration;  // nothing of it was loaded
  }
}

TEST(RefusedStream, UsesWhatTheTargetsModelDoesNotAllow) {
  const Stream stream = saved_small({.zstd = true});
  auto spec = small_state();
  spec.stream = {.lz4 = true};
  const auto model = my_nic_with(spec);
  Migratable target(model, std::string(kConfiguration));
  EXPECT_EQ(load(target.migration, stream).written, Errc::fault);
}

TEST(RefusedStream, DoesNotFitIntoTheTargetsMemory) {
  model::StateSpec spec;
  spec.sections = {{"memory", 4 * kMiB, ""}};
  const auto full = my_nic_with(spec);
  spec.sparse = true;
  spec.zero_percent = 100;
  const auto sparse = my_nic_with(spec);
  const auto budget = std::make_shared<MemoryBudget>(kMiB);
  Migratable target(sparse, "version=1", {.seed = 0, .budget = budget, .pool = nullptr});
  const Loaded loaded = load(target.migration, testing::saved(full, "version=1"));
  EXPECT_EQ(loaded.written, Errc::no_memory);
  EXPECT_EQ(loaded.resumed, Errc::invalid);
  ASSERT_TRUE(target.migration.reset().has_value());
  EXPECT_EQ(target.migration.state(), running);
  EXPECT_EQ(budget->used_bytes(), 0U);
}

TEST(Stream, OfAnOlderVersionLoadsIntoANewerThatIsConfiguredForItAndTheOtherWayRound) {
  for (const auto& [from, to] :
       {std::pair("version=1", "version=3,rss=off,rx-filter-size=0"),
        std::pair("version=3,rss=off,rx-filter-size=0", "version=1"),
        std::pair("version=2", "version=3,rx-filter-size=0"),
        std::pair("version=3,rx-filter-size=32", "version=2,rx-filter-size=32")}) {
    Migratable target(small(), to);
    Migratable source(small(), from, {.seed = 1, .budget = nullptr, .pool = nullptr});
    const Loaded loaded = load(target.migration, testing::saved(small(), from));
    EXPECT_EQ(loaded.written, Errc::ok) << from;
    EXPECT_EQ(loaded.state, running) << from;
    EXPECT_EQ(*target.migration.digest(), *source.migration.digest()) << from;
  }
}

// tests/golden/migration: streams as they were written once. Those without compression are written
// so still; all of them load. MDEVSIM_UPDATE_GOLDEN=1 writes those that are missing.
struct Golden {
  const char* name;
  const char* configuration;
  bool written_alike;  // compression may change with the libraries
  Stream (*make)(const char* configuration);
};

Stream make_plain(const char* configuration) { return testing::saved(small(), configuration); }

constexpr Golden kGolden[] = {
    {"version-1", "version=1", true, make_plain},
    {"version-2", "version=2", true, make_plain},
    {"version-3", "version=3", true, make_plain},
    {"version-3-lz4", "version=3", false,
     [](const char* c) { return testing::saved(small(), c, {.lz4 = true}); }},
    {"version-3-zstd", "version=3", false,
     [](const char* c) { return testing::saved(small(), c, {.zstd = true}); }},
    {"version-3-rounds", "version=3", true,
     [](const char*) { return saved_in_rounds({.delta = true}); }},
};

class GoldenStream : public ::testing::TestWithParam<Golden> {};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_P(GoldenStream, StillLoadsAndIsStillWritten) {
  const std::filesystem::path path =
      std::filesystem::path("tests/golden/migration/vendor-a.com-my-nic") /
      (std::string(GetParam().name) + ".bin");
  const Stream made = GetParam().make(GetParam().configuration);
  if (std::getenv("MDEVSIM_UPDATE_GOLDEN") != nullptr && !std::filesystem::exists(path)) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(made.data()),
               static_cast<std::streamsize>(made.size()));
  }
  const std::string text = read_file(path);
  const ConstBytes golden = std::as_bytes(std::span(text));
  ASSERT_FALSE(golden.empty()) << path;
  Migratable old_target(small(), GetParam().configuration);
  Migratable new_target(small(), GetParam().configuration);
  EXPECT_EQ(load(old_target.migration, golden).state, running);
  EXPECT_EQ(load(new_target.migration, made).state, running);
  EXPECT_EQ(*old_target.migration.digest(), *new_target.migration.digest());
  if (GetParam().written_alike) {
    EXPECT_TRUE(std::equal(golden.begin(), golden.end(), made.begin(), made.end()));
  }
}

INSTANTIATE_TEST_SUITE_P(Kept, GoldenStream, ::testing::ValuesIn(kGolden), [](const auto& test) {
  std::string name = test.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// The bytes of docs/stream-format.md: lines that begin with an offset of four hex digits.
Stream documented_bytes() {
  std::istringstream file(read_file("docs/stream-format.md"));
  Stream bytes;
  for (std::string line; std::getline(file, line);) {
    if (line.size() < 6 ||
        line.substr(0, 4).find_first_not_of("0123456789abcdef") != std::string::npos ||
        line[4] != ' ')
      continue;
    EXPECT_EQ(std::stoul(line.substr(0, 4), nullptr, 16), bytes.size()) << line;
    std::istringstream words(line.substr(4, 3 * 16 + 2));
    for (std::string word; words >> word && word.size() == 2;)
      bytes.push_back(static_cast<std::byte>(std::stoul(word, nullptr, 16)));
  }
  return bytes;
}

TEST(StreamFormatPage, ShowsAStreamByteByByte) {
  model::StateSpec spec;
  spec.sections = {{"registers", 300, ""}};
  spec.zero_percent = 100;
  const auto model = my_nic_with(spec);
  const Stream stream = testing::saved(model, "version=2");
  std::string dump;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (i % 16 == 0) dump += fmt::format("{}{:04x} ", i == 0 ? "" : "\n", i);
    dump += fmt::format(" {:02x}", std::to_integer<int>(stream[i]));
  }
  EXPECT_TRUE(documented_bytes() == stream) << dump;
}

}  // namespace
}  // namespace mdevsim::state
