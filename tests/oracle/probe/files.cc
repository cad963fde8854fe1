#include "tests/oracle/probe/files.h"

#include <dirent.h>

#include <array>
#include <climits>
#include <cstdint>

namespace probe {
namespace {

constexpr std::size_t kReadMax = 70000;
constexpr int kOpenFailedCode = -10000;

void report_bytes(const Report& out, const std::string& id, Outcome outcome, const char* bytes) {
  out.line(id, outcome,
           outcome.failed() ? "" : quoted({bytes, static_cast<std::size_t>(outcome.value)}));
}

void report_status(const Report& out, const std::string& id, Outcome outcome,
                   const struct stat& status) {
  if (outcome.failed()) return out.line(id, outcome);
  out.value(id, 0,
            text("mode=%s uid=%u gid=%u size=%ld nlink=%ld blksize=%ld blocks=%ld rdev=%lx",
                 mode_text(status).c_str(), status.st_uid, status.st_gid, long{status.st_size},
                 static_cast<long>(status.st_nlink), long{status.st_blksize},
                 long{status.st_blocks}, status.st_rdev));
}

}  // namespace

int WriteOutcome::code() const {
  if (open_failed) return kOpenFailedCode - error;
  return failed() ? -error : static_cast<int>(value);
}

WriteOutcome write_file(const std::string& path, std::string_view bytes, int flags) {
  const Fd fd(path, flags);
  if (!fd.ok()) return {{-1, errno}, true};
  return {attempt([&] { return write(fd.get(), bytes.data(), bytes.size()); }), false};
}

void* bad_address() {
  const volatile std::uintptr_t address = 8;
  return reinterpret_cast<void*>(address);
}

bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

std::string read_small(const std::string& path) {
  std::array<char, 4096> buffer{};
  const Fd fd(path, O_RDONLY);
  const ssize_t size = fd.ok() ? read(fd.get(), buffer.data(), buffer.size()) : -1;
  return size < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return names;
  while (const dirent* entry = readdir(stream)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(stream);
  return names;
}

long count_in(const std::string& directory) {
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return -1;
  long count = 0;
  while (const dirent* entry = readdir(stream)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(stream);
  return count;
}

std::string link_target(const std::string& path) {
  std::array<char, PATH_MAX> buffer{};
  const ssize_t size = readlink(path.c_str(), buffer.data(), buffer.size());
  return size < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
}

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0: a name without a slash is itself
}

std::string mode_text(const struct stat& status) {
  const char kind = S_ISDIR(status.st_mode)   ? 'd'
                    : S_ISLNK(status.st_mode) ? 'l'
                    : S_ISREG(status.st_mode) ? '-'
                                              : '?';
  return text("%c%04o", kind, status.st_mode & 07777U);
}

void report_open(const Report& out, const std::string& id, const std::string& path, int flags,
                 unsigned mode) {
  Outcome outcome = attempt([&] { return open(path.c_str(), flags, mode); });
  if (!outcome.failed()) {
    close(static_cast<int>(outcome.value));
    outcome.value = 0;  // the number of the descriptor says nothing
  }
  out.line(id, outcome);
}

void report_stat(const Report& out, const std::string& id, const std::string& path) {
  struct stat status {};
  report_status(out, id, attempt([&] { return stat(path.c_str(), &status); }), status);
}

void report_lstat(const Report& out, const std::string& id, const std::string& path) {
  struct stat status {};
  const Outcome outcome = attempt([&] { return lstat(path.c_str(), &status); });
  report_status(out, id, outcome, status);
}

void report_fstat(const Report& out, const std::string& id, const Fd& fd) {
  struct stat status {};
  const Outcome outcome = attempt([&] { return fstat(fd.get(), &status); });
  if (outcome.failed()) return out.line(id, outcome);
  out.value(id, 0,
            text("mode=%s size=%ld nlink=%ld", mode_text(status).c_str(), long{status.st_size},
                 static_cast<long>(status.st_nlink)));
}

void report_read(const Report& out, const std::string& id, const Fd& fd, std::size_t size) {
  std::vector<char> buffer(kReadMax);
  const Outcome outcome =
      attempt([&] { return read(fd.get(), buffer.data(), std::min(size, buffer.size())); });
  report_bytes(out, id, outcome, buffer.data());
}

void report_pread(const Report& out, const std::string& id, const Fd& fd, std::size_t size,
                  off_t offset) {
  std::vector<char> buffer(kReadMax);
  const Outcome outcome = attempt([&] { return pread(fd.get(), buffer.data(), size, offset); });
  report_bytes(out, id, outcome, buffer.data());
}

void report_read_path(const Report& out, const std::string& id, const std::string& path) {
  const Fd fd(path, O_RDONLY);
  if (!fd.ok()) return out.line(id, {-1, errno}, "open");
  report_read(out, id, fd, 65536);
}

void report_readlink(const Report& out, const std::string& id, const std::string& path) {
  std::array<char, 4096> buffer{};
  const Outcome outcome =
      attempt([&] { return readlink(path.c_str(), buffer.data(), buffer.size()); });
  report_bytes(out, id, outcome, buffer.data());
}

void report_write(const Report& out, const std::string& id, const std::string& path,
                  std::string_view bytes, int flags) {
  const WriteOutcome outcome = write_file(path, bytes, flags);
  out.line(id, outcome, outcome.prefix());
}

}  // namespace probe
