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
#include "bench/server_process.h"
#include "bench/state_material.h"
#include "sim/base/random.h"
#include "sim/model/configuration.h"
#include "sim/model/device_model.h"
#include "sim/state/migration.h"

namespace mdevsim::bench {
namespace {

using state::Bytes;
using state::ConstBytes;
using state::kPageBytes;
using state::MigrationState;

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

template <typename T>
T must(Result<T> result, std::string_view what) {
  if (!result) fatal(result.error().why, what);
  return std::move(*result);
}
void must_succeed(const Result<void>& result, std::string_view what) {
  if (!result) fatal(result.error().why, what);
}

model::DeviceModel model_of(std::size_t bytes, std::uint32_t zero_percent = 0) {
  model::ModelSpec spec;
  spec.name = "bench.com/device";
  spec.versions = {{1, {}}};
  spec.state = model::StateSpec{};
  spec.state->sections = {{"memory", bytes, ""}};
  spec.state->stream.unchecked = true;
  spec.state->zero_percent = zero_percent;
  return must(model::DeviceModel::build(std::move(spec)), "model");
}

struct Device {
  Device(const model::DeviceModel& model, std::shared_ptr<state::ArenaPool> pool)
      : state(must(
            state::DeviceState::create(model, must(model::parse_configuration(model, ""), "device"),
                                       {.seed = 1, .budget = {}, .pool = std::move(pool)}),
            "device")),
        migration(state) {}

  void go(MigrationState wanted) { must(migration.set_state(wanted), "migration state"); }

  state::DeviceState state;
  state::Migration migration;
};

// Reads until the end, temporary or real; how much there was.
std::size_t read_all(state::Migration& migration, Bytes out) {
  std::size_t filled = 0;
  while (true) {
    const Bytes part = out.subspan(filled, std::min(kReadBytes, out.size() - filled));
    const Result<std::size_t> got = migration.read(migration.stream(), part);
    if (!got && got.error().code == Errc::no_message) return filled;
    if (!got) fatal(got.error().why, "stream");
    if (*got == 0) return filled;
    filled += *got;
  }
}

std::size_t save(Device& device, Bytes out) {
  device.go(MigrationState::stop_copy);
  const std::size_t bytes = read_all(device.migration, out);
  device.go(MigrationState::stop);
  return bytes;
}

void load(Device& device, ConstBytes stream) {
  device.go(MigrationState::resuming);
  for (std::size_t at = 0; at < stream.size(); at += kReadBytes) {
    must(device.migration.write(device.migration.stream(),
                                stream.subspan(at, std::min(kReadBytes, stream.size() - at))),
         "stream");
  }
  device.go(MigrationState::stop);
}

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

// Two devices of one model, room for a stream between them, and a plain copy of as much.
struct Devices {
  explicit Devices(std::size_t bytes)
      : model(model_of(bytes)),
        source(std::make_unique<Device>(model, nullptr)),
        target(std::make_unique<Device>(model, nullptr)),
        stream(warm_memory(bytes + bytes / 64 + 2 * kReadBytes)),
        plain(warm_memory(bytes)) {
    must_succeed(source->state.memory().commit({0, source->state.memory().size()}), "device");
    fill_like_a_device(source->state.memory().bytes());
  }

  Bytes from() { return source->state.memory().bytes(); }
  std::size_t size() { return from().size(); }
  void copy_plainly(const PlainCopy& copy) {
    copy.copy(plain.bytes().data(), from().data(), size());
  }
  void copy_by_memcpy() { std::memcpy(plain.bytes().data(), from().data(), size()); }

  model::DeviceModel model;
  std::unique_ptr<Device> source;
  std::unique_ptr<Device> target;
  state::DeviceMemory stream;
  state::DeviceMemory plain;
};

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

// So many thousandths of the pages become zero, here and there.
void clear_pages(Bytes bytes, std::uint64_t per_mille) {
  Random random(per_mille);
  for (std::size_t at = 0; at < bytes.size(); at += kPageBytes) {
    if (random.next() % 1000 < per_mille) std::memset(&bytes[at], 0, kPageBytes);
  }
}

void measure_zeros(const Lab& lab, Devices& devices) {
  for (const auto& [per_mille, goal] : {std::pair{125, 0.90}, std::pair{900, 2.0}}) {
    fill_like_a_device(devices.from());
    clear_pages(devices.from(), static_cast<std::uint64_t>(per_mille));
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
  const model::DeviceModel model = model_of(devices.size(), 90);
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
  const model::DeviceModel model = model_of(kRegisters);
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
  constexpr std::size_t kDevices = 10'000;
  constexpr std::size_t kBytes = std::size_t{16} << 10;
  const model::DeviceModel model = model_of(kBytes);
  const auto pool = std::make_shared<state::ArenaPool>(0);
  std::vector<std::unique_ptr<Device>> devices;
  for (std::size_t i = 0; i < kDevices; ++i) {
    devices.push_back(std::make_unique<Device>(model, pool));
    fill_like_a_device(devices.back()->state.memory().bytes());
  }
  state::DeviceMemory flat = warm_memory(kDevices * kBytes);
  state::DeviceMemory stream = warm_memory(kDevices * kBytes * 9 / 8);
  fill_like_a_device(flat.bytes());
  const Measurement save_us = [&] {
    return 1e6 / kDevices * seconds_of([&] {
             std::size_t filled = 0;
             for (const auto& device : devices) {
               filled += save(*device, stream.bytes().subspan(filled));
             }
           });
  };
  const Measurement flat_us = [&] {
    return 1e6 / kDevices * seconds_of([&] {
             std::memcpy(stream.bytes().data(), flat.bytes().data(), flat.size());
           });
  };
  lab.report().add("migration: save 10000 devices of 16 KiB, a device, against one flat memcpy",
                   "us", interleaved(lab.repetitions(), save_us, flat_us), ratio_at_most(1.25));
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
