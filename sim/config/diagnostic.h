// What is wrong with a host file, told like a compiler does: the place, the line, the reason, and
// what to write instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/source.h"

namespace mdevsim::config {

struct Diagnostic {
  std::string file;
  std::uint32_t line = 0;  // 0: the file as a whole
  std::uint32_t column = 0;
  std::string line_text;  // without control characters, so that it can go to a terminal
  std::uint32_t length = 1;
  std::string message;
  std::string help;
};

// Several lines, each with its newline. Colour is for terminals.
std::string render(const Diagnostic& diagnostic, bool colour);

// The texts that were read and what was found in them.
class Report {
 public:
  // The number of a file for Region::file. The text is copied for the diagnostics' sake.
  std::uint32_t add_file(std::string name, std::string text);
  const std::string& file_name(std::uint32_t file) const { return files_[file].name; }
  std::string_view text(std::uint32_t file) const { return files_[file].text; }

  void error(Region where, std::string message, std::string help);
  // Then more are only counted.
  bool is_full() const;
  bool has_errors() const { return !found_.empty(); }
  std::size_t count() const { return found_.size() + dropped_; }

  // "hosts/alpha.toml:12:3", for messages that point to a second place.
  std::string place(Region where) const;

  // In the order of files and lines; the same thing is said once.
  std::vector<Diagnostic> take();

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::size_t> line_starts;
  };
  struct Found {
    Region where;
    std::string message;
    std::string help;
  };
  std::string line_text(const File& file, std::uint32_t line) const;

  std::vector<File> files_;
  std::vector<Found> found_;
  std::size_t dropped_ = 0;  // beyond kDiagnosticsMax
};

// The text with control characters and bytes that are not UTF-8 replaced by U+FFFD.
std::string printable(std::string_view text);

// The name nearest to `wanted`, or nothing when none is near: for "did you mean".
std::string_view nearest(std::string_view wanted, const std::vector<std::string_view>& known);

}  // namespace mdevsim::config
