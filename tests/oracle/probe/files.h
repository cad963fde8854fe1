// Small file operations: silent ones that sections build on, and reported ones that print what the
// call gave.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/oracle/probe/report.h"

namespace probe {

// An open file that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(const std::string& path, int flags, unsigned mode = 0)
      : number_(open(path.c_str(), flags, mode)) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool ok() const { return number_ >= 0; }
  void reset() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }

 private:
  int number_ = -1;
};

// One write() to a freshly opened file.
struct WriteOutcome : Outcome {
  bool open_failed = false;
  [[nodiscard]] std::string prefix() const { return open_failed ? "open " : ""; }
  // One number for all of it, for histograms and pipes: the count, -errno of write, or -10000 -
  // errno of open.
  [[nodiscard]] int code() const;
};
WriteOutcome write_file(const std::string& path, std::string_view bytes, int flags = O_WRONLY);

// An address where nothing is mapped. The compiler must not see through it.
void* bad_address();

bool exists(const std::string& path);
std::string read_small(const std::string& path);  // empty when it cannot be read
std::vector<std::string> names_in(
    const std::string& directory);            // what does not begin with a dot, in readdir order
long count_in(const std::string& directory);  // -1 when it cannot be opened
std::string link_target(const std::string& path);
std::string base_name(const std::string& path);
std::string mode_text(const struct stat& status);  // "d0755", "-0444", "l0777"

// Reported operations.
void report_open(const Report& out, const std::string& id, const std::string& path, int flags,
                 unsigned mode = 0);
void report_stat(const Report& out, const std::string& id,
                 const std::string& path);  // follows links
void report_lstat(const Report& out, const std::string& id, const std::string& path);
void report_fstat(const Report& out, const std::string& id, const Fd& fd);
void report_read(const Report& out, const std::string& id, const Fd& fd, std::size_t size);
void report_pread(const Report& out, const std::string& id, const Fd& fd, std::size_t size,
                  off_t offset);
void report_read_path(const Report& out, const std::string& id, const std::string& path);
void report_readlink(const Report& out, const std::string& id, const std::string& path);
void report_write(const Report& out, const std::string& id, const std::string& path,
                  std::string_view bytes, int flags = O_WRONLY);

}  // namespace probe
