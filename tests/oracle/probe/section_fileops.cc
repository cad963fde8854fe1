// fileops: every file operation on attributes, directories and links: those that sysfs has and
// those that it refuses.
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <linux/fs.h>

#include <cstdlib>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

enum class Kind { attribute, directory };

// One file under test; its name begins every line.
struct Subject {
  const Report& out;
  std::string name;
  std::string path;
  Kind kind;

  template <typename Call>
  void call(const std::string& id, Call&& operation) const {
    out.call(name + " " + id, operation);
  }
  void status(const std::string& id) const { report_stat(out, name + " " + id, path); }
  [[nodiscard]] const char* c_path() const { return path.c_str(); }
  [[nodiscard]] std::string inside(const std::string& entry) const { return path + "/" + entry; }
};

struct OpenRow {
  const char* id;
  int flags;
  unsigned mode;
};
constexpr int kIoctlOnly = 3;
constexpr OpenRow kOpens[] = {
    {"open RDONLY", O_RDONLY, 0},
    {"open WRONLY", O_WRONLY, 0},
    {"open RDWR", O_RDWR, 0},
    {"open PATH", O_PATH, 0},
    {"open RDONLY|TRUNC", O_RDONLY | O_TRUNC, 0},
    {"open WRONLY|TRUNC", O_WRONLY | O_TRUNC, 0},
    {"open WRONLY|APPEND", O_WRONLY | O_APPEND, 0},
    {"open RDONLY|CREAT", O_RDONLY | O_CREAT, 0644},
    {"open WRONLY|CREAT|EXCL", O_WRONLY | O_CREAT | O_EXCL, 0644},
    {"open RDONLY|DIRECTORY", O_RDONLY | O_DIRECTORY, 0},
    {"open RDONLY|NOFOLLOW", O_RDONLY | O_NOFOLLOW, 0},
    {"open RDONLY|DIRECT", O_RDONLY | O_DIRECT, 0},
    {"open RDONLY|NOATIME", O_RDONLY | O_NOATIME, 0},
    {"open 3 (ioctl mode)", kIoctlOnly, 0},
};
constexpr off_t kPathSizes[] = {0, 10, 8192};
constexpr off_t kFdSizes[] = {0, 10};

void report_opens(const Subject& subject) {
  for (const OpenRow& row : kOpens) {
    report_open(subject.out, subject.name + " " + row.id, subject.path, row.flags, row.mode);
  }
  for (int mode = 0; mode < 8; ++mode) {
    subject.call(text("access %d", mode), [&] { return access(subject.c_path(), mode); });
  }
  for (const off_t size : kPathSizes) {
    subject.call(text("truncate %ld", long{size}),
                 [&] { return truncate(subject.c_path(), size); });
  }
  subject.status("stat after truncate");
}

Fd open_for_calls(const Subject& subject) {
  Fd fd(subject.path, subject.kind == Kind::directory ? O_RDONLY | O_DIRECTORY : O_WRONLY);
  return fd.ok() ? std::move(fd) : Fd(subject.path, O_RDONLY);
}

void report_locks(const Subject& subject, int fd) {
  subject.call("flock", [&] { return flock(fd, LOCK_EX | LOCK_NB); });
  struct flock lock {};
  lock.l_type = F_RDLCK;
  subject.call("fcntl SETLK RDLCK", [&] { return fcntl(fd, F_SETLK, &lock); });
  lock.l_type = F_WRLCK;
  subject.call("fcntl SETLK WRLCK", [&] { return fcntl(fd, F_SETLK, &lock); });
  subject.call("fcntl SETLEASE", [&] { return fcntl(fd, F_SETLEASE, F_RDLCK); });
}

void report_ioctls(const Subject& subject, int fd) {
  int waiting = 0;
  long flags = 0;
  subject.call("ioctl FIONREAD", [&] { return ioctl(fd, FIONREAD, &waiting); });
  subject.call("ioctl GETFLAGS", [&] { return ioctl(fd, FS_IOC_GETFLAGS, &flags); });
  subject.call("ioctl TCGETS", [&] { return isatty(fd) != 0 ? 0 : -1; });
}

