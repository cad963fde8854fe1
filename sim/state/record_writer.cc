#include "sim/state/record_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/check.h"
#include "sim/state/block.h"
#include "sim/state/digest.h"

namespace mdevsim::state {
namespace {

// The processor sees by itself that a run of pages goes on, but not where the next one begins.
[[gnu::always_inline]] inline void prefetch_run(const std::vector<ConstBytes>& runs,
                                                std::size_t i) {
  constexpr std::size_t kLineBytes = 64;
  constexpr std::size_t kBytes = 1024;
  if (i >= runs.size()) return;
  const std::size_t bytes = std::min(runs[i].size(), kBytes);
  for (std::size_t at = 0; at < bytes; at += kLineBytes) __builtin_prefetch(runs[i].data() + at);
}

// A run that is longer is copied by itself: the processor sees what comes next.
constexpr std::size_t kScatteredBytesMax = std::size_t{64} << 10;

// How far the pieces of a record's data are copied.
struct Place {
  std::size_t piece = 0;
  std::size_t offset = 0;
};

// Pages that lie here and there, in one pass: as many as are next and fit into `out`. How many
// bytes those are; none when what is next is something else.
std::size_t copy_scattered(std::span<const ConstBytes> data, Place& place, Bytes out,
                           std::uint32_t& checksum) {
  std::array<const std::byte*, kRecordPagesMax> pages;
  const std::size_t room = std::min(out.size() / kPageBytes, pages.size());
  std::size_t count = 0;
  while (place.piece < data.size() && count < room) {
    const ConstBytes rest = data[place.piece].subspan(place.offset);
    if (rest.empty() || rest.size() % kPageBytes != 0 || rest.size() > kScatteredBytesMax) break;
    const std::size_t fit = std::min(rest.size() / kPageBytes, room - count);
    for (std::size_t i = 0; i < fit; ++i) pages[count++] = &rest[i * kPageBytes];
    place.offset += fit * kPageBytes;
    if (fit * kPageBytes < rest.size()) break;
    place = {place.piece + 1, 0};
  }
  if (count == 0) return 0;
  const Bytes to = out.first(count * kPageBytes);
  checksum = gather_pages_with_crc32c(to, std::span(pages).first(count), checksum);
  return to.size();
}

}  // namespace

std::size_t Record::length() const {
  std::size_t bytes = table.size() + tail_bytes;
  for (const ConstBytes& piece : data) bytes += piece.size();
  return bytes;
}

std::uint32_t Record::copy_to(Bytes out) const {
  std::uint32_t checksum = copy_with_crc32c(out.first(table.size()), table);
  std::size_t at = table.size();
  for (Place place; place.piece < data.size();) {
    const std::size_t scattered =
        checks_data ? copy_scattered(data, place, out.subspan(at), checksum) : 0;
    at += scattered;
    if (scattered != 0) continue;
    const ConstBytes piece = data[place.piece++];
    const Bytes to = out.subspan(at, piece.size());
    prefetch_run(data, place.piece);
    if (checks_data) {
      checksum = copy_with_crc32c(to, piece, checksum);
    } else {
      copy(to, piece);
    }
    at += piece.size();
  }
  const Bytes zeros = out.subspan(at, tail_bytes - sizeof(checksum));
  std::memset(zeros.data(), 0, zeros.size());
  checksum = crc32c(zeros, checksum);
  std::memcpy(out.data() + at + zeros.size(), &checksum, sizeof(checksum));
  return checksum;
}

void RecordWriter::begin_header(StreamHeader header) {
  CHECK(!under_way_);
  const ConstBytes checked = bytes_of(header).first(offsetof(StreamHeader, checksum));
  header.checksum = crc32c(checked);
  const ConstBytes all = bytes_of(header);
  record_.table.assign(all.begin(), all.end());
  record_.data.clear();
  record_.tail_bytes = 0;
  counts_ = false;
  under_way_ = true;
  piece_ = offset_ = 0;
}

void RecordWriter::begin(RecordTag tag, std::uint16_t flags, std::uint32_t section,
                         std::span<const RecordRun> runs, std::vector<ConstBytes>& data) {
  CHECK(!under_way_);
  record_.data.swap(data);
  data.clear();
  std::size_t data_bytes = 0;
  for (const ConstBytes& piece : record_.data) data_bytes += piece.size();
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
  record_.table.assign(table_bytes(runs.size()), std::byte{0});
  std::memcpy(record_.table.data(), &header, sizeof(header));
  if (!runs.empty())
    std::memcpy(record_.table.data() + sizeof(header), runs.data(), runs.size_bytes());

  record_.tail_bytes = length - record_.table.size() - data_bytes;
  record_.checks_data = checks_pages_ || tag != RecordTag::pages;
  CHECK(record_.tail_bytes <= tail_.size());
  counts_ = true;
  under_way_ = true;
  checksum_ = 0;
  piece_ = offset_ = 0;
}

ConstBytes RecordWriter::piece() const {
  if (piece_ == 0) return record_.table;
  if (piece_ <= record_.data.size()) return record_.data[piece_ - 1];
  return ConstBytes(tail_).first(record_.tail_bytes);
}

// The tail is zeros and the checksum of all before it, theirs too.
void RecordWriter::seal() {
  const std::size_t zeros = record_.tail_bytes - sizeof(checksum_);
  tail_.fill(std::byte{0});
  checksum_ = crc32c(ConstBytes(tail_).first(zeros), checksum_);
  std::memcpy(tail_.data() + zeros, &checksum_, sizeof(checksum_));
}

void RecordWriter::next_piece() {
  offset_ = 0;
  ++piece_;
  if (piece_ == record_.data.size() + 1 && counts_) return seal();
  if (piece_ <= record_.data.size()) return;
  under_way_ = false;
  if (!counts_) return;
  ++number_;
  settle(checksum_);
}

void RecordWriter::settle(std::uint32_t checksum) { digest_ = chain_digest(digest_, checksum); }

Record RecordWriter::take() {
  CHECK(under_way_ && counts_ && piece_ == 0 && offset_ == 0);
  under_way_ = false;
  ++number_;
  bytes_ += record_.length();
  return std::move(record_);
}

std::size_t RecordWriter::read_scattered(Bytes out) {
  if (piece_ == 0 || piece_ > record_.data.size() || !record_.checks_data) return 0;
  Place place{piece_ - 1, offset_};
  const std::size_t bytes = copy_scattered(record_.data, place, out, checksum_);
  if (bytes == 0) return 0;
  piece_ = place.piece + 1;
  offset_ = place.offset;
  if (place.piece == record_.data.size()) seal();
  return bytes;
}

std::size_t RecordWriter::read(Bytes out) {
  std::size_t filled = 0;
  while (under_way_ && filled < out.size()) {
    const std::size_t scattered = read_scattered(out.subspan(filled));
    filled += scattered;
    if (scattered != 0) continue;
    const ConstBytes rest = piece().subspan(offset_);
    const ConstBytes from = rest.first(std::min(rest.size(), out.size() - filled));
    const Bytes to = out.subspan(filled, from.size());
    if (offset_ == 0) prefetch_run(record_.data, piece_);
    if (piece_ > record_.data.size()) {
      std::memcpy(to.data(), from.data(), from.size());
    } else if (is_checked()) {
      checksum_ = copy_with_crc32c(to, from, checksum_);
    } else {
      copy(to, from);
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
    if (piece_ <= record_.data.size() && is_checked()) checksum_ = crc32c(rest, checksum_);
    if (!rest.empty()) pieces.push_back(rest);
    bytes_ += rest.size();
    next_piece();
  }
}

std::uint64_t RecordWriter::bytes_left() const {
  if (!under_way_) return 0;
  std::uint64_t read = offset_;
  for (std::size_t i = 0; i < piece_; ++i)
    read += i == 0 ? record_.table.size() : record_.data[i - 1].size();
  return record_.length() - read;
}

}  // namespace mdevsim::state
