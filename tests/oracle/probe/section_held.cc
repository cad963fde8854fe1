// held: files, directories and working directories of an instance that are open while it is
// removed.
#include <dirent.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <climits>
#include <csignal>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

constexpr const char* kVendorFiles[] = {"vendor/sample_mdev_dev", "vendor/resolution",
                                        "vendor/memory"};

Outcome getdents(const Fd& fd, std::size_t size) {
  std::vector<char> buffer(size);
  return attempt([&] { return syscall(SYS_getdents64, fd.get(), buffer.data(), buffer.size()); });
}

void report_getdents(const Report& out, const std::string& id, const Fd& fd) {
  out.line(id, getdents(fd, 2048));
}

// Whether openat() works; the number of the descriptor says nothing.
void report_openat(const Report& out, const std::string& id, const Fd& directory,
                   const std::string& name, int flags) {
  const Fd fd(openat(directory.get(), name.c_str(), flags));
  out.line(id, fd.ok() ? Outcome{} : Outcome{-1, errno});
}

// "/proc/self/fd/7" shows a path, with " (deleted)" once the name is gone.
void report_proc_link(const Report& out, const Target& target, const std::string& id,
                      const std::string& link) {
  const std::string shown = link_target(link);
  out.value(id, shown.empty() ? 0 : 1, target.without_root(shown));
}

struct HeldFiles {
  HeldFiles(const Target& target, const std::string& uuid)
      : uevent(target.in_instance(uuid, "uevent"), O_RDONLY),
        uevent_unread(target.in_instance(uuid, "uevent"), O_RDWR),
        remove(target.in_instance(uuid, "remove"), O_WRONLY),
        directory(target.instance(uuid), O_RDONLY | O_DIRECTORY),
        directory_begun(target.instance(uuid), O_RDONLY | O_DIRECTORY),
        directory_path(target.instance(uuid), O_PATH),
        uevent_path(target.in_instance(uuid, "uevent"), O_PATH),
        power(target.in_instance(uuid, "power"), O_RDONLY | O_DIRECTORY),
        link(target.in_instance(uuid, "mdev_type"), O_PATH | O_NOFOLLOW),
        devices(target.in_type("devices"), O_RDONLY | O_DIRECTORY) {
    for (const char* name : kVendorFiles) {
      if (!exists(target.in_instance(uuid, name))) continue;
      vendor = Fd(target.in_instance(uuid, name), O_RDONLY);
      vendor_begun = Fd(target.in_instance(uuid, name), O_RDONLY);
    }
  }
  Fd uevent, uevent_unread, remove, directory, directory_begun, directory_path, uevent_path, power,
      link, devices;
  Fd vendor, vendor_begun;
};

void report_before(const Report& out, const HeldFiles& held) {
  report_read(out, "uevent whole before remove", held.uevent, 4096);
  if (held.vendor_begun.ok())
    report_read(out, "vendor 3 bytes before remove", held.vendor_begun, 3);
  const Outcome begun = getdents(held.directory_begun, 80);
  out.line("getdents partial before", {begun.value > 0 ? 1 : 0, begun.error});
}

void report_working_directory(const Report& out, const Target& target, const std::string& when) {
  const auto id = [&](const char* what) { return "cwd_removed[" + when + "] " + what; };
  char path[PATH_MAX] = "";
  const Outcome known = attempt([&] { return getcwd(path, sizeof path) == nullptr ? -1 : 0; });
  out.line(id("getcwd"), known, known.failed() ? "" : target.without_root(path));
  report_proc_link(out, target, id("/proc/self/cwd"), "/proc/self/cwd");
  report_open(out, id("open ."), ".", O_RDONLY);
  report_open(out, id("open .."), "..", O_RDONLY);
  report_stat(out, id("stat ."), ".");
  report_stat(out, id("stat .."), "..");
  report_open(out, id("open uevent"), "uevent", O_RDONLY);
  report_open(out, id("open mdev_type/name"), "mdev_type/name", O_RDONLY);
  if (const Fd here(".", O_RDONLY); here.ok()) out.line(id("getdents ."), getdents(here, 1024));
  out.call(id("mkdir x"), [] { return mkdir("x", 0755); });
}

// A process that lives in the instance's directory, and looks around each time it is continued.
pid_t start_dweller(const Report& out, const Target& target, const std::string& uuid) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  (void)attempt([&] { return chdir(target.instance(uuid).c_str()); });
  for (const char* when : {"before any lookup", "after a lookup"}) {
    (void)raise(SIGSTOP);
    report_working_directory(out, target, when);
  }
  _exit(0);
}

void wait_until_stopped_or_ended(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, WUNTRACED);
}

void remove_with_dweller(const Report& out, const Target& target, const std::string& uuid,
                         pid_t dweller) {
  wait_until_stopped_or_ended(dweller);
  report_with_state(out, target, "remove while fds+cwd held (no lookup of U since)",
                    target.remove(uuid));
  kill(dweller, SIGCONT);
  wait_until_stopped_or_ended(dweller);
  out.value("lookup of removed path now", exists(target.instance(uuid)));
  kill(dweller, SIGCONT);
  wait_until_stopped_or_ended(dweller);
}

