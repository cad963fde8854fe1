#include "fusefs/launch/mounting.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "fusefs/launch/fd.h"

namespace mdevsim::launch {
namespace {

bool set_read_only(const std::string& path, unsigned flags) {
  struct mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  return ::mount_setattr(AT_FDCWD, path.c_str(), flags, &attributes, sizeof(attributes)) == 0;
}

// mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// Cuts off the part before the first `separator`, which goes too.
std::string_view take_until(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + separator.size());
  return part;
}

// Calls `look` with each line's mount point and filesystem type.
template <typename Look>
void for_each_mount(std::string_view mountinfo, Look look) {
  while (!mountinfo.empty()) {
    // ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS
    std::string_view line = take_until(mountinfo, "\n");
    for (int field = 0; field < 4; ++field) take_until(line, " ");
    const std::string_view point = take_until(line, " ");
    take_until(line, " - ");
    if (!point.empty()) look(unescape(point), take_until(line, " "));
  }
}

}  // namespace

std::string read_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 16384> buffer;
  while (fd.is_open()) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

std::string fd_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

bool make_placeholder(const std::string& path, bool is_directory) {
  if (is_directory) return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST;
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0444));
  return fd.is_open();
}

bool bind_tree(const std::string& source, const std::string& target, bool read_only) {
  if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    return false;
  return !read_only || set_read_only(target, AT_RECURSIVE);
}

bool mount_fuse(int fuse_fd, const std::string& target) {
  const std::string options =
      "fd=" + std::to_string(fuse_fd) + ",rootmode=40000,user_id=" + std::to_string(::getuid()) +
      ",group_id=" + std::to_string(::getgid()) + ",default_permissions,allow_other";
  return ::mount("mdevsim", target.c_str(), "fuse.mdevsim", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                 options.c_str()) == 0;
}

Fd mount_fuse_detached(int fuse_fd) {
  const Fd fs(::fsopen("fuse", FSOPEN_CLOEXEC));
  const std::pair<const char*, std::string> strings[] = {{"source", "mdevsim"},
                                                         {"subtype", "mdevsim"},
                                                         {"fd", std::to_string(fuse_fd)},
                                                         {"rootmode", "40000"},
                                                         {"user_id", std::to_string(::getuid())},
                                                         {"group_id", std::to_string(::getgid())}};
  for (const auto& [key, value] : strings) {
    if (::fsconfig(fs.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) != 0) return Fd();
  }
  for (const char* flag : {"default_permissions", "allow_other"}) {
    if (::fsconfig(fs.get(), FSCONFIG_SET_FLAG, flag, nullptr, 0) != 0) return Fd();
  }
  if (::fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return Fd();
  constexpr unsigned kAttributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  return Fd(::fsmount(fs.get(), FSMOUNT_CLOEXEC, kAttributes));
}

bool make_read_only(const std::string& mount_point) { return set_read_only(mount_point, 0); }

std::vector<std::string> mount_points(std::string_view mountinfo) {
  std::vector<std::string> points;
  for_each_mount(mountinfo,
                 [&](std::string point, std::string_view) { points.push_back(std::move(point)); });
  return points;
}

bool is_mounted_by_us(std::string_view mountinfo, const std::string& path) {
  bool is_ours = false;  // what is mounted last is listed last
  for_each_mount(mountinfo, [&](const std::string& point, std::string_view type) {
    if (point == path) is_ours = type == "fuse.mdevsim";
  });
  return is_ours;
}

std::string find_program(const std::string& name) {
  const char* variable = std::getenv("PATH");
  std::string path = variable != nullptr ? variable : "";
  path += ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t colon = std::min(path.find(':', at), path.size());
    const std::string candidate = path.substr(at, colon - at) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    at = colon + 1;
  }
  return {};
}

std::string fuse_hint(int error) {
  if (error == ENOENT || error == ENODEV || error == ENXIO) {
    return "/dev/fuse is missing: load the kernel's module (modprobe fuse), or give the container "
           "the device (--device /dev/fuse)";
  }
  if (error == EACCES || error == EPERM) {
    return "/dev/fuse may not be opened by this user: chmod 0666 /dev/fuse (as every distribution "
           "has it), or give the container the device (--device /dev/fuse)";
  }
  return std::string("cannot open /dev/fuse: ") + std::strerror(error);
}

}  // namespace mdevsim::launch
