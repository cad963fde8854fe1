// Devices with state for tests.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/state/migration.h"
#include "tests/support/sample_models.h"

namespace mdevsim::testing {

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// Of the discussion's network card, with a table that is there only with rss, and one page that is
// not full.
inline model::StateSpec my_nic_state() {
  model::StateSpec state;
  state.sections = {{"registers", 300, ""}, {"memory", 64 * kKiB, ""}, {"table", 8 * kKiB, "rss"}};
  state.zero_percent = 25;
  state.stream = {.lz4 = true, .zstd = true, .delta = true};
  return state;
}

// One section of zeros that cost nothing until they are written.
inline model::StateSpec sparse_state(std::uint64_t bytes) {
  model::StateSpec state;
  state.sections = {{"memory", bytes, ""}};
  state.zero_percent = 100;
  state.sparse = true;
  return state;
}

inline DeviceModel my_nic_with(model::StateSpec state) {
  ModelSpec spec = my_nic_spec();
  spec.state = std::move(state);
  return built(std::move(spec));
}

inline state::DeviceState device_state(const DeviceModel& model, const std::string& configuration,
                                       state::DeviceStateOptions options = {}) {
  auto parsed = model::parse_configuration(model, configuration);
  if (!parsed) throw std::runtime_error(parsed.error().why);
  auto state = state::DeviceState::create(model, std::move(*parsed), std::move(options));
  if (!state) throw std::runtime_error(state.error().why);
  return std::move(*state);
}

// A device and its migration, where they stay. Borrows the model.
struct Migratable {
  Migratable(const DeviceModel& model, const std::string& configuration,
             state::DeviceStateOptions options = {})
      : device(device_state(model, configuration, std::move(options))), migration(device) {}
  Migratable(DeviceModel&& model, const std::string&, state::DeviceStateOptions = {}) = delete;
  Migratable(const Migratable&) = delete;
  Migratable& operator=(const Migratable&) = delete;

  state::DeviceState device;
  state::Migration migration;
};

// All of a stream that is read in STOP_COPY, in pieces of that size.
inline std::vector<std::byte> read_all(state::Migration& migration, std::size_t piece = kMiB) {
  std::vector<std::byte> stream;
  for (std::size_t got = 1; got != 0;) {
    const std::size_t before = stream.size();
    stream.resize(before + piece);
    const auto read = migration.read(migration.stream(), std::span(stream).subspan(before, piece));
    if (!read) throw std::runtime_error(read.error().why);
    got = *read;
    stream.resize(before + got);
  }
  return stream;
}

// The stream of a device that is stopped.
inline std::vector<std::byte> saved(const DeviceModel& model, const std::string& configuration,
                                    const model::StreamOptions& options = {},
                                    std::uint64_t seed = 1) {
  Migratable source(model, configuration, {.seed = seed, .budget = nullptr, .pool = nullptr});
  if (auto used = source.migration.use(options); !used) throw std::runtime_error(used.error().why);
  if (auto set = source.migration.set_state(state::MigrationState::stop_copy); !set)
    throw std::runtime_error(set.error().why);
  return read_all(source.migration);
}

}  // namespace mdevsim::testing
