// Every kind of mistake in a host file, with what is said about it:
// tests/golden/diagnostics/NAME.toml and NAME.expected, compared byte by byte.
// MDEVSIM_UPDATE_GOLDEN=1 writes the expectations anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sim/config/host_files.h"

namespace mdevsim::config {
namespace {

const std::filesystem::path kFolder = "tests/golden/diagnostics";

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Paths are relative to the folder, so that messages name the files alone.
class FolderFiles final : public FileSource {
 public:
  Result<std::string> read(const std::string& path, std::size_t bytes_max) override {
    return HostFiles().read((kFolder / path).string(), bytes_max);
  }
};

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Diagnostics : public testing::TestWithParam<std::string> {};

TEST_P(Diagnostics, AreAsRecorded) {
  FolderFiles files;
  const Loaded loaded = load(files, GetParam() + ".toml");
  std::string said;
  for (const Diagnostic& problem : loaded.diagnostics) said += render(problem, false);

  EXPECT_FALSE(loaded.configuration.has_value());
  EXPECT_NE(said, "");
  const std::filesystem::path expected = kFolder / (GetParam() + ".expected");
  if (std::getenv("MDEVSIM_UPDATE_GOLDEN") != nullptr)
    std::ofstream(expected, std::ios::binary) << said;
  EXPECT_EQ(said, read_text(expected)) << "MDEVSIM_UPDATE_GOLDEN=1 records it anew";
}

TEST_P(Diagnostics, EachHasAReasonAndAHelp) {
  FolderFiles files;
  for (const Diagnostic& problem : load(files, GetParam() + ".toml").diagnostics) {
    EXPECT_NE(problem.message, "");
    EXPECT_NE(problem.help, "") << problem.message;
    EXPECT_EQ(problem.line_text.empty(), problem.line == 0) << problem.message;
  }
}

INSTANTIATE_TEST_SUITE_P(HostFile, Diagnostics, testing::ValuesIn(case_names()),
                         [](const testing::TestParamInfo<std::string>& tested) {
                           std::string name = tested.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace mdevsim::config
