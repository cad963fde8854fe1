// One device's migration: its state by VFIO's rules, and the stream that the state has.
//
// It has no clock and no thread: whoever owns it tells the device's state what time it is
// (DeviceState::advance) and lets one thread at a time call. A stream is addressed by its number,
// as a file that somebody opened is by its descriptor: when the session that it belonged to has
// ended, whoever still has the number gets ENODEV.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "sim/base/result.h"
#include "sim/state/byte_ring.h"
#include "sim/state/device_state.h"
#include "sim/state/migration_state.h"
#include "sim/state/stream_decoder.h"
#include "sim/state/stream_encoder.h"

namespace mdevsim::state {

// No stream has this number.
enum class StreamId : std::uint64_t { none = 0 };

struct PrecopyInfo {
  std::uint64_t initial_bytes = 0;  // of the first round, that are still to be read
  std::uint64_t dirty_bytes = 0;    // that changed since they were read, or are of a later round
};

class Migration {
 public:
  // A device that runs. Borrows its state.
  explicit Migration(DeviceState& device);

  MigrationState state() const { return state_; }
  const model::MigrationFeatures& features() const { return device_->spec().features; }
  StreamId stream() const { return stream_; }  // of the state; none where it has none
  DeviceState& device() { return *device_; }

  // Goes to the state, through those on the way. The number of a stream that is new, else none: as
  // vfio's data_fd. EINVAL when there is no way, or when what was written in RESUMING is not a
  // whole state; the device is then in the last state that it got to, as the kernel allows: it can
  // be asked. ENOTTY for a device that cannot be migrated.
  Result<StreamId> set_state(MigrationState wanted);

  // Works on to that time. When the device breaks down (ENOMEM) it is in ERROR.
  Result<void> advance(std::int64_t now_us);

  // What the next stream that is opened may hold beside plain pages; all off at first. EINVAL when
  // the model does not allow it, EBUSY while there is a stream.
  Result<void> use(const model::StreamOptions& options);

  // Has streams read and written by several threads, which this borrows, from now on.
  void share_out(Executor& executor) { executor_ = &executor; }

  // As much of `out` as there is. In the states of pre-copy ENOMSG where a round ends: all that was
  // dirty when it began was read, and the next call begins another one with what was written since.
  // In STOP_COPY 0 is the end. ENODEV for a stream whose session has ended, EBADF for one that is
  // written to.
  Result<std::size_t> read(StreamId stream, Bytes out);

  // As read(), at most so many bytes: delivered once, in pieces that are one behind the other, none
  // at the end. What comes next is copied while they are delivered, when there is a thread for it
  // and they are many: who reads on does not wait for it. While the device runs that is as much
  // each time, be there threads or not. ENOMEM when the machine has no memory for the copies: up to
  // 4 MiB, until the stream is closed.
  using Deliver = std::function<void(std::span<const ConstBytes>)>;
  Result<void> deliver(StreamId stream, std::size_t bytes, const Deliver& deliver);

  // As read(), but the next record in pieces, without a copy (see StreamEncoder::gather).
  Result<void> gather(StreamId stream, std::vector<ConstBytes>& pieces);

  // Takes all of it, or EFAULT when it is refused, ENOMEM behind the end of a stream or when the
  // device's memory cannot grow. After an error the stream stays refused, and leaving RESUMING is
  // EINVAL, until a reset. ENODEV and EBADF as read().
  Result<std::size_t> write(StreamId stream, ConstBytes in);

  // EINVAL outside of the states of pre-copy, ENODEV and EBADF as read().
  Result<PrecopyInfo> precopy_info(StreamId stream) const;

  // How many bytes are to be read in STOP_COPY, about: VFIO_DEVICE_FEATURE_MIG_DATA_SIZE. In any
  // state.
  std::uint64_t stop_copy_bytes() const;

  // What was put into records of the stream that is read; none: zeros.
  StreamCounts counts() const;

  // EBUSY while the state changes, by a workload or by what is written in RESUMING.
  Result<Digest> digest() const;

  // The device fails: it is in ERROR until a reset.
  void fail_device();

  // VFIO_DEVICE_RESET: RUNNING, with the contents that it was created with. From any state. ENOMEM
  // when they do not fit any more; the device is in ERROR then.
  Result<void> reset();

 private:
  Result<void> take(const MigrationStep& step);
  Result<void> open_saving(MigrationState state);
  void open_resuming();
  void close();
  void enter(MigrationState state);
  Result<void> check_stream(StreamId stream, Stream wanted) const;
  Executor& executor() { return executor_ != nullptr ? *executor_ : alone_; }
  bool in_pre_copy() const;
  Result<void> begin_more();
  Result<void> copy_first(StreamId stream, std::size_t bytes);
  void copy_ahead(std::size_t bytes, const std::atomic<bool>& is_over);
  std::size_t take_ahead(Bytes out);

  DeviceState* device_;
  MigrationState state_ = MigrationState::running;
  StreamId stream_ = StreamId::none;
  std::uint64_t streams_ = 0;  // that were opened

  model::StreamOptions options_;
  // Made for a session: few devices have one at a time, and the memory of the last one's is warm.
  std::unique_ptr<StreamEncoder> encoder_;
  ByteRing ahead_;  // of the stream: comes before what the encoder has
  bool first_round_ = true;
  bool round_ends_ = false;  // the temporary end is due, once all is read
  InlineExecutor alone_;
  Executor* executor_ = nullptr;  // none: alone_
  DirtyRuns dirty_;               // empty; kept for its memory
  std::unique_ptr<StreamDecoder> decoder_;
};

}  // namespace mdevsim::state
