// stat: sizes, modes, link counts, times and inode numbers; the forms of the links.
#include <climits>
#include <cstdlib>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

constexpr const char* kTypeFiles[] = {
    "", "/create", "/name", "/device_api", "/available_instances", "/description", "/devices"};
constexpr const char* kInstanceFiles[] = {"remove", "uevent",      "mdev_type", "subsystem",
                                          "driver", "iommu_group", "power",     "vfio-dev"};

struct stat status_of(const std::string& path) {
  struct stat status {};
  (void)stat(path.c_str(), &status);
  return status;
}

bool differ(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec;
}

void wait_for_the_clock() { usleep(30000); }

void report_realpath(const Report& out, const Target& target, const std::string& id,
                     const std::string& path) {
  char resolved[PATH_MAX] = "";
  const bool ok = realpath(path.c_str(), resolved) != nullptr;
  out.value(id, ok ? 0 : -1, target.without_root(resolved));
}

void report_links(const Report& out, const Target& target, const std::string& uuid) {
  for (const char* name : kInstanceFiles) {
    const std::string path = target.in_instance(uuid, name);
    report_lstat(out, text("inst/%s lstat", name), path);
    report_readlink(out, text("inst/%s readlink", name), path);
  }
  const std::string in_type = target.in_type("devices/" + uuid);
  const std::string on_bus = target.in_bus("devices/" + uuid);
  report_lstat(out, "type/devices/U lstat", in_type);
  report_readlink(out, "type/devices/U readlink", in_type);
  report_lstat(out, "bus/mdev/devices/U lstat", on_bus);
  report_readlink(out, "bus/mdev/devices/U readlink", on_bus);
  report_realpath(out, target, "realpath bus/mdev/devices/U", on_bus);
  report_realpath(out, target, "realpath U/mdev_type", target.in_instance(uuid, "mdev_type"));
  char three[3];
  out.call("readlink_bufsize3", [&] {
    return readlink(target.in_instance(uuid, "mdev_type").c_str(), three, sizeof three);
  });
}

void report_times(const Report& out, const Target& target) {
  const struct stat devices = status_of(target.in_type("devices"));
  const struct stat parent = status_of(target.parent);
  wait_for_the_clock();
  target.must_create(uuid_number(2));
  const struct stat devices_after = status_of(target.in_type("devices"));
  const struct stat parent_after = status_of(target.parent);
  out.value("devices_dir_mtime_changes_on_create", differ(devices.st_mtim, devices_after.st_mtim),
            text("nlink %lu->%lu", devices.st_nlink, devices_after.st_nlink));
  out.value("parent_dir_mtime_changes_on_create", differ(parent.st_mtim, parent_after.st_mtim),
            text("nlink delta %ld ino_same=%d",
                 static_cast<long>(parent_after.st_nlink - parent.st_nlink),
                 parent.st_ino == parent_after.st_ino));

  const struct stat create = status_of(target.in_type("create"));
  wait_for_the_clock();
  target.must_create(uuid_number(3));
  const struct stat create_after = status_of(target.in_type("create"));
  out.value("create_mtime_changes_on_write", differ(create.st_mtim, create_after.st_mtim),
            text("ctime=%d", differ(create.st_ctim, create_after.st_ctim)));

  const struct stat name = status_of(target.in_type("name"));
  wait_for_the_clock();
  (void)read_small(target.in_type("name"));
  out.value("name_atime_changes_on_read",
            differ(name.st_atim, status_of(target.in_type("name")).st_atim));
}

void report_inodes(const Report& out, const Target& target, const std::string& uuid) {
  const ino_t direct = status_of(target.instance(uuid)).st_ino;
  out.value("ino_same_via_link", direct == status_of(target.in_bus("devices/" + uuid)).st_ino);
  target.must_remove(uuid);
  target.must_create(uuid);
  out.value("ino_same_after_recreate", direct == status_of(target.instance(uuid)).st_ino);
}

}  // namespace

void run_stat(const Report& out, const Target& target) {
  const std::string uuid = uuid_number(1);
  target.must_create(uuid);
  for (const char* name : kTypeFiles) report_lstat(out, text("type%s", name), target.type + name);
  report_lstat(out, "mdev_supported_types", target.types());
  report_lstat(out, "parent", target.parent);
  report_lstat(out, "inst", target.instance(uuid));
  report_links(out, target, uuid);
  report_times(out, target);
  report_inodes(out, target, uuid);
  target.remove_all();
}

}  // namespace probe
