// Files with mistakes and what is said about them: FOLDER/NAME.toml and NAME.expected.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "sim/config/diagnostic.h"
#include "sim/config/host_files.h"

namespace mdevsim::config {

// Paths are relative to the folder, so that messages name the files alone.
class FolderFiles final : public FileSource {
 public:
  explicit FolderFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<std::string> read(const std::string& path, std::size_t bytes_max) override {
    return HostFiles().read((folder_ / path).string(), bytes_max);
  }

 private:
  std::filesystem::path folder_;
};

inline std::vector<std::string> golden_names(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline std::string golden_test_name(const testing::TestParamInfo<std::string>& tested) {
  std::string name = tested.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// Each has a reason, a help and its line; all together are as recorded in `path`.expected.
// MDEVSIM_UPDATE_GOLDEN=1 records them anew.
inline void expect_recorded(std::filesystem::path path, const std::vector<Diagnostic>& problems) {
  std::string said;
  for (const Diagnostic& problem : problems) {
    said += render(problem, false);
    EXPECT_NE(problem.message, "");
    EXPECT_NE(problem.help, "") << problem.message;
    EXPECT_EQ(problem.line_text.empty(), problem.line == 0) << problem.message;
  }
  EXPECT_NE(said, "");
  path += ".expected";
  if (std::getenv("MDEVSIM_UPDATE_GOLDEN") != nullptr)
    std::ofstream(path, std::ios::binary) << said;
  std::ifstream file(path, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(said, expected) << "MDEVSIM_UPDATE_GOLDEN=1 records it anew";
}

}  // namespace mdevsim::config
