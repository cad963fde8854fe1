// 500 versions of one model, every one into every other: the loader takes what the verdict calls
// compatible, and nothing else; after the steps of the verdict it takes what those make compatible.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/model/verdict.h"
#include "tests/support/sample_states.h"

namespace mdevsim::state {
namespace {

using model::Answer;
using testing::Migratable;
using enum MigrationState;

// Registers, and a table for each of two parameters.
testing::DeviceModel family() {
  testing::ModelSpec spec = testing::family_spec();
  spec.family->count = 500;
  spec.state.emplace();
  spec.state->sections = {{"registers", 600, ""}, {"rss", 100, "rss"}, {"filter", 40, "filter"}};
  return testing::built(std::move(spec));
}

struct Source {
  std::vector<std::byte> stream;
  Digest digest;
};

// Whether the target took the stream; it is running again afterwards, with its first contents.
bool loads(Migratable& target, const Source& source) {
  EXPECT_TRUE(target.migration.set_state(resuming).has_value());
  const auto written = target.migration.write(target.migration.stream(), source.stream);
  const auto stopped = target.migration.set_state(stop);
  EXPECT_EQ(written.has_value(), stopped.has_value());
  if (stopped) {
    EXPECT_EQ(*target.migration.digest(), source.digest);
  }
  EXPECT_TRUE(target.migration.reset().has_value());
  return stopped.has_value();
}

TEST(VersionMatrix, EveryPairLoadsAsTheVerdictSays) {
  const testing::DeviceModel model = family();
  std::vector<Source> sources;
  std::vector<std::unique_ptr<Migratable>> targets;
  for (const model::Version& version : model.versions()) {
    const std::string configuration = "version=" + std::to_string(version.number);
    Migratable source(model, configuration, {.seed = 1, .budget = nullptr, .pool = nullptr});
    ASSERT_TRUE(source.migration.set_state(stop_copy).has_value());
    sources.push_back({testing::read_all(source.migration), *source.migration.digest()});
    targets.push_back(std::make_unique<Migratable>(model, configuration));
  }
  ASSERT_EQ(sources.size(), 500U);
  std::size_t by_answer[4] = {};
  for (std::size_t from = 0; from < sources.size(); ++from) {
    for (std::size_t to = 0; to < targets.size(); ++to) {
      const model::Configuration& configuration = model.versions()[to].configuration;
      const model::Verdict verdict =
          model::decide({model, model.versions()[from].configuration}, {model, configuration});
      ++by_answer[static_cast<std::size_t>(verdict.answer)];
      const bool as_it_is =
          verdict.answer == Answer::identical || verdict.answer == Answer::compatible;
      ASSERT_EQ(loads(*targets[to], sources[from]), as_it_is) << from + 1 << " to " << to + 1;
      if (verdict.answer != Answer::configurable) continue;
      const auto configured =
          model::to_full_text(model, model::apply(model, configuration, verdict.steps));
      Migratable target(model, "version=" + std::to_string(model.versions()[to].number) +
                                   (configured.empty() ? "" : "," + configured));
      ASSERT_TRUE(loads(target, sources[from]))
          << from + 1 << " to " << to + 1 << ": " << configured;
    }
  }
  for (const std::size_t count : by_answer) EXPECT_GT(count, 50U);  // the test has something to say
}

}  // namespace
}  // namespace mdevsim::state
