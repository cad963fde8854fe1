#include "sim/state/record_writer.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "sim/base/check.h"
#include "sim/state/block.h"
#include "sim/state/digest.h"

namespace mdevsim::state {

void RecordWriter::begin_header(StreamHeader header) {
  CHECK(!under_way_);
  const ConstBytes checked = bytes_of(header).first(offsetof(StreamHeader, checksum));
  header.checksum = crc32c(checked);
  const ConstBytes all = bytes_of(header);
  table_.assign(all.begin(), all.end());
  data_.clear();
  tail_bytes_ = 0;
  counts_ = false;
  under_way_ = true;
  piece_ = offset_ = 0;
}

void RecordWriter::begin(RecordTag tag, std::uint16_t flags, std::uint32_t section,
                         std::span<const RecordRun> runs, std::vector<ConstBytes>& data) {
  CHECK(!under_way_);
  data_.swap(data);
  data.clear();
  std::size_t data_bytes = 0;
  for (const ConstBytes& piece : data_) data_bytes += piece.size();
  const std::size_t length = record_bytes(runs.size(), data_bytes);
  CHECK(length <= kRecordBytesMax);

  RecordHeader header;
  header.length = static_cast<std::uint32_t>(length);
  header.tag = static_cast<std::uint16_t>(tag);
  header.flags = flags;
  header.number = number_;
  header.section = section;
  header.count = static_cast<std::uint32_t>(runs.size());
  header.data_bytes = static_cast<std::uint32_t>(data_bytes);
  table_.assign(table_bytes(runs.size()), std::byte{0});
  std::memcpy(table_.data(), &header, sizeof(header));
  if (!runs.empty()) std::memcpy(table_.data() + sizeof(header), runs.data(), runs.size_bytes());

  tail_bytes_ = length - table_.size() - data_bytes;
  CHECK(tail_bytes_ <= tail_.size());
  counts_ = true;
  under_way_ = true;
  checksum_ = 0;
  piece_ = offset_ = 0;
}

ConstBytes RecordWriter::piece() const {
  if (piece_ == 0) return table_;
  if (piece_ <= data_.size()) return data_[piece_ - 1];
  return ConstBytes(tail_).first(tail_bytes_);
}

// The tail is zeros and the checksum of all before it, theirs too.
void RecordWriter::seal() {
  const std::size_t zeros = tail_bytes_ - sizeof(checksum_);
  tail_.fill(std::byte{0});
  checksum_ = crc32c(ConstBytes(tail_).first(zeros), checksum_);
  std::memcpy(tail_.data() + zeros, &checksum_, sizeof(checksum_));
}

void RecordWriter::next_piece() {
  offset_ = 0;
  ++piece_;
  if (piece_ == data_.size() + 1 && counts_) return seal();
  if (piece_ <= data_.size()) return;
  under_way_ = false;
  if (!counts_) return;
  digest_ = chain_digest(digest_, checksum_);
  ++number_;
}

std::size_t RecordWriter::read(Bytes out) {
  std::size_t filled = 0;
  while (under_way_ && filled < out.size()) {
    const ConstBytes rest = piece().subspan(offset_);
    const ConstBytes from = rest.first(std::min(rest.size(), out.size() - filled));
    const Bytes to = out.subspan(filled, from.size());
    if (piece_ <= data_.size()) {
      checksum_ = copy_with_crc32c(to, from, checksum_);
    } else {
      std::memcpy(to.data(), from.data(), from.size());
    }
    filled += from.size();
    offset_ += from.size();
    if (from.size() == rest.size()) next_piece();
  }
  bytes_ += filled;
  return filled;
}

void RecordWriter::gather(std::vector<ConstBytes>& pieces) {
  while (under_way_) {
    const ConstBytes rest = piece().subspan(offset_);
    if (piece_ <= data_.size()) checksum_ = crc32c(rest, checksum_);
    if (!rest.empty()) pieces.push_back(rest);
    bytes_ += rest.size();
    next_piece();
  }
}

std::uint64_t RecordWriter::bytes_left() const {
  if (!under_way_) return 0;
  std::uint64_t all = table_.size() + tail_bytes_;
  std::uint64_t read = offset_;
  for (std::size_t i = 0; i < data_.size(); ++i) {
    all += data_[i].size();
    if (i + 1 < piece_) read += data_[i].size();
  }
  if (piece_ > 0) read += table_.size();
  return all - read;
}

}  // namespace mdevsim::state