void report_fd_calls(const Subject& subject) {
  const Fd fd = open_for_calls(subject);
  if (!fd.ok()) return;
  for (const off_t size : kFdSizes) {
    subject.call(text("ftruncate %ld", long{size}), [&] { return ftruncate(fd.get(), size); });
  }
  subject.call("fsync", [&] { return fsync(fd.get()); });
  subject.call("fdatasync", [&] { return fdatasync(fd.get()); });
  subject.call("fallocate", [&] { return fallocate(fd.get(), 0, 0, 10); });
  report_locks(subject, fd.get());
  report_ioctls(subject, fd.get());
  char buffer[64];
  subject.call("read on that fd", [&] { return read(fd.get(), buffer, sizeof buffer); });
  subject.call("write 0 on that fd", [&] { return write(fd.get(), "", 0); });
}

void report_attribute_changes(const Subject& subject) {
  struct stat before {};
  if (stat(subject.c_path(), &before) != 0) return;
  subject.call("chmod 0666", [&] { return chmod(subject.c_path(), 0666); });
  subject.status("stat after chmod");
  subject.call("chmod back", [&] { return chmod(subject.c_path(), before.st_mode & 07777U); });
  subject.call("chown 1000:1000", [&] { return chown(subject.c_path(), 1000, 1000); });
  subject.status("stat after chown");
  subject.call("chown back", [&] { return chown(subject.c_path(), 0, 0); });
  const timespec times[2] = {{1000000000, 0}, {1000000001, 0}};
  subject.call("utimensat", [&] { return utimensat(AT_FDCWD, subject.c_path(), times, 0); });
  struct stat after {};
  (void)stat(subject.c_path(), &after);
  subject.out.value(subject.name + " mtime after utimensat", after.st_mtim.tv_sec);
}

void report_xattrs(const Subject& subject) {
  char buffer[64];
  const char* path = subject.c_path();
  const auto get = [&](const char* id, const char* name) {
    subject.call(id, [&] { return getxattr(path, name, buffer, sizeof buffer); });
  };
  const auto set = [&](const char* id, const char* name, const char* value) {
    subject.call(id, [&] { return setxattr(path, name, value, 1, 0); });
  };
  const auto remove = [&](const char* id, const char* name) {
    subject.call(id, [&] { return removexattr(path, name); });
  };
  get("getxattr user.x", "user.x");
  set("setxattr user.x", "user.x", "1");
  set("setxattr trusted.x", "trusted.x", "1");
  get("getxattr trusted.x", "trusted.x");
  set("setxattr security.x", "security.x", "1");
  const Outcome listed = attempt([&] { return listxattr(path, buffer, sizeof buffer); });
  subject.out.line(
      subject.name + " listxattr", listed,
      listed.value > 0 ? quoted({buffer, static_cast<std::size_t>(listed.value)}) : "");
  remove("removexattr trusted.x", "trusted.x");
  remove("removexattr security.x", "security.x");
  get("getxattr posix_acl", "system.posix_acl_access");
  set("setxattr security.selinux", "security.selinux", "x");
}

void report_name_changes(const Subject& subject) {
  const char* path = subject.c_path();
  subject.call("unlink", [&] { return unlink(path); });
  subject.call("rmdir", [&] { return rmdir(path); });
  subject.call("rename same dir", [&] { return rename(path, (subject.path + ".new").c_str()); });
  subject.call("rename to /tmp", [&] { return rename(path, "/tmp/zzz"); });
  subject.call("link", [&] { return link(path, (subject.path + ".lnk").c_str()); });
  subject.call("link to /tmp", [&] { return link(path, "/tmp/zzl"); });
  subject.call("mkdir over", [&] { return mkdir(path, 0755); });
  subject.call("symlink over", [&] { return symlink("x", path); });
  report_lstat(subject.out, subject.name + " still there", subject.path);
}

void report_rename_into(const Subject& subject) {
  char scratch[] = "/tmp/probe-scratch-XXXXXX";
  if (mkdtemp(scratch) == nullptr) return;
  subject.call("rename into", [&] { return rename(scratch, subject.inside("tmp").c_str()); });
  rmdir(scratch);
}

