// Puts records of a stream into bytes, in pieces of any size. What a record holds is pointed to and
// copied once, to whoever reads it; its checksum is computed in that pass.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/state/stream_format.h"

namespace mdevsim::state {

// A record of which every byte is known but for its checksum.
struct Record {
  std::vector<std::byte> table;
  std::vector<ConstBytes> data;
  std::size_t tail_bytes = 0;
  bool checks_data = true;

  std::size_t length() const;
  // Into `out`, of its length. Its checksum.
  std::uint32_t copy_to(Bytes out) const;
};

class RecordWriter {
 public:
  // Without `checks_pages` the checksums of records of pages do not cover the pages.
  explicit RecordWriter(bool checks_pages = true) : checks_pages_(checks_pages) {}

  // The stream's first 64 bytes; its checksum is filled in.
  void begin_header(StreamHeader header);

  // `data` is taken, and what it points to must stay until the record is read. One at a time: not
  // while there is one under way.
  void begin(RecordTag tag, std::uint16_t flags, std::uint32_t section,
             std::span<const RecordRun> runs, std::vector<ConstBytes>& data);

  bool is_under_way() const { return under_way_; }
  std::uint64_t bytes_left() const;

  // How many bytes it copied: all of `out`, or what is left of the record.
  std::size_t read(Bytes out);

  // Instead of read(): adds what is left of the record, and counts it as read. Valid until begin().
  void gather(std::vector<ConstBytes>& pieces);

  // Instead of read(), of a record of which nothing was read yet: the record, for somebody else to
  // copy. Its checksum must be told by settle(), in the order of the records, before digest() is of
  // use.
  Record take();
  void settle(std::uint32_t checksum);

  std::uint32_t number() const { return number_; }  // of the next record
  std::uint64_t digest() const { return digest_; }  // of the checksums of all before it
  std::uint64_t bytes() const { return bytes_; }    // that were read

 private:
  ConstBytes piece() const;
  std::size_t read_scattered(Bytes out);
  void next_piece();
  void seal();
  bool is_checked() const { return piece_ == 0 || record_.checks_data; }

  bool checks_pages_;
  Record record_;  // or the stream's header, as a table alone
  // What fills up the record, and its checksum.
  std::array<std::byte, 2 * kStreamAlignment> tail_ = {};

  bool under_way_ = false;
  bool counts_ = false;     // false: it is the stream's header
  std::size_t piece_ = 0;   // 0: the table, then the data, then the tail
  std::size_t offset_ = 0;  // in the piece
  std::uint32_t checksum_ = 0;

  std::uint32_t number_ = 0;
  std::uint64_t digest_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace mdevsim::state
