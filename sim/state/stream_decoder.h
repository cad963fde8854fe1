// Loads a stream into a device's memory, as its bytes arrive, in pieces of any size. They may be
// anything: what is not a whole and undamaged state for this device is refused.
//
// Pages go to the device's memory at once, so a stream that is refused leaves the memory half
// loaded: the device must not run then until it is reset. Beside the memory it takes a bit for each
// page and at most four records, whatever the stream says.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/executor.h"
#include "sim/base/result.h"
#include "sim/state/compression.h"
#include "sim/state/device_state.h"
#include "sim/state/identity.h"
#include "sim/state/stream_format.h"

namespace mdevsim::state {

class StreamDecoder {
 public:
  // Borrows the state, which nobody else may change meanwhile.
  explicit StreamDecoder(DeviceState& state);

  // EFAULT when the stream is refused, ENOMEM when it goes on behind its end or when sparse memory
  // cannot grow. After an error every call answers with it.
  Result<void> write(ConstBytes in);
  // The same, with the copying of whole records shared out.
  Result<void> write(ConstBytes in, Executor& executor);

  // Whether the whole of a state was loaded.
  bool is_complete() const { return phase_ == Phase::done; }
  std::uint64_t bytes() const { return bytes_; }    // that were taken
  std::uint64_t rounds() const { return rounds_; }  // of pre-copy that ended

 private:
  enum class Phase : std::uint8_t { header, record, table, data, tail, done, refused };

  // Where the data of the record under way goes.
  enum class Sink : std::uint8_t { memory, staging, nowhere };

  // A record of pages that is copied together with others.
  struct Copy {
    std::vector<Bytes> targets;
    ConstBytes data;
    ConstBytes tail;
    std::uint32_t checksum = 0;
    std::uint32_t number = 0;
  };

  bool checks_pages() const { return (header_.options & kStreamUnchecked) == 0; }
  void put_off(ConstBytes& in);
  bool is_time_to_copy(const Executor& executor) const;
  Result<void> copy_together(Executor& executor);
  void refuse_all(Error error);
  bool gather(ConstBytes& in, std::size_t bytes);
  Result<void> take_header();
  Result<void> take_record_header();
  Result<void> take_table();
  Result<void> check_runs();
  Result<void> prepare_memory();
  Result<void> take_data(ConstBytes& in);
  Result<void> take_tail();
  Result<void> act();
  Result<void> take_device();
  Result<void> take_zeros();
  Result<void> take_compressed(Compression compression);
  Result<void> take_differences();
  Result<void> take_end();
  void cover(std::uint32_t first, std::uint32_t count);
  bool is_covered(std::uint32_t page) const;
  Result<void> step(ConstBytes& in);
  tl::unexpected<Error> refuse(std::string_view why) const;

  std::span<const RecordRun> runs() const { return {runs_.data(), runs_.size()}; }
  std::uint32_t first_page(const RecordRun& run) const { return section_->first_page + run.first; }
  Bytes memory_of(const RecordRun& run);

  DeviceState* state_;
  Phase phase_ = Phase::header;
  Error error_;  // when refused
  std::uint64_t bytes_ = 0;
  std::uint64_t rounds_ = 0;

  StreamHeader header_;
  std::vector<const Section*> sections_;  // of the target, by their place in the stream
  std::vector<std::uint64_t> covered_;    // a bit for each page that was sent
  std::uint64_t pages_left_ = 0;          // that were not

  // The record under way.
  std::vector<std::byte> gathered_;  // bytes of a header or table that is not complete
  RecordHeader record_;
  std::vector<RecordRun> runs_;
  const Section* section_ = nullptr;
  Sink sink_ = Sink::nowhere;
  std::vector<Copy> copies_;
  std::vector<Bytes> targets_;  // of the data, in the memory
  std::size_t target_ = 0;
  std::size_t target_offset_ = 0;
  std::vector<std::byte> staging_;
  std::size_t data_left_ = 0;
  std::uint32_t checksum_ = 0;

  std::uint32_t number_ = 0;  // of the record that is due
  std::uint64_t digest_ = 0;
  std::optional<Decompressor> lz4_;
  std::optional<Decompressor> zstd_;
  std::vector<std::byte> block_;  // decompressed
};

}  // namespace mdevsim::state