void report_new_entries(const Subject& subject) {
  const std::string file = subject.inside("newfile");
  const auto opening = [&](const char* id, const std::string& path, int flags, unsigned mode) {
    report_open(subject.out, subject.name + " " + id, path, flags, mode);
  };
  subject.call("mkdir inside", [&] { return mkdir(subject.inside("newdir").c_str(), 0755); });
  subject.call("symlink inside",
               [&] { return symlink("target", subject.inside("newlnk").c_str()); });
  subject.call("mknod fifo inside",
               [&] { return mknod(subject.inside("newfifo").c_str(), S_IFIFO | 0600, 0); });
  opening("open CREAT new inside", file, O_WRONLY | O_CREAT, 0644);
  opening("open CREAT|EXCL new inside", file, O_RDWR | O_CREAT | O_EXCL, 0644);
  opening("open nonexistent inside", file, O_RDONLY, 0);
  opening("O_TMPFILE", subject.path, O_TMPFILE | O_RDWR, 0600);
  report_rename_into(subject);
}

void report_odd_names(const Subject& subject) {
  const auto reachable = [&](const char* id, const std::string& path) {
    subject.call(id, [&] { return access(path.c_str(), F_OK); });
  };
  subject.call("unlink missing", [&] { return unlink(subject.inside("nope").c_str()); });
  subject.call("rmdir missing", [&] { return rmdir(subject.inside("nope").c_str()); });
  reachable("stat name300", subject.inside(std::string(300, 'n')));
  reachable("stat name255", subject.inside(std::string(255, 'n')));
  reachable("stat trailing slash", subject.path + "/");
  reachable("stat ./..", subject.path + "/./..");
}

void report_as_directory(const Subject& subject) {
  subject.call("access path/x (not dir)",
               [&] { return access(subject.inside("x").c_str(), F_OK); });
  subject.call("access path/", [&] { return access((subject.path + "/").c_str(), F_OK); });
}

void report_everything(const Subject& subject) {
  report_opens(subject);
  report_fd_calls(subject);
  report_attribute_changes(subject);
  report_xattrs(subject);
  report_name_changes(subject);
  if (subject.kind == Kind::attribute) return report_as_directory(subject);
  report_new_entries(subject);
  report_odd_names(subject);
}

void report_link(const Report& out, const Target& target, const std::string& uuid) {
  const std::string link = target.in_instance(uuid, "mdev_type");
  const std::string in_type = target.in_type("devices/" + uuid);
  char buffer[64];
  out.call("link unlink", [&] { return unlink(link.c_str()); });
  out.call("link rename",
           [&] { return rename(link.c_str(), target.in_instance(uuid, "x").c_str()); });
  out.call("link lchown", [&] { return lchown(link.c_str(), 0, 0); });
  report_open(out, "link open NOFOLLOW", link, O_RDONLY | O_NOFOLLOW);
  report_open(out, "link open PATH|NOFOLLOW", link, O_PATH | O_NOFOLLOW);
  out.call("devices/U rmdir", [&] { return rmdir(in_type.c_str()); });
  out.call("devices/U unlink", [&] { return unlink(in_type.c_str()); });
  out.call("link lgetxattr",
           [&] { return lgetxattr(link.c_str(), "trusted.x", buffer, sizeof buffer); });
  out.call("link fchmodat NOFOLLOW",
           [&] { return syscall(SYS_fchmodat, AT_FDCWD, link.c_str(), 0777); });
}

}  // namespace

void run_fileops(const Report& out, const Target& target) {
  const std::string uuid = uuid_number(1);
  target.must_create(uuid);
  const Subject subjects[] = {
      {out, "type/create", target.in_type("create"), Kind::attribute},
      {out, "type/name", target.in_type("name"), Kind::attribute},
      {out, "inst/remove", target.in_instance(uuid, "remove"), Kind::attribute},
      {out, "inst/uevent", target.in_instance(uuid, "uevent"), Kind::attribute},
      {out, "type/", target.type, Kind::directory},
      {out, "type/devices", target.in_type("devices"), Kind::directory},
      {out, "inst/", target.instance(uuid), Kind::directory},
      {out, "mdev_supported_types", target.types(), Kind::directory},
  };
  for (const Subject& subject : subjects) report_everything(subject);
  report_link(out, target, uuid);
  target.remove_all();
}

}  // namespace probe