void report_reads_and_writes(const Report& out, const HeldFiles& held) {
  report_read(out, "uevent fd read at eof", held.uevent, 100);
  lseek(held.uevent.get(), 0, SEEK_SET);
  report_read(out, "uevent fd rewind read", held.uevent, 100);
  report_pread(out, "uevent fd pread0", held.uevent, 100, 0);
  report_read(out, "uevent fd2 never read", held.uevent_unread, 100);
  out.call("uevent fd2 write add", [&] { return write(held.uevent_unread.get(), "add", 3); });
  out.call("remove fd write 1", [&] { return write(held.remove.get(), "1", 1); });
  if (held.vendor.ok()) report_read(out, "vendor fd never read", held.vendor, 100);
  if (held.vendor_begun.ok())
    report_read(out, "vendor fd partially read: rest", held.vendor_begun, 100);
}

void report_status(const Report& out, const Target& target, const HeldFiles& held) {
  report_fstat(out, "fstat uevent fd", held.uevent);
  report_fstat(out, "fstat dir fd", held.directory);
  report_fstat(out, "fstat O_PATH dir", held.directory_path);
  report_fstat(out, "fstat O_PATH attr", held.uevent_path);
  report_fstat(out, "fstat link fd", held.link);
  report_proc_link(out, target, "procfd uevent", text("/proc/self/fd/%d", held.uevent.get()));
  report_proc_link(out, target, "procfd dir", text("/proc/self/fd/%d", held.directory.get()));
}

void report_directories(const Report& out, const HeldFiles& held) {
  report_getdents(out, "getdents dir fd (fresh)", held.directory);
  report_getdents(out, "getdents dir fd2 (mid)", held.directory_begun);
  report_getdents(out, "getdents power fd", held.power);
  lseek(held.directory_begun.get(), 0, SEEK_SET);
  report_getdents(out, "getdents dir fd2 rewound", held.directory_begun);
  report_openat(out, "openat(dirfd,uevent)", held.directory, "uevent", O_RDONLY);
  report_openat(out, "openat(dirfd,mdev_type)", held.directory, "mdev_type", O_PATH | O_NOFOLLOW);
  report_openat(out, "openat(dirfd,..)", held.directory, "..", O_RDONLY);
}

void report_other_calls(const Report& out, const HeldFiles& held) {
  const Fd reopened(text("/proc/self/fd/%d", held.uevent_path.get()), O_RDONLY);
  out.line("reopen O_PATH attr via /proc", reopened.ok() ? Outcome{} : Outcome{-1, errno});
  char target[PATH_MAX];
  const Outcome link =
      attempt([&] { return readlinkat(held.link.get(), "", target, sizeof target); });
  out.line("readlinkat(link fd)", link,
           link.value > 0 ? quoted({target, static_cast<std::size_t>(link.value)}) : "");
  out.call("fchdir", [&] { return fchdir(held.directory.get()); });
  (void)attempt([] { return chdir("/"); });
  out.call("fchmod attr", [&] { return fchmod(held.uevent.get(), 0600); });
  pollfd polled{held.uevent.get(), POLLPRI | POLLIN, 0};
  const int ready = poll(&polled, 1, 0);
  out.value("poll uevent fd", ready, text("revents=0x%x", static_cast<unsigned>(polled.revents)));
  out.call("lseek", [&] { return lseek(held.uevent.get(), 0, SEEK_SET); });
  out.call("fsync", [&] { return fsync(held.uevent.get()); });
  struct statfs fs {};
  out.call("fstatfs", [&] { return fstatfs(held.uevent.get(), &fs); });
}

void report_recreated(const Report& out, const Target& target, const std::string& uuid,
                      const HeldFiles& held) {
  target.must_create(uuid);
  report_read(out, "recreated: old uevent fd", held.uevent, 100);
  report_openat(out, "recreated: openat(old dirfd)", held.directory, "uevent", O_RDONLY);
  out.call(
      "recreated: old remove fd", [&] { return write(held.remove.get(), "1", 1); },
      [&] { return text("gone=%d", !exists(target.instance(uuid))); });
  report_openat(out, "devices dirfd sees new", held.devices, uuid, O_PATH | O_NOFOLLOW);
  target.remove_all();
}

// A name that was looked up in vain is seen as soon as it exists.
void report_negative_lookups(const Report& out, const Target& target) {
  const std::string uuid = uuid_number(7);
  out.value("lookup missing", exists(target.instance(uuid)));
  target.must_create(uuid);
  out.value("lookup after create (negative dentry)", exists(target.instance(uuid)),
            text("bus=%d type=%d", exists(target.in_bus("devices/" + uuid)),
                 exists(target.in_type("devices/" + uuid))));
  target.remove_all();
}

}  // namespace

void run_held(const Report& out, const Target& target) {
  const std::string uuid = uuid_number(1);
  target.must_create(uuid);
  const HeldFiles held(target, uuid);
  report_before(out, held);
  remove_with_dweller(out, target, uuid, start_dweller(out, target, uuid));
  report_reads_and_writes(out, held);
  report_status(out, target, held);
  report_directories(out, held);
  report_other_calls(out, held);
  report_recreated(out, target, uuid, held);
  report_negative_lookups(out, target);
}

}  // namespace probe
