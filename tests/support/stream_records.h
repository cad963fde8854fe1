// Streams taken apart and put together again, for tests and for the fuzzer that damages them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "sim/state/block.h"
#include "sim/state/digest.h"
#include "sim/state/stream_format.h"

namespace mdevsim::testing {

struct RecordPlace {
  std::size_t offset = 0;
  state::RecordHeader header;

  std::size_t end() const { return offset + header.length; }
  std::size_t data() const { return offset + state::table_bytes(header.count); }
  std::size_t checksum() const { return end() - sizeof(std::uint32_t); }
};

// As far as the lengths make sense.
inline std::vector<RecordPlace> records_of(std::span<const std::byte> stream) {
  std::vector<RecordPlace> records;
  std::size_t at = sizeof(state::StreamHeader);
  while (at < stream.size() && stream.size() - at >= 2 * state::kStreamAlignment) {
    RecordPlace record;
    record.offset = at;
    std::memcpy(&record.header, stream.data() + at, sizeof(record.header));
    if (record.header.length < 2 * state::kStreamAlignment ||
        record.header.length > stream.size() - at ||
        state::table_bytes(record.header.count) > record.header.length)
      break;
    records.push_back(record);
    at = record.end();
  }
  return records;
}

template <typename T>
void store(std::span<std::byte> bytes, std::size_t at, const T& value) {
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

// Makes numbers, checksums and the digest at the end right again, so that what is wrong is what was
// changed on purpose.
inline void mend(std::span<std::byte> stream) {
  if (stream.size() < sizeof(state::StreamHeader)) return;
  constexpr std::size_t kHeaderChecksum = offsetof(state::StreamHeader, checksum);
  store(stream, kHeaderChecksum, state::crc32c(stream.first(kHeaderChecksum)));
  std::uint32_t number = 0;
  std::uint64_t digest = 0;
  for (const RecordPlace& record : records_of(stream)) {
    store(stream, record.offset + offsetof(state::RecordHeader, number), number);
    if (record.header.tag == static_cast<std::uint16_t>(state::RecordTag::end) &&
        record.header.data_bytes >= sizeof(state::EndData) &&
        record.data() + sizeof(state::EndData) <= record.checksum())
      store(stream, record.data(), state::EndData{number, digest});
    const std::uint32_t checksum =
        state::crc32c(stream.subspan(record.offset, record.checksum() - record.offset));
    store(stream, record.checksum(), checksum);
    digest = state::chain_digest(digest, checksum);
    ++number;
  }
}

}  // namespace mdevsim::testing
