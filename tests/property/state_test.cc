// Whatever a device is made of, whatever is written to it while it is read, and in whatever pieces:
// what is loaded is what the source held when it stopped.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "tests/support/sample_states.h"

namespace mdevsim::state {
namespace {

using testing::kKiB;
using testing::Migratable;
using testing::my_nic_with;
using enum MigrationState;

model::StateSpec any_state() {
  model::StateSpec spec;
  const auto count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) {
    // A letter and a size; one in three is there only with rss.
    spec.sections.push_back({std::string(1, static_cast<char>('a' + i)),
                             *rc::gen::inRange<std::uint64_t>(1, 300 * kKiB),
                             *rc::gen::inRange(0, 3) == 0 ? "rss" : ""});
  }
  spec.zero_percent = *rc::gen::element(0U, 10U, 50U, 100U);
  spec.sparse = *rc::gen::arbitrary<bool>();
  spec.stream = {.lz4 = *rc::gen::arbitrary<bool>(),
                 .zstd = *rc::gen::arbitrary<bool>(),
                 .delta = *rc::gen::arbitrary<bool>()};
  spec.workload.dirty_bytes_per_s = *rc::gen::inRange<std::uint64_t>(0, 4096 * kKiB);
  return spec;
}

void copy_some(Migration& source, Migration& target, std::vector<std::byte>& buffer) {
  const auto got = source.read(source.stream(), buffer);
  if (!got) {
    RC_ASSERT(got.error().code == Errc::no_message);
    return;
  }
  RC_ASSERT(target.write(target.stream(), std::span(buffer).first(*got)).has_value());
}

RC_GTEST_PROP(AnyDevice, LoadsAsItWasSaved, ()) {
  const auto model = my_nic_with(any_state());
  const std::string configuration = *rc::gen::element<std::string>("version=1", "version=2");
  Migratable source(model, configuration, {.seed = 1, .budget = nullptr, .pool = nullptr});
  Migratable target(model, configuration, {.seed = 2, .budget = nullptr, .pool = nullptr});
  RC_ASSERT(source.migration.use(model.state()->stream).has_value());
  RC_ASSERT(target.migration.set_state(resuming).has_value());
  if (*rc::gen::arbitrary<bool>()) {
    RC_ASSERT(source.migration.set_state(*rc::gen::element(pre_copy, pre_copy_p2p)).has_value());
    const auto pieces =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 200 * kKiB));
    for (const std::size_t piece : pieces) {
      std::vector<std::byte> buffer(piece);
      copy_some(source.migration, target.migration, buffer);
      RC_ASSERT(source.migration.advance(source.device.now_us() + *rc::gen::inRange(0, 50'000))
                    .has_value());
    }
  }
  RC_ASSERT(source.migration.set_state(stop_copy).has_value());
  const auto stream =
      testing::read_all(source.migration, *rc::gen::inRange<std::size_t>(1, 99 * kKiB));
  ConstBytes rest = stream;
  while (!rest.empty()) {
    const auto part = rest.first(*rc::gen::inRange<std::size_t>(1, rest.size() + 1));
    RC_ASSERT(target.migration.write(target.migration.stream(), part).has_value());
    rest = rest.subspan(part.size());
  }
  RC_ASSERT(target.migration.set_state(stop).has_value());
  RC_ASSERT(*source.migration.digest() == *target.migration.digest());
}

}  // namespace
}  // namespace mdevsim::state
