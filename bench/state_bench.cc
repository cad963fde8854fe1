// What moving state is made of: copies with and without checksums, zero pages, dirty pages,
// differences. Single calls of sim/state, one thread, no stream (see stream_bench.cc).
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/benches.h"
#include "bench/plain_copy.h"
#include "bench/server_process.h"
#include "bench/state_material.h"
#include "sim/base/random.h"
#include "sim/state/block.h"
#include "sim/state/delta.h"
#include "sim/state/dirty_log.h"

namespace mdevsim::bench {
namespace {

using state::Bytes;
using state::ConstBytes;
using state::kPageBytes;

// The result of a measured call, kept so that the call is not optimised away.
volatile std::uint64_t g_kept = 0;

// Two warm arenas, the first filled.
struct Arenas {
  explicit Arenas(std::size_t bytes) : source(warm_memory(bytes)), target(warm_memory(bytes)) {
    fill_like_a_device(source.bytes());
  }
  ConstBytes from() const { return source.bytes(); }
  Bytes to() { return target.bytes(); }

  state::DeviceMemory source;
  state::DeviceMemory target;
};

void measure_copies(const Lab& lab) {
  Arenas arenas(state_bytes(lab));
  const ConstBytes from = arenas.from();
  const Bytes to = arenas.to();
  const PlainCopy best = best_plain_copy(lab, to, from);
  const auto floor = [&] { best.copy(to.data(), from.data(), from.size()); };
  const std::string against = fmt::format("against {}", best.name);
  lab.report().add(fmt::format("state: copy between warm arenas, {}", against), "GB/s",
                   rates(
                       lab, from.size(), [&] { state::copy(to, from); }, floor),
                   ratio_at_least(0.90));
  lab.report().add(
      fmt::format("state: copy and checksum in one pass, {}", against), "GB/s",
      rates(
          lab, from.size(), [&] { g_kept = state::copy_with_crc32c(to, from); }, floor),
      ratio_at_least(0.75));
  lab.report().add("state: checksum alone", "GB/s",
                   median_rate(lab, from.size(), [&] { g_kept = state::crc32c(from); }));
}

// 16 GiB, one bit a page; so many thousandths of the pages are dirty, here and there.
constexpr std::size_t kScannedBytes = std::size_t{16} << 30;

double scan_us(state::DirtyLog& log, state::DirtyRuns& runs, std::uint64_t dirty_per_mille) {
  Random random(dirty_per_mille);
  log.forget();
  for (std::uint64_t i = 0; i < log.pages() * dirty_per_mille / 1000; ++i) {
    log.mark((random.next() % log.pages()) * kPageBytes, 1);
  }
  return seconds_of([&] { log.collect(runs); }) * 1e6;
}

struct Scan {
  std::uint64_t dirty_per_mille;
  std::optional<Goal> goal;
};
const Scan kScans[] = {{0, value_at_most(10)}, {1, {}}, {10, value_at_most(100)}, {100, {}}};

void measure_dirty_scan(const Lab& lab) {
  state::DirtyLog log(kScannedBytes);
  state::DirtyRuns runs;
  for (const Scan& scan : kScans) {
    scan_us(log, runs, scan.dirty_per_mille);  // it has the memory that it needs from now on
    std::vector<double> values;
    for (int i = 0; i < 3 * lab.repetitions(); ++i) {
      values.push_back(scan_us(log, runs, scan.dirty_per_mille));
    }
    lab.report().add(fmt::format("state: scan of 16 GiB for dirty pages, {:.1f} % dirty",
                                 static_cast<double>(scan.dirty_per_mille) / 10),
                     "us", median(std::move(values)), scan.goal);
  }
}

// Registers of 16 KiB, written 8 bytes at a time wherever a guest likes. Whoever writes has them as
// a block of bytes and checks that it is a register.
struct Registers {
  state::DeviceMemory memory;
  state::DirtyLog log;

