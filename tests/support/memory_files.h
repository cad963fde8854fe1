// Host files that live in a test: no disk is touched, and every read is counted.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "sim/config/source.h"

namespace mdevsim::config {

class MemoryFiles final : public FileSource {
 public:
  MemoryFiles() = default;
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  Result<std::string> read(const std::string& path, std::size_t bytes_max) override {
    ++reads;
    const auto file = files_.find(path);
    if (file == files_.end()) return fail(Errc::no_entry, "No such file or directory");
    if (file->second.size() > bytes_max) return fail(Errc::file_too_big, "it is too big");
    return file->second;
  }

  int reads = 0;

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace mdevsim::config
