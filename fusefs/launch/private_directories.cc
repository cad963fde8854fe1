#include "fusefs/launch/private_directories.h"

#include <fnmatch.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "fusefs/launch/compose.h"
#include "fusefs/launch/mounting.h"

namespace mdevsim::launch {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRunWithout[] = {"udev", "libvirt*", "virt*", "mdevctl*"};

constexpr PrivateDirectory kOfRoot[] = {
    {"/run", Keep::others, kRunWithout},       {"/var/lib/libvirt", Keep::nothing, {}},
    {"/var/cache/libvirt", Keep::nothing, {}}, {"/var/log/libvirt", Keep::nothing, {}},
    {"/etc/libvirt", Keep::files, {}},         {"/etc/mdevctl.d", Keep::tree, {}},
};

constexpr PrivateDirectory kOfOthers[] = {
    {"/run", Keep::caller_own, {}},
    {"/var/lib", Keep::caller_own, {}},
    {"/var/cache/libvirt", Keep::nothing, {}},
    {"/var/log/libvirt", Keep::nothing, {}},
    {"/etc/libvirt", Keep::files, {}},
    {"/etc/mdevctl.d", Keep::tree, {}},
};

// mdevctl 1.2 fails without these; its definitions are left out, they are the machine's.
constexpr std::string_view kMdevctlScripts[] = {"scripts.d/callouts", "scripts.d/notifiers"};

constexpr char kOptions[] = "mode=0755";

void copy_what_is_kept(const PrivateDirectory& directory, const fs::path& target) {
  std::error_code ignored;  // what this user cannot read is not there inside
  if (directory.keep == Keep::files) {
    for (const auto& entry : fs::directory_iterator(directory.path, ignored)) {
      if (entry.is_regular_file(ignored)) {
        fs::copy_file(entry.path(), target / entry.path().filename(), ignored);
      }
    }
  } else if (directory.keep == Keep::tree) {
    for (const std::string_view name : kMdevctlScripts) {
      fs::create_directories(target / name, ignored);
      fs::copy(fs::path(directory.path) / name, target / name,
               fs::copy_options::recursive | fs::copy_options::copy_symlinks, ignored);
    }
  }
}

// Entries that vanish meanwhile, or that nobody may bind, are not shown.
void bind_what_is_kept(const PrivateDirectory& directory, const fs::path& target,
                       std::span<const std::string> own) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory.path, ignored)) {
    const std::string name = entry.path().filename();
    if (!is_kept(directory, name, own)) continue;
    const fs::path to = target / name;
    if (entry.is_symlink(ignored)) {
      fs::copy_symlink(entry.path(), to, ignored);
    } else if (!make_placeholder(to, entry.is_directory(ignored)) ||
               !bind_tree(entry.path(), to, false)) {
      fs::remove(to, ignored);
    }
  }
}

}  // namespace

std::span<const PrivateDirectory> private_directories(bool is_root) {
  if (is_root) return kOfRoot;
  return kOfOthers;
}

bool is_kept(const PrivateDirectory& directory, const std::string& name,
             std::span<const std::string> own) {
  if (directory.keep == Keep::others) {
    return std::none_of(directory.without.begin(), directory.without.end(),
                        [&](std::string_view pattern) {
                          return ::fnmatch(std::string(pattern).c_str(), name.c_str(), 0) == 0;
                        });
  }
  if (directory.keep != Keep::caller_own) return false;
  const std::string path = std::string(directory.path) + "/" + name;
  return std::any_of(own.begin(), own.end(), [&](const std::string& mine) {
    return mine == path || mine.starts_with(path + "/");
  });
}

Done make_private_directories(bool is_root, std::span<const std::string> own) {
  const std::string staged = Stage::path_of("private");
  if (::mkdir(staged.c_str(), 0755) != 0) return failed(with_errno("cannot make a stage"));
  for (const PrivateDirectory& directory : private_directories(is_root)) {
    const std::string path(directory.path);
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    if (::mount("mdevsim", staged.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, kOptions) != 0) {
      return failed(with_errno("cannot make a private " + path));
    }
    copy_what_is_kept(directory, staged);
    bind_what_is_kept(directory, staged, own);
    if (::mount(staged.c_str(), path.c_str(), nullptr, MS_MOVE, nullptr) != 0) {
      return failed(with_errno("cannot mount a private " + path));
    }
  }
  return {};
}

}  // namespace mdevsim::launch
