// Where host files come from. The loader knows no disk: tests and the fuzz target hand it bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/base/result.h"

namespace mdevsim::config {

class FileSource {
 public:
  virtual ~FileSource() = default;

  // The whole text of a file. Errors: EFBIG when it has more than `bytes_max` bytes, else what the
  // system says; `why` is a phrase for people, such as "No such file or directory".
  virtual Result<std::string> read(const std::string& path, std::size_t bytes_max) = 0;
};

// A place in one of the files that a load has read; line 0 is the file as a whole.
struct Region {
  std::uint32_t file = 0;    // in the order of reading
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1, in code points
  std::uint32_t length = 1;  // code points, within the line
};

}  // namespace mdevsim::config
