#include "sim/state/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "sim/state/block.h"

namespace mdevsim::state {
namespace {

using State = MigrationState;

// What is delivered at once, at most; and how much keeps whoever takes it busy for long enough that
// waking another thread pays.
constexpr std::size_t kDeliveredBytesMax = std::size_t{1} << 20;
constexpr std::size_t kDeliveredBytesLong = kDeliveredBytesMax / 2;
// How much that thread copies beyond: it is woken when the next delivery would have to wait, and
// has time for two. In pieces whose copies stay in the cache, from which they are taken soon.
constexpr std::size_t kAheadBytesMax = 2 * kDeliveredBytesMax;
constexpr std::size_t kAheadBytesMin = kDeliveredBytesMax;
constexpr std::size_t kAheadPieceBytes = kStreamedBytesMin - kPageBytes;
// Whole huge pages: the kernel finds its way in them sooner.
constexpr std::size_t kRingBytes = std::size_t{4} << 20;
static_assert(kRingBytes >= kDeliveredBytesMax + kAheadBytesMax);

bool allows(const model::StreamOptions& allowed, const model::StreamOptions& wanted) {
  return (stream_bits(wanted) & ~stream_bits(allowed)) == 0;
}

}  // namespace

Migration::Migration(DeviceState& device) : device_(&device) { device_->set_running(true); }

bool Migration::in_pre_copy() const {
  return state_ == State::pre_copy || state_ == State::pre_copy_p2p;
}

Result<StreamId> Migration::set_state(MigrationState wanted) {
  if (!features().stop_copy) return fail(Errc::not_tty, "the device cannot be migrated");
  TRY_SET(const MigrationPath path, path_between(features(), state_, wanted));
  for (const MigrationStep& step : path.steps()) {
    if (auto taken = take(step); !taken) return tl::unexpected(std::move(taken).error());
  }
  return path.opens_stream() ? stream_ : StreamId::none;
}

Result<void> Migration::take(const MigrationStep& step) {
  switch (step.effect) {
    case StreamEffect::none:
    case StreamEffect::keep:
      break;
    case StreamEffect::open_saving:
      if (auto opened = open_saving(step.to); !opened) return opened;
      break;
    case StreamEffect::open_resuming:
      open_resuming();
      break;
    case StreamEffect::load:
      if (!decoder_->is_complete())
        return fail(Errc::invalid, "what was written in RESUMING is not a whole state");
      device_->dirty_log().forget();
      close();
      break;
    case StreamEffect::close:
      close();
      break;
  }
  enter(step.to);
  return {};
}

void Migration::enter(MigrationState state) {
  state_ = state;
  device_->set_running(is_running(state));
}

// What is written from here on is dirty; what is there is sent first.
Result<void> Migration::open_saving(State state) {
  TRY_SET(StreamEncoder encoder, StreamEncoder::create(*device_, options_));
  encoder_ = std::make_unique<StreamEncoder>(std::move(encoder));
  device_->dirty_log().forget();
  encoder_->add_all();
  if (state != State::stop_copy) encoder_->add_round_mark();
  first_round_ = true;
  round_ends_ = true;
  stream_ = StreamId{++streams_};
  return {};
}

void Migration::open_resuming() {
  decoder_ = std::make_unique<StreamDecoder>(*device_);
  stream_ = StreamId{++streams_};
}

void Migration::close() {
  ahead_ = {};
  encoder_.reset();
  decoder_.reset();
  stream_ = StreamId::none;
}

Result<void> Migration::advance(std::int64_t now_us) {
  auto advanced = device_->advance(now_us);
  if (!advanced) fail_device();
  return advanced;
}

Result<void> Migration::use(const model::StreamOptions& options) {
  if (stream_ != StreamId::none) return fail(Errc::busy, "a stream is open");
  if (!allows(device_->spec().stream, options))
    return fail(Errc::invalid, "the model does not allow that in its streams");
  options_ = options;
  return {};
}

Result<void> Migration::check_stream(StreamId stream, Stream wanted) const {
  if (stream == StreamId::none || stream != stream_)
    return fail(Errc::no_device, "the session that the stream belonged to has ended");
  if (stream_of(state_) != wanted) return fail(Errc::bad_file, "the stream goes the other way");
  return {};
}

// All is read that was asked for: in pre-copy the round ends, in STOP_COPY what is left follows.
Result<void> Migration::begin_more() {
  if (in_pre_copy() && std::exchange(round_ends_, false)) {
    first_round_ = false;
    return fail(Errc::no_message, "all that was dirty at the beginning of the round was read");
  }
  device_->dirty_log().collect(dirty_);
  const bool more = !dirty_.empty();
  if (more) encoder_->add(dirty_);
  if (in_pre_copy()) {
    if (!more) return fail(Errc::no_message, "nothing was written since");
    round_ends_ = true;
    encoder_->add_round_mark();
  } else {
    encoder_->add_end();
  }
  return {};
}

Result<std::size_t> Migration::read(StreamId stream, Bytes out) {
  if (auto checked = check_stream(stream, Stream::saving); !checked)
    return tl::unexpected(std::move(checked).error());
  std::size_t filled = take_ahead(out);
  while (filled < out.size()) {
    filled += encoder_->read(out.subspan(filled), executor());
    if (filled == out.size() || encoder_->has_ended()) break;
    if (filled != 0 && in_pre_copy()) break;  // the temporary end is the next call's
    if (auto begun = begin_more(); !begun) return tl::unexpected(std::move(begun).error());
  }
  return filled;
}

// What was copied ahead of a read that does not come that way.
std::size_t Migration::take_ahead(Bytes out) {
  std::size_t taken = 0;
  for (const ConstBytes piece : ahead_.front(std::min(ahead_.size(), out.size()))) {
    if (!piece.empty()) std::memcpy(&out[taken], piece.data(), piece.size());
    taken += piece.size();
  }
  ahead_.pop(taken);
  return taken;
}

// Until there are so many bytes ahead, or all that was asked for, or until it is over. What is
// copied may be written to before it is delivered: it is dirty then, and sent again.
void Migration::copy_ahead(std::size_t bytes, const std::atomic<bool>& is_over) {
  while (ahead_.size() < bytes && !is_over.load(std::memory_order_relaxed)) {
    const Bytes room = ahead_.room();
    const std::size_t copied = encoder_->read(
        room.first(std::min({room.size(), bytes - ahead_.size(), kAheadPieceBytes})));
    if (copied == 0) return;
    ahead_.push(copied);
  }
}

// Where nothing was copied ahead: what a delivery of so many bytes begins with.
Result<void> Migration::copy_first(StreamId stream, std::size_t bytes) {
  if (ahead_.capacity() == 0) {
    const bool is_large = encoder_->pending_bytes() >= kRingBytes;
    TRY_SET(ahead_,
            ByteRing::create(kRingBytes, is_large ? Arena::Pages::huge : Arena::Pages::small));
  }
  // The kernel cuts a long read where a page of the reader's ends. It copies a page in one go when
  // one of ours ends there, too.
  if (bytes >= kDeliveredBytesLong) ahead_.begin_at(-bytes % kPageBytes);
  const Bytes room = ahead_.room();
  TRY_SET(const std::size_t copied,
          read(stream, room.first(std::min({room.size(), bytes, kAheadPieceBytes}))));
  ahead_.push(copied);
  return {};
}

Result<void> Migration::deliver(StreamId stream, std::size_t bytes, const Deliver& deliver) {
  if (auto checked = check_stream(stream, Stream::saving); !checked) return checked;
  bytes = std::min(bytes, kDeliveredBytesMax);
  const bool is_long = bytes >= kDeliveredBytesLong;
  if (ahead_.empty()) {
    if (auto copied = copy_first(stream, bytes); !copied) return copied;
  }
  std::atomic<bool> is_delivered = false;
  copy_ahead(bytes, is_delivered);
  bytes = std::min(bytes, ahead_.size());
  const auto front = ahead_.front(bytes);
  const auto end = std::find_if(front.begin(), front.end(), std::mem_fn(&ConstBytes::empty));
  const std::span<const ConstBytes> pieces(front.begin(), end);
  const bool copies = is_long && ahead_.size() - bytes < kAheadBytesMin && !encoder_->is_idle();
  // A device that runs changes, and what is sent of it must not depend on how far a thread gets.
  const bool may_stop = !is_running(state_);
  executor().run(copies ? 2 : 1, [&](std::size_t task) {
    if (task == 0) {
      deliver(pieces);
      is_delivered = may_stop;
    } else {
      copy_ahead(bytes + kAheadBytesMax, is_delivered);
    }
  });
  ahead_.pop(bytes);
  return {};
}

Result<void> Migration::gather(StreamId stream, std::vector<ConstBytes>& pieces) {
  if (auto checked = check_stream(stream, Stream::saving); !checked) return checked;
  if (!ahead_.empty()) {
    const ConstBytes piece = ahead_.front(ahead_.size())[0];
    pieces.assign(1, piece);
    ahead_.pop(piece.size());
    return {};
  }
  encoder_->gather(pieces);
  if (!pieces.empty() || encoder_->has_ended()) return {};
  if (auto begun = begin_more(); !begun) return begun;
  encoder_->gather(pieces);
  return {};
}

Result<std::size_t> Migration::write(StreamId stream, ConstBytes in) {
  if (auto checked = check_stream(stream, Stream::resuming); !checked)
    return tl::unexpected(std::move(checked).error());
  if (auto written = decoder_->write(in, executor()); !written)
    return tl::unexpected(std::move(written).error());
  return in.size();
}

Result<PrecopyInfo> Migration::precopy_info(StreamId stream) const {
  if (auto checked = check_stream(stream, Stream::saving); !checked)
    return tl::unexpected(std::move(checked).error());
  if (!in_pre_copy()) return fail(Errc::invalid, "the device is not in a state of pre-copy");
  const std::uint64_t dirty = device_->dirty_log().dirty_pages() * kPageBytes;
  const std::uint64_t pending = ahead_.size() + encoder_->pending_bytes();
  if (first_round_) return PrecopyInfo{pending, dirty};
  return PrecopyInfo{0, dirty + pending};
}

std::uint64_t Migration::stop_copy_bytes() const {
  const std::uint64_t around =
      sizeof(StreamHeader) + 2 * record_bytes(0, device_->identity().size());
  if (!encoder_) return around + device_->memory().committed_bytes();
  const std::uint64_t dirty = device_->dirty_log().dirty_pages() * kPageBytes;
  const std::uint64_t end = encoder_->has_ended() ? 0 : record_bytes(0, sizeof(EndData));
  return ahead_.size() + encoder_->pending_bytes() + dirty + end;
}

StreamCounts Migration::counts() const { return encoder_ ? encoder_->counts() : StreamCounts{}; }

Result<Digest> Migration::digest() const {
  if (state_ == State::resuming) return fail(Errc::busy, "the state is being loaded");
  return device_->digest();
}

void Migration::fail_device() {
  close();
  enter(State::error);
}

Result<void> Migration::reset() {
  close();
  auto done = device_->reset();
  enter(done ? State::running : State::error);
  return done;
}

}  // namespace mdevsim::state
