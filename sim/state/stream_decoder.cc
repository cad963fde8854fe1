#include "sim/state/stream_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>
#include <utility>

#include "sim/base/check.h"
#include "sim/state/block.h"
#include "sim/state/delta.h"
#include "sim/state/digest.h"

namespace mdevsim::state {
namespace {

constexpr std::size_t kRecordsTogether = 8;  // for each thread

// What a record of each tag may hold.
struct TagRule {
  RecordTag tag;
  std::uint32_t runs_max;
  bool has_pages;         // its runs are pages of a section
  std::uint32_t options;  // of the stream's header that it needs
};

constexpr TagRule kTagRules[] = {
    {RecordTag::device, 0, false, 0},
    {RecordTag::pages, kRecordPagesMax, true, 0},
    {RecordTag::zeros, kRecordRunsMax, true, 0},
    {RecordTag::lz4, kRecordPagesMax, true, kStreamLz4},
    {RecordTag::zstd, kRecordPagesMax, true, kStreamZstd},
    {RecordTag::delta, kRecordPagesMax, true, kStreamDelta},
    {RecordTag::round, 0, false, 0},
    {RecordTag::end, 0, false, 0},
};

const TagRule* rule_of(std::uint16_t tag) {
  for (const TagRule& rule : kTagRules) {
    if (static_cast<std::uint16_t>(rule.tag) == tag) return &rule;
  }
  return nullptr;
}

template <typename T>
T value_of(ConstBytes bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

}  // namespace

std::uint32_t stream_bits(const model::StreamOptions& options) {
  return (options.lz4 ? kStreamLz4 : 0) | (options.zstd ? kStreamZstd : 0) |
         (options.delta ? kStreamDelta : 0) | (options.unchecked ? kStreamUnchecked : 0);
}

StreamDecoder::StreamDecoder(DeviceState& state)
    : state_(&state),
      covered_((state.layout().pages() + 63) / 64),
      pages_left_(state.layout().pages()) {}

tl::unexpected<Error> StreamDecoder::refuse(std::string_view why) const {
  return fail(Errc::fault, fmt::format("stream, record {}: {}", number_, why));
}

Result<void> StreamDecoder::write(ConstBytes in) {
  InlineExecutor executor;
  return write(in, executor);
}

Result<void> StreamDecoder::write(ConstBytes in, Executor& executor) {
  while (!in.empty() && phase_ != Phase::refused) {
    const std::size_t before = in.size();
    auto stepped = step(in);
    if (stepped && executor.width() > 1) put_off(in);
    bytes_ += before - in.size();
    if (stepped && is_time_to_copy(executor)) stepped = copy_together(executor);
    if (!stepped) refuse_all(std::move(stepped).error());
  }
  if (phase_ != Phase::refused) {
    if (auto copied = copy_together(executor); !copied) refuse_all(std::move(copied).error());
  }
  if (phase_ == Phase::refused) return tl::unexpected(error_);
  return {};
}

void StreamDecoder::refuse_all(Error error) {
  error_ = std::move(error);
  phase_ = Phase::refused;
  copies_.clear();
}

// A record of pages whose bytes are all here is copied together with others, unless it sends pages
// again, which must be copied in order.
void StreamDecoder::put_off(ConstBytes& in) {
  const std::size_t tail = record_.length - table_bytes(record_.count) - record_.data_bytes;
  if (phase_ != Phase::data || sink_ != Sink::memory || data_left_ != record_.data_bytes ||
      in.size() < data_left_ + tail)
    return;
  for (const RecordRun& run : runs_) {
    for (std::uint32_t page = 0; page < run.count; ++page) {
      if (is_covered(first_page(run) + page)) return;
    }
  }
  for (const RecordRun& run : runs_) cover(first_page(run), run.count);
  copies_.push_back({std::move(targets_), in.first(data_left_), in.subspan(data_left_, tail),
                     checksum_, number_});
  targets_ = {};
  in = in.subspan(data_left_ + tail);
  phase_ = Phase::record;
  ++number_;
}

// Before anything else than more of them.
bool StreamDecoder::is_time_to_copy(const Executor& executor) const {
  return !copies_.empty() &&
         (copies_.size() == kRecordsTogether * executor.width() ||
          (phase_ != Phase::record && phase_ != Phase::table) ||
          (phase_ == Phase::table && record_.tag != static_cast<std::uint16_t>(RecordTag::pages)));
}

Result<void> StreamDecoder::copy_together(Executor& executor) {
  const bool checks = checks_pages();
  executor.run(copies_.size(), [&](std::size_t i) {
    Copy& copy_of = copies_[i];
    ConstBytes rest = copy_of.data;
    for (const Bytes target : copy_of.targets) {
      const ConstBytes part = rest.first(target.size());
      if (checks) {
        copy_of.checksum = copy_with_crc32c(target, part, copy_of.checksum);
      } else {
        copy(target, part);
      }
      rest = rest.subspan(part.size());
    }
    copy_of.checksum =
        crc32c(copy_of.tail.first(copy_of.tail.size() - sizeof(std::uint32_t)), copy_of.checksum);
  });
  for (const Copy& copy_of : copies_) {
    if (value_of<std::uint32_t>(copy_of.tail.last(sizeof(std::uint32_t))) != copy_of.checksum)
      return fail(Errc::fault, fmt::format("stream, record {}: it is damaged", copy_of.number));
    digest_ = chain_digest(digest_, copy_of.checksum);
  }
  copies_.clear();
  return {};
}

// Takes some of the bytes.
Result<void> StreamDecoder::step(ConstBytes& in) {
  switch (phase_) {
    case Phase::header:
      return gather(in, sizeof(StreamHeader)) ? take_header() : Result<void>();
    case Phase::record:
      return gather(in, sizeof(RecordHeader)) ? take_record_header() : Result<void>();
    case Phase::table:
      return gather(in, table_bytes(record_.count)) ? take_table() : Result<void>();
    case Phase::data:
      return take_data(in);
    case Phase::tail:
      return gather(in, record_.length - table_bytes(record_.count) - record_.data_bytes)
                 ? take_tail()
                 : Result<void>();
    case Phase::done:
      return fail(Errc::no_memory, "stream: there are bytes behind its end");
    case Phase::refused:
      break;
  }
  return tl::unexpected(error_);
}

// Collects until there are so many bytes.
bool StreamDecoder::gather(ConstBytes& in, std::size_t bytes) {
  const ConstBytes part = in.first(std::min(in.size(), bytes - gathered_.size()));
  gathered_.insert(gathered_.end(), part.begin(), part.end());
  in = in.subspan(part.size());
  return gathered_.size() == bytes;
}

Result<void> StreamDecoder::take_header() {
  header_ = value_of<StreamHeader>(gathered_);
  gathered_.clear();
  if (header_.magic != kStreamMagic) return refuse("this is no stream of mdevsim");
  if (header_.version != kStreamVersion)
    return refuse(
        fmt::format("version {} of the format is not {}", header_.version, kStreamVersion));
  if (crc32c(bytes_of(header_).first(offsetof(StreamHeader, checksum))) != header_.checksum)
    return refuse("the header is damaged");
  const std::uint32_t allowed = stream_bits(state_->spec().stream);
  if ((header_.options & ~allowed) != 0)
    return refuse("it uses compression or differences that the target's model does not allow");
  phase_ = Phase::record;
  return {};
}

Result<void> StreamDecoder::take_record_header() {
  record_ = value_of<RecordHeader>(gathered_);
  if (record_.number != number_) return refuse("another record was due");
  const TagRule* rule = rule_of(record_.tag);
  const bool is_optional = (record_.flags & kRecordOptional) != 0;
  if (rule == nullptr && !is_optional)
    return refuse(fmt::format("nothing is known of records with the tag {}", record_.tag));
  const std::size_t limit = kRecordBytesMax;
  if (record_.length > limit || record_.count > limit || record_.data_bytes > limit ||
      record_.length != record_bytes(record_.count, record_.data_bytes))
    return refuse("its length is wrong");
  if (rule != nullptr) {
    if (record_.count > rule->runs_max || (record_.count == 0) == rule->has_pages ||
        (rule->options & ~header_.options) != 0)
      return refuse("it holds what such a record does not");
    if ((number_ == 0) != (rule->tag == RecordTag::device))
      return refuse("the first record, and no other, tells the device");
  } else if (number_ == 0) {
    return refuse("the first record tells the device");
  }
  section_ = nullptr;
  phase_ = Phase::table;
  return {};
}

// The runs are pages of the section, in ascending order, none of them twice.
Result<void> StreamDecoder::check_runs() {
  if (record_.section >= sections_.size()) return refuse("there is no such section");
  section_ = sections_[record_.section];
  const bool is_delta = record_.tag == static_cast<std::uint16_t>(RecordTag::delta);
  std::uint64_t end = 0;
  std::uint64_t pages = 0;
  std::uint64_t delta_bytes = 0;
  for (const RecordRun& run : runs_) {
    const std::uint32_t count = is_delta ? 1 : run.count;
    if (run.first < end || run.count == 0 || run.first >= section_->pages ||
        count > section_->pages - run.first)
      return refuse("its pages are not those of the section, in ascending order");
    end = std::uint64_t{run.first} + count;
    pages += count;
    delta_bytes += run.count;
  }
  const auto tag = static_cast<RecordTag>(record_.tag);
  const std::uint64_t data_bytes = tag == RecordTag::zeros   ? 0
                                   : tag == RecordTag::delta ? delta_bytes
                                   : tag == RecordTag::pages ? pages * kPageBytes
                                                             : record_.data_bytes;
  if (data_bytes != record_.data_bytes || (tag != RecordTag::zeros && pages > kRecordPagesMax))
    return refuse("its data is not of as many pages as it says");
  return {};
}

Result<void> StreamDecoder::take_table() {
  checksum_ = crc32c(gathered_);
  const TagRule* rule = rule_of(record_.tag);
  runs_.clear();
  targets_.clear();
  target_ = target_offset_ = 0;
  sink_ = rule == nullptr ? Sink::nowhere : Sink::staging;
  if (rule != nullptr && rule->has_pages) {
    runs_.resize(record_.count);
    std::memcpy(runs_.data(), gathered_.data() + sizeof(RecordHeader),
                runs_.size() * sizeof(RecordRun));
    if (auto checked = check_runs(); !checked) return checked;
    if (rule->tag == RecordTag::pages) {
      if (auto prepared = prepare_memory(); !prepared) return prepared;
      sink_ = Sink::memory;
    }
  }
  gathered_.clear();
  staging_.clear();
  if (sink_ == Sink::staging) staging_.reserve(record_.data_bytes);
  data_left_ = record_.data_bytes;
  phase_ = data_left_ == 0 ? Phase::tail : Phase::data;
  return {};
}

Bytes StreamDecoder::memory_of(const RecordRun& run) {
  return state_->memory().bytes().subspan(std::size_t{first_page(run)} * kPageBytes,
                                          std::size_t{run.count} * kPageBytes);
}

Result<void> StreamDecoder::prepare_memory() {
  for (const RecordRun& run : runs_) {
    if (auto committed = state_->memory().commit(
            {std::size_t{first_page(run)} * kPageBytes, std::size_t{run.count} * kPageBytes});
        !committed)
      return committed;
    targets_.push_back(memory_of(run));
  }
  return {};
}

Result<void> StreamDecoder::take_data(ConstBytes& in) {
  ConstBytes part = in.first(std::min(in.size(), data_left_));
  if (sink_ == Sink::memory) {
    const Bytes rest = targets_[target_].subspan(target_offset_);
    part = part.first(std::min(part.size(), rest.size()));
    if (checks_pages()) {
      checksum_ = copy_with_crc32c(rest.first(part.size()), part, checksum_);
    } else {
      copy(rest.first(part.size()), part);
    }
    target_offset_ += part.size();
    if (part.size() == rest.size()) {
      ++target_;
      target_offset_ = 0;
    }
  } else {
    checksum_ = crc32c(part, checksum_);
    if (sink_ == Sink::staging) staging_.insert(staging_.end(), part.begin(), part.end());
  }
  in = in.subspan(part.size());
  data_left_ -= part.size();
  if (data_left_ == 0) phase_ = Phase::tail;
  return {};
}

Result<void> StreamDecoder::take_tail() {
  const ConstBytes tail = gathered_;
  const std::size_t zeros = tail.size() - sizeof(std::uint32_t);
  checksum_ = crc32c(tail.first(zeros), checksum_);
  if (value_of<std::uint32_t>(tail.subspan(zeros)) != checksum_) return refuse("it is damaged");
  gathered_.clear();
  phase_ = Phase::record;
  if (auto acted = act(); !acted) return acted;
  digest_ = chain_digest(digest_, checksum_);
  ++number_;
  return {};
}

Result<void> StreamDecoder::act() {
  if (sink_ == Sink::nowhere) return {};
  switch (static_cast<RecordTag>(record_.tag)) {
    case RecordTag::device:
      return take_device();
    case RecordTag::pages:
      for (const RecordRun& run : runs_) cover(first_page(run), run.count);
      return {};
    case RecordTag::zeros:
      return take_zeros();
    case RecordTag::lz4:
      return take_compressed(Compression::lz4);
    case RecordTag::zstd:
      return take_compressed(Compression::zstd);
    case RecordTag::delta:
      return take_differences();
    case RecordTag::round:
      ++rounds_;
      return {};
    case RecordTag::end:
      return take_end();
  }
  return {};
}

Result<void> StreamDecoder::take_device() {
  const std::string_view text(reinterpret_cast<const char*>(staging_.data()), staging_.size());
  TRY_SET(const Identity source, parse_identity(text));
  TRY_SET(sections_, admit(source, state_->device(), state_->layout()));
  if (header_.sections != sections_.size() || header_.state_bytes != state_->layout().state_bytes())
    return refuse("the header and the device record tell different sizes");
  return {};
}

Result<void> StreamDecoder::take_zeros() {
  for (const RecordRun& run : runs_) {
    state_->memory().clear(
        {std::size_t{first_page(run)} * kPageBytes, std::size_t{run.count} * kPageBytes});
    cover(first_page(run), run.count);
  }
  return {};
}

Result<void> StreamDecoder::take_compressed(Compression compression) {
  std::size_t pages = 0;
  for (const RecordRun& run : runs_) pages += run.count;
  std::optional<Decompressor>& decompressor = compression == Compression::lz4 ? lz4_ : zstd_;
  if (!decompressor) decompressor.emplace(compression);
  block_.resize(pages * kPageBytes);
  if (!decompressor->decompress(staging_, block_)) return refuse("it cannot be decompressed");
  if (auto prepared = prepare_memory(); !prepared) return prepared;
  ConstBytes rest = block_;
  for (const RecordRun& run : runs_) {
    const Bytes target = memory_of(run);
    std::memcpy(target.data(), rest.data(), target.size());
    rest = rest.subspan(target.size());
    cover(first_page(run), run.count);
  }
  return {};
}

Result<void> StreamDecoder::take_differences() {
  ConstBytes rest = staging_;
  for (const RecordRun& run : runs_) {
    if (!is_covered(first_page(run))) return refuse("it changes a page that was not sent");
    const RecordRun page = {run.first, 1};
    if (auto committed =
            state_->memory().commit({std::size_t{first_page(page)} * kPageBytes, kPageBytes});
        !committed)
      return committed;
    if (!apply_delta(memory_of(page), rest.first(run.count)))
      return refuse("a difference is damaged");
    rest = rest.subspan(run.count);
  }
  return {};
}

Result<void> StreamDecoder::take_end() {
  if (staging_.size() != sizeof(EndData)) return refuse("its length is wrong");
  const auto end = value_of<EndData>(staging_);
  if (end.records != number_ || end.digest != digest_)
    return refuse("the stream is not the one that was sent");
  if (pages_left_ != 0) return refuse(fmt::format("{} pages were not sent", pages_left_));
  for (const Section& section : state_->layout().sections()) {
    const std::size_t filled = std::size_t{section.pages} * kPageBytes - section.bytes;
    if (!is_zero(
            ConstBytes(state_->memory().bytes()).subspan(section.offset() + section.bytes, filled)))
      return refuse("there is something behind the end of a section");
  }
  phase_ = Phase::done;
  return {};
}

void StreamDecoder::cover(std::uint32_t first, std::uint32_t count) {
  for (std::uint32_t page = first; page < first + count;) {
    std::uint64_t& word = covered_[page / 64];
    const std::uint32_t bit = page % 64;
    const std::uint32_t bits = std::min(64 - bit, first + count - page);
    const std::uint64_t mask = (~std::uint64_t{0} >> (64 - bits)) << bit;
    pages_left_ -= static_cast<std::uint64_t>(std::popcount(mask & ~word));
    word |= mask;
    page += bits;
  }
}

bool StreamDecoder::is_covered(std::uint32_t page) const {
  return ((covered_[page / 64] >> (page % 64)) & 1) != 0;
}

}  // namespace mdevsim::state
