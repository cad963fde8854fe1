// Makes a stream of a device's memory, without a copy of it: records point to the memory until
// somebody reads them.
//
// Whoever owns it says what is to be sent: first everything, then what was written since, as often
// as wanted, at last the end. What is written while a record is read must be sent again (the dirty
// log tells), and then replaces it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/executor.h"
#include "sim/base/result.h"
#include "sim/state/compression.h"
#include "sim/state/delta_cache.h"
#include "sim/state/device_state.h"
#include "sim/state/page_queue.h"
#include "sim/state/record_writer.h"
#include "sim/state/zero_scan.h"

namespace mdevsim::state {

// What was put into records so far.
struct StreamCounts {
  std::uint64_t pages = 0;  // as they are
  std::uint64_t zero_pages = 0;
  std::uint64_t compressed_pages = 0;
  std::uint64_t delta_pages = 0;

  friend bool operator==(const StreamCounts&, const StreamCounts&) = default;
};

class StreamEncoder {
 public:
  // Borrows the state. EOVERFLOW when what describes the device does not fit into a record.
  static Result<StreamEncoder> create(const DeviceState& state,
                                      const model::StreamOptions& options);

  // What is to be sent next, once all is read that was asked for before. `runs` gets others back.
  void add_all();
  void add(DirtyRuns& runs);
  void add_round_mark();  // behind those
  void add_end();

  // Copies what is to be sent into `out`; less than `out` when all is read.
  std::size_t read(Bytes out);

  // The same bytes, with work shared out: looking for pages that are zero, when the device does not
  // run, and the copying of whole records when pages go as they are.
  std::size_t read(Bytes out, Executor& executor);

  // Instead of read(): one record, or what is left of it, as pieces that stay until the next call;
  // no pieces when all is read. Nobody may write to the device until they are used.
  void gather(std::vector<ConstBytes>& pieces);

  // Whether all is read that was asked for.
  bool is_idle() const;
  bool has_ended() const { return is_idle() && ended_; }
  // How much is left to be read, about: zeros, differences and compression make it less.
  std::uint64_t pending_bytes() const;

  std::uint64_t bytes() const { return writer_.bytes(); }  // that were read
  const StreamCounts& counts() const { return counts_; }

 private:
  enum class Stage : std::uint8_t { header, device, pages };

  StreamEncoder(const DeviceState& state, const model::StreamOptions& options);

  ConstBytes page_bytes(const RecordRun& run) const;

  bool begin_next(Executor& executor);
  bool has_pages() const;
  std::size_t read_together(Bytes out, Executor& executor);
  bool begin_from_queue(Executor& executor);
  void take_data(std::uint32_t first, std::uint32_t count, std::uint64_t zeros);
  void take_zeros(std::uint32_t first, std::uint32_t count);
  bool begin_data();
  bool begin_differences();
  void begin_pages();
  bool begin_compressed();
  bool begin_zeros();
  void begin_text(RecordTag tag, std::uint16_t flags, ConstBytes text);

  const DeviceState* state_;
  model::StreamOptions options_;
  RecordWriter writer_;
  PageQueue queue_;
  Stage stage_ = Stage::header;
  bool mark_round_ = false;
  bool end_ = false;
  bool ended_ = false;
  std::uint64_t round_ = 0;  // how many ended
  EndData end_data_;
  bool sends_again_ = false;  // pages that were sent before
  StreamCounts counts_;

  // What the queue gave and no record has yet: pages of one section.
  std::uint32_t section_ = 0;
  std::vector<RecordRun> data_runs_;
  std::uint32_t data_pages_ = 0;
  std::vector<RecordRun> zero_runs_;
  Extent committed_;  // of the memory, where the queue is
  ZeroScan zero_scan_;
  std::vector<ConstBytes> pieces_;

  // With deltas.
  DeltaCache cache_;
  bool differences_taken_ = false;  // out of data_runs_
  std::vector<RecordRun> delta_runs_;
  std::vector<std::byte> delta_data_;
  std::vector<ConstBytes> copies_;  // of the pages of data_runs_, in their order

  // With compression.
  std::optional<Compressor> compressor_;
  std::vector<std::byte> block_;
  std::vector<std::byte> compressed_;
};

}  // namespace mdevsim::state