  bool write(std::size_t offset, std::uint64_t value) {
    const Bytes bytes = memory.bytes();
    if (offset > bytes.size() - sizeof(value) || offset % sizeof(value) != 0) return false;
    std::memcpy(&bytes[offset], &value, sizeof(value));
    return true;
  }
  bool write_tracked(std::size_t offset, std::uint64_t value) {
    if (!write(offset, value)) return false;
    log.mark_one(offset);
    return true;
  }
};

template <bool (Registers::*write)(std::size_t, std::uint64_t)>
[[gnu::noinline]] bool write_register(Registers& registers, std::size_t offset,
                                      std::uint64_t value) {
  return (registers.*write)(offset, value);
}

template <bool (Registers::*write)(std::size_t, std::uint64_t)>
double write_ns(Registers& registers, const std::vector<std::uint32_t>& offsets) {
  constexpr std::size_t kRounds = 400;
  const double seconds = seconds_of([&] {
    std::uint64_t written = 0;
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (const std::uint32_t offset : offsets) {
        written += write_register<write>(registers, offset, round) ? 1U : 0U;
      }
    }
    g_kept = written;
  });
  return seconds * 1e9 / static_cast<double>(kRounds * offsets.size());
}

void measure_tracked_writes(const Lab& lab) {
  constexpr std::size_t kRegisters = std::size_t{16} << 10;
  Registers registers{warm_memory(kRegisters), state::DirtyLog(kRegisters)};
  Random random(5);
  std::vector<std::uint32_t> offsets(10'000);
  for (std::uint32_t& offset : offsets) {
    offset = static_cast<std::uint32_t>(random.next() % (kRegisters / 8)) * 8;
  }
  lab.report().add(
      "state: store of 8 bytes and a mark in the dirty log, in cache, against the store", "ns",
      interleaved(
          lab.repetitions(),
          [&] { return write_ns<&Registers::write_tracked>(registers, offsets); },
          [&] { return write_ns<&Registers::write>(registers, offsets); }));
}

// So many tenths of a percent of the words change, here and there.
void change_words(Bytes bytes, std::uint64_t per_mille) {
  Random random(per_mille);
  const std::size_t words = bytes.size() / 8;
  for (std::size_t i = 0; i < words * per_mille / 1000; ++i) {
    bytes[(random.next() % words) * 8] ^= std::byte{1};
  }
}

// The size of all differences.
std::size_t encode_deltas(ConstBytes old_pages, ConstBytes new_pages, Bytes out) {
  std::size_t filled = 0;
  for (std::size_t at = 0; at < new_pages.size(); at += kPageBytes) {
    const ConstBytes page = new_pages.subspan(at, kPageBytes);
    const auto size =
        state::encode_delta(old_pages.subspan(at, kPageBytes), page, out.subspan(filled));
    if (!size) state::copy(out.subspan(filled, kPageBytes), page);
    filled += size.value_or(kPageBytes);
  }
  return filled;
}

struct Change {
  std::uint64_t words_per_mille;
  std::optional<Goal> goal;
};
const Change kChanges[] = {{0, {}}, {10, ratio_at_least(0.90)}, {100, {}}, {500, {}}};

void measure_deltas(const Lab& lab) {
  Arenas arenas(state_bytes(lab) / 2);
  state::DeviceMemory changed = warm_memory(arenas.from().size());
  state::DeviceMemory out = warm_memory(arenas.from().size() + 2 * kPageBytes);
  for (const Change& change : kChanges) {
    state::copy(changed.bytes(), arenas.from());
    change_words(changed.bytes(), change.words_per_mille);
    std::size_t encoded = 0;
    const Pair pair = rates(
        lab, arenas.from().size(),
        [&] { encoded = encode_deltas(arenas.from(), changed.bytes(), out.bytes()); },
        [&] { std::memcpy(arenas.to().data(), changed.bytes().data(), changed.size()); });
    const double percent = static_cast<double>(change.words_per_mille) / 10;
    const double size = static_cast<double>(encoded) / static_cast<double>(changed.size());
    lab.report().add(fmt::format("state: page differences, {:.0f} % of the words changed, {:.3f} "
                                 "of the size, against memcpy",
                                 percent, size),
                     "GB/s", pair, change.goal);
  }
}

}  // namespace

void measure_state(const Lab& lab) {
  pin_to({0});
  measure_copies(lab);
  measure_dirty_scan(lab);
  measure_tracked_writes(lab);
  measure_deltas(lab);
  unpin();
}

}  // namespace mdevsim::bench
