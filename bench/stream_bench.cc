// Devices saved and loaded by the migration engine, in process: the whole way of their bytes, with
// records, checksums and all. One thread.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/benches.h"
#include "bench/fatal.h"
#include "bench/migrating_device.h"
#include "bench/server_process.h"
#include "sim/base/random.h"

namespace mdevsim::bench {
namespace {

using state::Bytes;
using state::ConstBytes;
using state::kPageBytes;
using state::MigrationState;

// From one device to the other without a stream in between: records refer to the source's memory.
void save_and_load(Device& source, Device& target) {
  source.go(MigrationState::stop_copy);
  target.go(MigrationState::resuming);
  std::vector<ConstBytes> pieces;
  while (true) {
    must_succeed(source.migration.gather(source.migration.stream(), pieces), "stream");
    if (pieces.empty()) break;
    for (const ConstBytes piece : pieces) {
      must(target.migration.write(target.migration.stream(), piece), "stream");
    }
  }
  source.go(MigrationState::stop);
  target.go(MigrationState::stop);
}

void measure_save_and_load(const Lab& lab, Devices& devices, const PlainCopy& best) {
  const auto add = [&](std::string_view what, const std::function<void()>& work,
                       std::optional<Goal> goal) {
    lab.report().add(fmt::format("migration: {}, against {}", what, best.name), "GB/s",
                     rates(lab, devices.size(), work, [&] { devices.copy_plainly(best); }), goal);
  };
  std::size_t saved = 0;
  add(
      "save into a warm arena, with checksums",
      [&] { saved = save(*devices.source, devices.stream.bytes()); }, ratio_at_least(0.75));
  add(
      "load from a warm arena, with checksums",
      [&] { load(*devices.target, devices.stream.bytes().first(saved)); }, ratio_at_least(0.75));
  must_succeed(devices.source->migration.use({.unchecked = true}), "stream without checksums");
  add(
      "save into a warm arena, without checksums",
      [&] { saved = save(*devices.source, devices.stream.bytes()); }, ratio_at_least(0.90));
  add(
      "load from a warm arena, without checksums",
      [&] { load(*devices.target, devices.stream.bytes().first(saved)); }, ratio_at_least(0.90));
  must_succeed(devices.source->migration.use({}), "stream with checksums");
  add("save and load without a stream between, with checksums on both sides",
      [&] { save_and_load(*devices.source, *devices.target); }, {});
}

void measure_zeros(const Lab& lab, Devices& devices) {
  for (const auto& [per_mille, goal] : {std::pair{125, 0.90}, std::pair{900, 2.0}}) {
    fill_with_zero_pages(devices, static_cast<std::uint64_t>(per_mille));
    lab.report().add(
        fmt::format("migration: save with {:.1f} % zero pages, against memcpy",
                    static_cast<double>(per_mille) / 10),
        "GB/s",
        rates(
            lab, devices.size(), [&] { save(*devices.source, devices.stream.bytes()); },
            [&] { devices.copy_by_memcpy(); }),
        ratio_at_least(goal));
  }
}

// So many of the pages are zero because nobody ever wrote to them, here and there.
void measure_never_written(const Lab& lab, Devices& devices) {
  const model::DeviceModel model = memory_model(devices.size(), 90);
  Device device(model, nullptr);
  lab.report().add("migration: save with 90 % of the pages never written, against memcpy", "GB/s",
                   rates(
                       lab, devices.size(), [&] { save(device, devices.stream.bytes()); },
                       [&] { devices.copy_by_memcpy(); }),
                   ratio_at_least(2.0));
}

// Writes a word to so many thousandths of the pages; how many that were.
std::size_t make_dirty(Device& device, std::uint64_t per_mille, Random& random) {
  const state::Section& section = device.state.layout().sections().front();
  const std::size_t writes = section.pages * per_mille / 1000;
  for (std::size_t i = 0; i < writes; ++i) {
    const std::uint64_t word = random.next() | 1;
    must_succeed(device.state.write(section, (random.next() % section.pages) * kPageBytes,
                                    std::as_bytes(std::span(&word, 1))),
                 "device");
  }
  return device.state.dirty_log().dirty_pages();
}

void measure_rounds(const Lab& lab, Devices& devices) {
  fill_like_a_device(devices.from());
  devices.source->go(MigrationState::running);
  devices.source->go(MigrationState::pre_copy);
  read_all(devices.source->migration, devices.stream.bytes());
  for (const std::uint64_t per_mille : {1U, 10U, 100U}) {
    Random random(per_mille);
    std::size_t pages = 0;
    const Measurement round_us = [&] {
      pages = make_dirty(*devices.source, per_mille, random);
      return 1e6 * seconds_of([&] { read_all(devices.source->migration, devices.stream.bytes()); });
    };
    // Those bytes by memcpy, and a scan of as large a log with as much in it.
    state::DirtyLog log(devices.size());
    state::DirtyRuns runs;
    std::size_t at = 0;  // elsewhere each time, so that it comes from memory
    const Measurement floor_us = [&] {
      for (std::size_t i = 0; i < pages; ++i) {
        log.mark((random.next() % log.pages()) * kPageBytes, 1);
      }
      const std::size_t bytes = pages * kPageBytes;
      at = at + 2 * bytes <= devices.size() ? at + bytes : 0;
      return 1e6 * seconds_of([&] {
               log.collect(runs);
               std::memcpy(&devices.plain.bytes()[at], &devices.from()[at], bytes);
             });
    };
    lab.report().add(fmt::format("migration: pre-copy round of {} MiB, {:.1f} % dirty",
                                 devices.size() >> 20, static_cast<double>(per_mille) / 10),
                     "us", interleaved(lab.repetitions(), round_us, floor_us), ratio_at_most(1.20));
  }
  devices.source->go(MigrationState::stop);
}

// What DeviceState::write() does, but that nobody hears of it.
[[gnu::noinline]] bool write_untracked(Device& device, const state::Section& section,
                                       std::uint64_t offset, std::uint64_t word) {
  if (offset > section.bytes || sizeof(word) > section.bytes - offset) return false;
  const std::size_t at = section.offset() + offset;
  if (!device.state.memory().commit({at, sizeof(word)})) return false;
  std::memcpy(device.state.memory().bytes().data() + at, &word, sizeof(word));
  return true;
}

[[gnu::noinline]] bool write_tracked(Device& device, const state::Section& section,
                                     std::uint64_t offset, std::uint64_t word) {
  return device.state.write(section, offset, std::as_bytes(std::span(&word, 1))).has_value();
}

void measure_writes(const Lab& lab) {
  constexpr std::size_t kRegisters = std::size_t{16} << 10;
  constexpr int kRounds = 200;
  const model::DeviceModel model = memory_model(kRegisters);
  Device device(model, nullptr);
  const state::Section& section = device.state.layout().sections().front();
  Random random(5);
  std::vector<std::uint64_t> offsets(10'000);
  for (std::uint64_t& offset : offsets) offset = (random.next() % (kRegisters / 8)) * 8;
  const auto write_ns = [&](const auto& write) {
    return 1e9 / static_cast<double>(kRounds * offsets.size()) * seconds_of([&] {
             for (std::uint64_t word = 0; word < kRounds; ++word) {
               for (const std::uint64_t offset : offsets) {
                 if (!write(offset, word)) fatal("fails", "a write");
               }
             }
           });
  };
  const Measurement tracked_ns = [&] {
    return write_ns([&](std::uint64_t offset, std::uint64_t word) {
      return write_tracked(device, section, offset, word);
    });
  };
  const Measurement untracked_ns = [&] {
    return write_ns([&](std::uint64_t offset, std::uint64_t word) {
      return write_untracked(device, section, offset, word);
    });
  };
  lab.report().add("migration: write to a device's registers, in cache, against one untracked",
                   "ns", interleaved(lab.repetitions(), tracked_ns, untracked_ns),
                   ratio_at_most(1.30));
}

void measure_small_devices(const Lab& lab) {
  SmallDevices small;
  lab.report().add("migration: save 10000 devices of 16 KiB, a device, against one flat memcpy",
                   "us",
                   interleaved(
                       lab.repetitions(),
                       [&] { return small.us_of([&] { small.save(0, SmallDevices::kDevices); }); },
                       [&] { return small.us_of([&] { small.copy_flat(); }); }),
                   ratio_at_most(1.25));
}

void measure_file(const Lab& lab, Devices& devices) {
  const std::string path = lab.scratch() + "/stream";
  const auto save_to_file = [&] {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) fatal("cannot be created", path);
    devices.source->go(MigrationState::stop_copy);
    const Bytes buffer = devices.stream.bytes().first(kReadBytes);
    state::Migration& migration = devices.source->migration;
    while (const std::size_t got = must(migration.read(migration.stream(), buffer), "stream")) {
      if (write(file, buffer.data(), got) != static_cast<ssize_t>(got)) {
        fatal("cannot be written", path);
      }
    }
    close(file);
    devices.source->go(MigrationState::stop);
    unlink(path.c_str());
  };
  lab.report().add("migration: save to a file", "GB/s",
                   median_rate(lab, devices.size(), save_to_file));
}

}  // namespace

void measure_migration(const Lab& lab) {
  pin_to({0});
  {
    Devices devices(state_bytes(lab));
    const PlainCopy best = best_plain_copy(lab, devices.plain.bytes(), devices.from());
    measure_save_and_load(lab, devices, best);
    measure_file(lab, devices);
    measure_zeros(lab, devices);
    measure_never_written(lab, devices);
    measure_rounds(lab, devices);
  }
  measure_writes(lab);
  measure_small_devices(lab);
  unpin();
}

}  // namespace mdevsim::bench
