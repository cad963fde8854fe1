#include "bench/migrating_device.h"

#include <algorithm>

#include "sim/base/random.h"
#include "sim/model/configuration.h"

namespace mdevsim::bench {

using state::Bytes;
using state::ConstBytes;
using state::kPageBytes;
using state::MigrationState;

void must_succeed(const Result<void>& result, std::string_view what) {
  if (!result) fatal(result.error().why, what);
}

model::DeviceModel memory_model(std::size_t bytes, std::uint32_t zero_percent) {
  model::ModelSpec spec;
  spec.name = "bench.com/device";
  spec.versions = {{1, {}}};
  spec.state = model::StateSpec{};
  spec.state->sections = {{"memory", bytes, ""}};
  spec.state->stream.unchecked = true;
  spec.state->zero_percent = zero_percent;
  return must(model::DeviceModel::build(std::move(spec)), "model");
}

Device::Device(const model::DeviceModel& model, std::shared_ptr<state::ArenaPool> pool)
    : state(must(
          state::DeviceState::create(model, must(model::parse_configuration(model, ""), "device"),
                                     {.seed = 1, .budget = {}, .pool = std::move(pool)}),
          "device")),
      migration(state) {}

std::size_t read_all(state::Migration& migration, Bytes out, std::size_t piece_bytes) {
  std::size_t filled = 0;
  while (true) {
    const Bytes part = out.subspan(filled, std::min(piece_bytes, out.size() - filled));
    const Result<std::size_t> got = migration.read(migration.stream(), part);
    if (!got && got.error().code == Errc::no_message) return filled;
    if (!got) fatal(got.error().why, "stream");
    if (*got == 0) return filled;
    filled += *got;
  }
}

std::size_t save(Device& device, Bytes out, std::size_t piece_bytes) {
  device.go(MigrationState::stop_copy);
  const std::size_t bytes = read_all(device.migration, out, piece_bytes);
  device.go(MigrationState::stop);
  return bytes;
}

void load(Device& device, ConstBytes stream, std::size_t piece_bytes) {
  device.go(MigrationState::resuming);
  for (std::size_t at = 0; at < stream.size(); at += piece_bytes) {
    must(device.migration.write(device.migration.stream(),
                                stream.subspan(at, std::min(piece_bytes, stream.size() - at))),
         "stream");
  }
  device.go(MigrationState::stop);
}

Devices::Devices(std::size_t bytes)
    : model(memory_model(bytes)),
      source(std::make_unique<Device>(model, nullptr)),
      target(std::make_unique<Device>(model, nullptr)),
      stream(warm_memory(bytes + bytes / 64 + 2 * kReadBytes)),
      plain(warm_memory(bytes)) {
  must_succeed(source->state.memory().commit({0, source->state.memory().size()}), "device");
  fill_like_a_device(source->state.memory().bytes());
}

void fill_with_zero_pages(Devices& devices, std::uint64_t per_mille) {
  const Bytes bytes = devices.from();
  fill_like_a_device(bytes);
  Random random(per_mille);
  for (std::size_t at = 0; at < bytes.size(); at += kPageBytes) {
    if (random.next() % 1000 < per_mille) std::memset(&bytes[at], 0, kPageBytes);
  }
}

namespace {

constexpr std::size_t kSmallStreamBytes = SmallDevices::kBytes * 9 / 8;

}  // namespace

SmallDevices::SmallDevices()
    : model(memory_model(kBytes)),
      flat(warm_memory(kDevices * kBytes)),
      stream(warm_memory(kDevices * kSmallStreamBytes)) {
  const auto pool = std::make_shared<state::ArenaPool>(0);
  for (std::size_t i = 0; i < kDevices; ++i) {
    devices.push_back(std::make_unique<Device>(model, pool));
    fill_like_a_device(devices.back()->state.memory().bytes());
  }
  fill_like_a_device(flat.bytes());
}

void SmallDevices::save(std::size_t first, std::size_t end) {
  Bytes out = stream.bytes().subspan(first * kSmallStreamBytes, (end - first) * kSmallStreamBytes);
  for (std::size_t i = first; i < end; ++i) out = out.subspan(bench::save(*devices[i], out));
}

}  // namespace mdevsim::bench
