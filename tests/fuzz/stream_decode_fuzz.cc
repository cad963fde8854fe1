// Any bytes as a stream for a small device: they are taken or refused, never read beyond, and never
// make a device run with half a state. With a first byte that is odd the checksums are made right
// first, so that what is behind them is reached. Allocations are watched.
#include <sanitizer/allocator_interface.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/limits.h"
#include "tests/support/sample_states.h"
#include "tests/support/stream_records.h"

namespace {

namespace state = mdevsim::state;
namespace testing = mdevsim::testing;

bool watching = false;

void on_allocation(const volatile void*, std::size_t bytes) {
  CHECK(!watching || bytes <= mdevsim::kStreamAllocationBytesMax);
}
void on_free(const volatile void*) {}

testing::DeviceModel small_model() {
  mdevsim::model::StateSpec spec;
  spec.sections = {{"registers", 300, ""},
                   {"memory", 12 * testing::kKiB, ""},
                   {"table", 4 * testing::kKiB, "rss"}};
  spec.stream = {.lz4 = true, .zstd = true, .delta = true};
  return testing::my_nic_with(spec);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const testing::DeviceModel model = small_model();
  static const bool installed =
      __sanitizer_install_malloc_and_free_hooks(on_allocation, on_free) != 0;
  CHECK(installed);
  if (size < 2) return 0;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> stream(bytes + 2, bytes + size);
  if (data[0] % 2 == 1) testing::mend(stream);
  const std::size_t piece = data[1] == 0 ? stream.size() : data[1] * std::size_t{16};

  testing::Migratable target(model, "version=3");
  const state::Digest before = *target.migration.digest();
  CHECK(target.migration.set_state(state::MigrationState::resuming).has_value());
  watching = true;
  bool refused = false;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const auto part = std::span(stream).subspan(at, std::min(piece, stream.size() - at));
    const bool taken = target.migration.write(target.migration.stream(), part).has_value();
    CHECK(!(refused && taken));
    refused = !taken;
  }
  watching = false;
  const bool runs = target.migration.set_state(state::MigrationState::running).has_value();
  CHECK(!(refused && runs));
  CHECK(target.migration.state() ==
        (runs ? state::MigrationState::running : state::MigrationState::resuming));
  CHECK(target.migration.reset().has_value());
  CHECK(*target.migration.digest() == before);
  return 0;
}
