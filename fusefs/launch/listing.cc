#include "fusefs/launch/listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "fusefs/launch/fd.h"

namespace mdevsim::launch {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

EntryKind kind_of(int directory_fd, const dirent& entry) {
  if (entry.d_type == DT_DIR) return EntryKind::directory;
  if (entry.d_type == DT_LNK) return EntryKind::link;
  if (entry.d_type != DT_UNKNOWN) return EntryKind::file;
  struct stat status = {};
  if (::fstatat(directory_fd, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return EntryKind::file;
  }
  if (S_ISDIR(status.st_mode)) return EntryKind::directory;
  return S_ISLNK(status.st_mode) ? EntryKind::link : EntryKind::file;
}

std::string read_link(int directory_fd, const char* name) {
  std::array<char, PATH_MAX> text;
  const ssize_t length = ::readlinkat(directory_fd, name, text.data(), text.size());
  return length < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(length));
}

// A directory that cannot be read is shown as it is, whole: it is left out of the listing.
bool read_directory(int root_fd, const std::string& path, Entries& entries) {
  Fd fd(::openat(root_fd, path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return false;
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
  if (!directory) return false;
  fd.release();
  const int directory_fd = ::dirfd(directory.get());
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const EntryKind kind = kind_of(directory_fd, *entry);
    entries[name] = ListedEntry{
        kind, kind == EntryKind::link ? read_link(directory_fd, entry->d_name) : std::string()};
  }
  return true;
}

void read_below(int root_fd, std::span<const std::string_view> patterns, const std::string& path,
                Listing& listing) {
  Entries entries;
  if (!read_directory(root_fd, path, entries)) return;
  const Entries& kept = listing[path] = std::move(entries);
  for (const auto& [name, entry] : kept) {
    if (entry.kind != EntryKind::directory) continue;
    const std::string child = join(path, name);
    if (matches_any(patterns, child)) read_below(root_fd, patterns, child, listing);
  }
}

}  // namespace

std::string join(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return std::string(directory) + "/" + std::string(name);
}

bool matches_any(std::span<const std::string_view> patterns, const std::string& path) {
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    return ::fnmatch(std::string(pattern).c_str(), path.c_str(), FNM_PATHNAME) == 0;
  });
}

Outcome<Listing> read_listing(int root_fd, std::span<const std::string_view> patterns) {
  Listing listing;
  read_below(root_fd, patterns, "", listing);
  if (listing.empty()) return failed(with_errno("cannot list the root of a sysfs"));
  return listing;
}

}  // namespace mdevsim::launch
