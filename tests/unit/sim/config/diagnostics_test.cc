// Every kind of mistake in a host file, with what is said about it:
// tests/golden/diagnostics/NAME.toml and NAME.expected, compared byte by byte.
#include "sim/config/loader.h"
#include "tests/support/golden_diagnostics.h"

namespace mdevsim::config {
namespace {

const std::filesystem::path kFolder = "tests/golden/diagnostics";

class Diagnostics : public testing::TestWithParam<std::string> {};

TEST_P(Diagnostics, AreAsRecorded) {
  FolderFiles files(kFolder);
  const Loaded loaded = load(files, GetParam() + ".toml");
  EXPECT_FALSE(loaded.configuration.has_value());
  expect_recorded(kFolder / GetParam(), loaded.diagnostics);
}

INSTANTIATE_TEST_SUITE_P(HostFile, Diagnostics, testing::ValuesIn(golden_names(kFolder)),
                         golden_test_name);

}  // namespace
}  // namespace mdevsim::config
