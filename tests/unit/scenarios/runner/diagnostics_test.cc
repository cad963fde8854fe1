// Every kind of mistake in a scenario, with what is said about it: tests/golden/scenarios/NAME.toml
// and NAME.expected, compared byte by byte. MDEVSIM_UPDATE_GOLDEN=1 writes the expectations anew.
#include "scenarios/runner/load.h"
#include "tests/support/golden_diagnostics.h"

namespace mdevsim::scenario {
namespace {

const std::filesystem::path kFolder = "tests/golden/scenarios";

class Diagnostics : public testing::TestWithParam<std::string> {};

TEST_P(Diagnostics, AreAsRecorded) {
  config::FolderFiles files(kFolder);
  const Loaded loaded = scenario::load(files, GetParam() + ".toml");
  EXPECT_TRUE(loaded.cases.empty());
  config::expect_recorded(kFolder / GetParam(), loaded.diagnostics);
}

INSTANTIATE_TEST_SUITE_P(Scenario, Diagnostics, testing::ValuesIn(config::golden_names(kFolder)),
                         config::golden_test_name);

}  // namespace
}  // namespace mdevsim::scenario
