// The bytes of a migration stream, as docs/stream-format.md describes them. What is written here
// is on other people's disks: numbers are never given another meaning.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sim/model/state_spec.h"
#include "sim/state/bytes.h"
#include "sim/state/dirty_log.h"

namespace mdevsim::state {

static_assert(std::endian::native == std::endian::little, "streams are little-endian");

// Records, and the data in them, begin at multiples of it, so that pages are copied at full speed.
inline constexpr std::size_t kStreamAlignment = 64;
inline constexpr std::size_t kRecordBytesMax = std::size_t{1} << 20;

constexpr std::size_t align_up(std::size_t bytes) {
  return (bytes + kStreamAlignment - 1) / kStreamAlignment * kStreamAlignment;
}

inline constexpr std::array<char, 8> kStreamMagic = {'m', 'd', 'e', 'v', 's', 'i', 'm', '\n'};
inline constexpr std::uint32_t kStreamVersion = 1;

// StreamOptions as bits: what the records of a stream may hold beside plain pages, and whether
// their checksums leave plain pages out.
std::uint32_t stream_bits(const model::StreamOptions& options);

struct StreamHeader {
  std::array<char, 8> magic = kStreamMagic;
  std::uint32_t version = kStreamVersion;
  std::uint32_t options = 0;      // stream_bits()
  std::uint64_t state_bytes = 0;  // of all sections
  std::uint32_t sections = 0;
  std::array<std::uint32_t, 8> reserved = {};  // zero
  std::uint32_t checksum = 0;                  // crc32c of what is before it
};
static_assert(sizeof(StreamHeader) == kStreamAlignment);

enum class RecordTag : std::uint16_t {
  device = 1,  // what the source is: identity_text()
  pages = 2,   // pages as they are
  zeros = 3,   // pages that are all zero: runs without data
  lz4 = 4,     // pages, compressed as one block
  zstd = 5,
  delta = 6,  // pages that were sent before, as their difference to that
  round = 7,  // optional: a round of pre-copy ends; its number
  end = 8,    // how many records there were, and the digest of them
};

inline constexpr std::uint16_t kRecordOptional = 1;  // whoever does not know the tag skips it

// Behind it come `count` runs, zeros up to a multiple of 64, the data, and zeros up to the checksum
// in the last four bytes of the record: crc32c of what is before it.
struct RecordHeader {
  std::uint32_t length = 0;  // of all of the record
  std::uint16_t tag = 0;
  std::uint16_t flags = 0;
  std::uint32_t number = 0;   // of the record, from 0
  std::uint32_t section = 0;  // by its place in the device record
  std::uint32_t count = 0;
  std::uint32_t data_bytes = 0;
};
static_assert(sizeof(RecordHeader) == 24);

// Of a section. In a delta record `count` is the size of the page's difference.
struct RecordRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
static_assert(sizeof(RecordRun) == 8);

// What the header's `options` say.
inline constexpr std::uint32_t kStreamLz4 = 1;
inline constexpr std::uint32_t kStreamZstd = 2;
inline constexpr std::uint32_t kStreamDelta = 4;
inline constexpr std::uint32_t kStreamUnchecked = 8;

struct EndData {
  std::uint64_t records = 0;  // before this one
  std::uint64_t digest = 0;   // chain_digest() of their checksums
};

constexpr std::size_t table_bytes(std::size_t runs) {
  return align_up(sizeof(RecordHeader) + runs * sizeof(RecordRun));
}
constexpr std::size_t record_bytes(std::size_t runs, std::size_t data_bytes) {
  return align_up(table_bytes(runs) + data_bytes + sizeof(std::uint32_t));
}

// A record of pages is as full as it can be.
inline constexpr std::uint32_t kRecordPagesMax = 255;
inline constexpr std::uint32_t kRecordRunsMax = 1024;
static_assert(record_bytes(kRecordPagesMax, kRecordPagesMax* kPageBytes) <= kRecordBytesMax);

template <typename T>
ConstBytes bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace mdevsim::state
