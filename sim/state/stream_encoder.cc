#include "sim/state/stream_encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "sim/base/check.h"
#include "sim/base/limits.h"
#include "sim/state/delta.h"

namespace mdevsim::state {
namespace {

constexpr std::size_t kRecordsTogether = 8;  // for each thread
constexpr std::size_t kRunsAhead = 16;       // whose first bytes are asked for, as it takes a while
constexpr std::uint32_t kScanPages = 64;     // what ZeroScan takes at once

std::optional<Compressor> compressor_for(const model::StreamOptions& options) {
  if (options.zstd) return Compressor(Compression::zstd);
  if (options.lz4) return Compressor(Compression::lz4);
  return std::nullopt;
}

void add_run(std::vector<RecordRun>& runs, std::uint32_t first, std::uint32_t count) {
  if (!runs.empty() && runs.back().first + runs.back().count == first) {
    runs.back().count += count;
  } else {
    runs.push_back({first, count});
  }
}

}  // namespace

Result<StreamEncoder> StreamEncoder::create(const DeviceState& state,
                                            const model::StreamOptions& options) {
  if (record_bytes(0, state.identity().size()) > kRecordBytesMax)
    return fail(Errc::overflow, "the names and values of the device do not fit into a record");
  return StreamEncoder(state, options);
}

StreamEncoder::StreamEncoder(const DeviceState& state, const model::StreamOptions& options)
    : state_(&state),
      options_(options),
      writer_(!options.unchecked),
      cache_(options.delta ? kDeltaCacheBytesMax : 0),
      compressor_(compressor_for(options)) {}

void StreamEncoder::add_all() {
  committed_ = {};
  zero_scan_.forget();
  queue_.add_all(state_->layout().pages());
}

void StreamEncoder::add(DirtyRuns& runs) {
  // What is dirty was written; but sparse memory that was reset is dirty and may be hole.
  const DeviceMemory& memory = state_->memory();
  committed_ = memory.sparse() ? Extent{} : Extent{0, memory.size()};
  sends_again_ = true;
  zero_scan_.forget();
  queue_.add(runs);
}

void StreamEncoder::add_round_mark() { mark_round_ = true; }

void StreamEncoder::add_end() { end_ = true; }

bool StreamEncoder::is_idle() const {
  return stage_ == Stage::pages && !writer_.is_under_way() && queue_.empty() &&
         data_runs_.empty() && zero_runs_.empty() && !mark_round_ && end_ == ended_;
}

std::uint64_t StreamEncoder::pending_bytes() const {
  std::uint64_t bytes = writer_.bytes_left() + (queue_.pages() + data_pages_) * kPageBytes;
  if (stage_ == Stage::header) bytes += sizeof(StreamHeader);
  if (stage_ != Stage::pages) bytes += record_bytes(0, state_->identity().size());
  return bytes;
}

std::size_t StreamEncoder::read(Bytes out) {
  InlineExecutor alone;
  return read(out, alone);
}

bool StreamEncoder::has_pages() const {
  return stage_ == Stage::pages && (!queue_.empty() || !data_runs_.empty() || !zero_runs_.empty());
}

std::size_t StreamEncoder::read(Bytes out, Executor& executor) {
  const bool in_place = !compressor_ && !options_.delta;  // records do not share what they point to
  const bool together = in_place && executor.width() > 1;
  std::size_t filled = 0;
  for (;;) {
    if (together) filled += read_together(out.subspan(filled), executor);
    if (filled == out.size() || !(writer_.is_under_way() || begin_next(executor))) return filled;
    filled += writer_.read(out.subspan(filled));
  }
}

// Some whole records of pages; none when one is under way, or when there is no room.
std::size_t StreamEncoder::read_together(Bytes out, Executor& executor) {
  std::vector<Record> records;
  std::vector<Bytes> places;
  std::size_t filled = 0;
  while (!writer_.is_under_way() && has_pages() && out.size() - filled >= kRecordBytesMax &&
         records.size() < kRecordsTogether * executor.width() && begin_next(executor)) {
    records.push_back(writer_.take());
    places.push_back(out.subspan(filled, records.back().length()));
    filled += records.back().length();
  }
  std::vector<std::uint32_t> checksums(records.size());
  executor.run(records.size(),
               [&](std::size_t i) { checksums[i] = records[i].copy_to(places[i]); });
  for (const std::uint32_t checksum : checksums) writer_.settle(checksum);
  return filled;
}

void StreamEncoder::gather(std::vector<ConstBytes>& pieces) {
  InlineExecutor alone;
  pieces.clear();
  if (writer_.is_under_way() || begin_next(alone)) writer_.gather(pieces);
}

// Begins the next record; false when there is nothing to be sent.
bool StreamEncoder::begin_next(Executor& executor) {
  if (stage_ == Stage::header) {
    StreamHeader header;
    header.options = stream_bits(options_);
    header.state_bytes = state_->layout().state_bytes();
    header.sections = static_cast<std::uint32_t>(state_->layout().sections().size());
    writer_.begin_header(header);
    stage_ = Stage::device;
    return true;
  }
  if (stage_ == Stage::device) {
    begin_text(RecordTag::device, 0, std::as_bytes(std::span(state_->identity())));
    stage_ = Stage::pages;
    return true;
  }
  if (differences_taken_ && begin_data()) return true;  // what was left of them
  while (!queue_.empty()) {
    if (begin_from_queue(executor)) return true;
  }
  if (begin_data() || begin_zeros()) return true;
  if (mark_round_) {
    mark_round_ = false;
    ++round_;
    begin_text(RecordTag::round, kRecordOptional, bytes_of(round_));
    return true;
  }
  if (!end_ || ended_) return false;
  ended_ = true;
  end_data_ = {writer_.number(), writer_.digest()};
  begin_text(RecordTag::end, 0, bytes_of(end_data_));
  return true;
}

void StreamEncoder::begin_text(RecordTag tag, std::uint16_t flags, ConstBytes text) {
  pieces_.assign(1, text);
  writer_.begin(tag, flags, 0, {}, pieces_);
}

// Takes some pages out of the queue; begins a record when one is full, or when the next section
// begins.
bool StreamEncoder::begin_from_queue(Executor& executor) {
  const PageRun run = queue_.front();
  const auto& sections = state_->layout().sections();
  if (run.first < sections[section_].first_page ||
      run.first - sections[section_].first_page >= sections[section_].pages) {
    if (begin_data() || begin_zeros()) return true;
    const auto behind = std::upper_bound(
        sections.begin(), sections.end(), run.first,
        [](std::uint32_t page, const Section& section) { return page < section.first_page; });
    section_ = static_cast<std::uint32_t>(std::distance(sections.begin(), behind) - 1);
  }
  const Section& section = sections[section_];
  if (const PageRun soon = queue_.ahead(kRunsAhead); soon.end != 0)
    __builtin_prefetch(state_->memory().bytes().data() + soon.offset());
  const std::uint32_t first = run.first - section.first_page;
  std::uint32_t count = std::min(run.end, section.first_page + section.pages) - run.first;

  if (committed_.length == 0 || run.offset() >= committed_.end())
    committed_ = state_->memory().written_in({run.offset(), run.length()});
  const bool is_hole = committed_.length == 0 || run.offset() < committed_.offset;
  if (is_hole) {
    if (committed_.length != 0) {
      count = std::min(count,
                       static_cast<std::uint32_t>((committed_.offset - run.offset()) / kPageBytes));
    }
    add_run(zero_runs_, first, count);
    counts_.zero_pages += count;
  } else {
    const auto committed_end = static_cast<std::uint32_t>(committed_.end() / kPageBytes);
    count = std::min({count, kScanPages, kRecordPagesMax - data_pages_, committed_end - run.first});
    // Of a device that runs it must not depend on the number of threads what is seen of a page.
    InlineExecutor alone;
    take_data(first, count,
              zero_scan_.zeros(state_->memory().bytes(), {run.first, run.first + count},
                               std::min(run.end, committed_end),
                               state_->is_running() ? alone : executor));
  }
  queue_.pop(count);
  if (data_pages_ == kRecordPagesMax) return begin_data();
  return zero_runs_.size() > kRecordRunsMax - kScanPages && begin_zeros();
}

// Those of the pages that are zero are marked as such, the others are to be sent.
void StreamEncoder::take_data(std::uint32_t first, std::uint32_t count, std::uint64_t zeros) {
  for (std::uint32_t at = 0; at < count;) {
    const bool zero = ((zeros >> at) & 1) != 0;
    const std::uint64_t rest = (zero ? ~zeros : zeros) >> at;
    const auto length = std::min(static_cast<std::uint32_t>(std::countr_zero(rest)), count - at);
    if (zero) {
      take_zeros(first + at, length);
    } else {
      add_run(data_runs_, first + at, length);
      data_pages_ += length;
    }
    at += length;
  }
}

void StreamEncoder::take_zeros(std::uint32_t first, std::uint32_t count) {
  add_run(zero_runs_, first, count);
  counts_.zero_pages += count;
  if (!sends_again_) return;
  const std::uint32_t section_page = state_->layout().sections()[section_].first_page;
  for (std::uint32_t page = first; page < first + count; ++page) cache_.drop(section_page + page);
}

ConstBytes StreamEncoder::page_bytes(const RecordRun& run) const {
  const std::size_t at =
      std::size_t{state_->layout().sections()[section_].first_page + run.first} * kPageBytes;
  return state_->memory().bytes().subspan(at, std::size_t{run.count} * kPageBytes);
}

bool StreamEncoder::begin_data() {
  if (options_.delta && sends_again_ && !differences_taken_ && begin_differences()) return true;
  differences_taken_ = false;
  if (data_runs_.empty()) return false;
  if (copies_.empty()) {
    for (const RecordRun& run : data_runs_) pieces_.push_back(page_bytes(run));
  } else {
    pieces_.swap(copies_);
  }
  if (!compressor_ || !begin_compressed()) begin_pages();
  data_runs_.clear();
  data_pages_ = 0;
  copies_.clear();
  return true;
}

void StreamEncoder::begin_pages() {
  counts_.pages += data_pages_;
  writer_.begin(RecordTag::pages, 0, section_, data_runs_, pieces_);
}

// Splits data_runs_ into pages whose difference to what was sent is enough, and others, for which
// copies_ is filled. Begins a record of the former if there are any.
bool StreamEncoder::begin_differences() {
  std::vector<RecordRun> runs;
  runs.swap(data_runs_);
  data_pages_ = 0;
  delta_runs_.clear();
  delta_data_.clear();
  const std::uint32_t section_page = state_->layout().sections()[section_].first_page;
  for (const RecordRun& run : runs) {
    for (std::uint32_t page = run.first; page < run.first + run.count; ++page) {
      const ConstBytes bytes = page_bytes({page, 1});
      const std::size_t filled = delta_data_.size();
      delta_data_.resize(filled + kDeltaRoomBytes);
      const auto size =
          cache_.difference(section_page + page, bytes, Bytes(delta_data_).subspan(filled));
      delta_data_.resize(filled + size.value_or(0));
      if (size) {
        delta_runs_.push_back({page, static_cast<std::uint32_t>(*size)});
      } else {
        copies_.push_back(cache_.put(section_page + page, bytes));
        add_run(data_runs_, page, 1);
        ++data_pages_;
      }
    }
  }
  differences_taken_ = true;
  if (delta_runs_.empty()) return false;
  counts_.delta_pages += delta_runs_.size();
  pieces_.assign(1, delta_data_);
  writer_.begin(RecordTag::delta, 0, section_, delta_runs_, pieces_);
  return true;
}

// False when that would not make them smaller; then pieces_ is as it was.
bool StreamEncoder::begin_compressed() {
  block_.clear();
  for (const ConstBytes& piece : pieces_) block_.insert(block_.end(), piece.begin(), piece.end());
  compressed_.resize(block_.size() - kStreamAlignment);
  const auto size = compressor_->compress(block_, compressed_);
  if (!size) return false;
  counts_.compressed_pages += data_pages_;
  pieces_.assign(1, ConstBytes(compressed_).first(*size));
  writer_.begin(options_.zstd ? RecordTag::zstd : RecordTag::lz4, 0, section_, data_runs_, pieces_);
  return true;
}

bool StreamEncoder::begin_zeros() {
  if (zero_runs_.empty()) return false;
  pieces_.clear();
  writer_.begin(RecordTag::zeros, 0, section_, zero_runs_, pieces_);
  zero_runs_.clear();
  return true;
}

}  // namespace mdevsim::state
