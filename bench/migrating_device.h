// Devices to be saved and loaded by the migration engine, in process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/fatal.h"
#include "bench/plain_copy.h"
#include "bench/state_material.h"
#include "sim/base/result.h"
#include "sim/model/device_model.h"
#include "sim/state/migration.h"

namespace mdevsim::bench {

template <typename T>
T must(Result<T> result, std::string_view what) {
  if (!result) fatal(result.error().why, what);
  return std::move(*result);
}
void must_succeed(const Result<void>& result, std::string_view what);

// A model whose state is so many bytes of memory, and may go without checksums.
model::DeviceModel memory_model(std::size_t bytes, std::uint32_t zero_percent = 0);

struct Device {
  Device(const model::DeviceModel& model, std::shared_ptr<state::ArenaPool> pool);

  void go(state::MigrationState wanted) { must(migration.set_state(wanted), "migration state"); }

  state::DeviceState state;
  state::Migration migration;
};

// How much of a stream is read or written at once, where nothing else is said.
inline constexpr std::size_t kReadBytes = std::size_t{1} << 20;

// Reads until the end, temporary or real; how much there was.
std::size_t read_all(state::Migration& migration, state::Bytes out,
                     std::size_t piece_bytes = kReadBytes);

// The whole way of a device's stream; save() tells how long it is.
std::size_t save(Device& device, state::Bytes out, std::size_t piece_bytes = kReadBytes);
void load(Device& device, state::ConstBytes stream, std::size_t piece_bytes = kReadBytes);

// Two devices of one model, room for a stream between them, and a plain copy of as much.
struct Devices {
  explicit Devices(std::size_t bytes);

  state::Bytes from() { return source->state.memory().bytes(); }
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

// The source's memory as a device's is, but so many thousandths of its pages zero, here and there.
void fill_with_zero_pages(Devices& devices, std::uint64_t per_mille);

// Devices of 16 KiB, room for a stream of each, and as much memory in one piece.
struct SmallDevices {
  static constexpr std::size_t kDevices = 10'000;
  static constexpr std::size_t kBytes = std::size_t{16} << 10;

  SmallDevices();

  // Those from `first` to before `end`; they have a part of `stream` for themselves.
  void save(std::size_t first, std::size_t end);
  void copy_flat() { std::memcpy(stream.bytes().data(), flat.bytes().data(), flat.size()); }

  // How long `work` on all of them takes, a device.
  static double us_of(const std::function<void()>& work) {
    return 1e6 / kDevices * seconds_of(work);
  }

  model::DeviceModel model;
  std::vector<std::unique_ptr<Device>> devices;
  state::DeviceMemory flat;
  state::DeviceMemory stream;
};

}  // namespace mdevsim::bench
