// inotify: a watcher hears of system calls, never of what the kernel creates and removes by itself.
#include <poll.h>
#include <sys/inotify.h>

#include <array>
#include <cstring>
#include <map>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

struct BitName {
  unsigned bit;
  const char* name;
};
constexpr BitName kBits[] = {
    {IN_ACCESS, "ACCESS"},
    {IN_MODIFY, "MODIFY"},
    {IN_ATTRIB, "ATTRIB"},
    {IN_CLOSE_WRITE, "CLOSE_WRITE"},
    {IN_CLOSE_NOWRITE, "CLOSE_NOWRITE"},
    {IN_OPEN, "OPEN"},
    {IN_MOVED_FROM, "MOVED_FROM"},
    {IN_MOVED_TO, "MOVED_TO"},
    {IN_CREATE, "CREATE"},
    {IN_DELETE, "DELETE"},
    {IN_DELETE_SELF, "DELETE_SELF"},
    {IN_MOVE_SELF, "MOVE_SELF"},
    {IN_UNMOUNT, "UNMOUNT"},
    {IN_IGNORED, "IGNORED"},
    {IN_ISDIR, "ISDIR"},
};

std::string bits_text(unsigned mask) {
  std::string shown;
  for (const BitName& row : kBits) {
    if ((mask & row.bit) != 0) shown += (shown.empty() ? "" : "|") + std::string(row.name);
  }
  return shown;
}

class Watcher {
 public:
  Watcher(const Report& out, int patience_ms)
      : out_(out), fd_(inotify_init1(IN_NONBLOCK)), patience_ms_(patience_ms) {}

  void watch(const std::string& name, const std::string& path) {
    Outcome added =
        attempt([&] { return inotify_add_watch(fd_.get(), path.c_str(), IN_ALL_EVENTS); });
    if (!added.failed()) names_[static_cast<int>(std::exchange(added.value, 0))] = name;
    out_.line("add_watch " + name, added);
  }

  void report_pending(const std::string& tag) const {
    int index = 0;
    pollfd polled{fd_.get(), POLLIN, 0};
    while (poll(&polled, 1, patience_ms_) > 0) {
      alignas(inotify_event) std::array<char, 8192> buffer{};
      const ssize_t size = read(fd_.get(), buffer.data(), buffer.size());
      for (ssize_t at = 0; at < size;)
        at += report_event(text("%s[%d]", tag.c_str(), index++), buffer.data() + at);
    }
    if (index == 0) out_.value(tag + " none", 0);
  }

 private:
  // Prints one event and gives its size.
  ssize_t report_event(const std::string& id, const char* raw) const {
    inotify_event event{};
    std::memcpy(&event, raw, sizeof event);
    const auto known = names_.find(event.wd);
    const char* name = event.len > 0 ? raw + sizeof event : "";
    out_.value(id, 0,
               (known == names_.end() ? "?" : known->second) + " " + bits_text(event.mask) +
                   " name=" + name);
    return static_cast<ssize_t>(sizeof event + event.len);
  }

  const Report& out_;
  Fd fd_;
  int patience_ms_;
  std::map<int, std::string> names_;
};

void report_removal_of_watched(const Target& target, const Watcher& watcher,
                               const std::string& uuid) {
  Fd remove(target.in_instance(uuid, "remove"), O_WRONLY);
  (void)attempt([&] { return write(remove.get(), "1", 1); });
  watcher.report_pending("remove U2 (watched), fd open");
  (void)exists(target.instance(uuid));
  watcher.report_pending("lookup of removed U2");
  remove.reset();
  watcher.report_pending("close remove fd");
  target.must_create(uuid);
  watcher.report_pending("recreate U2");
}

}  // namespace

void run_inotify(const Report& out, const Target& target) {
  const std::string first = uuid_number(1);
  const std::string second = uuid_number(2);
  const std::string available = target.in_type("available_instances");
  target.must_create(second);
  Watcher watcher(out, target.patience_ms);
  watcher.watch("type/devices", target.in_type("devices"));
  watcher.watch("parent", target.parent);
  watcher.watch("bus/mdev/devices", target.in_bus("devices"));
  watcher.watch("type", target.type);
  watcher.watch("available_instances", available);
  watcher.watch("inst2", target.instance(second));
  watcher.watch("inst2/uevent", target.in_instance(second, "uevent"));
  watcher.report_pending("idle");

  target.must_create(first);
  watcher.report_pending("create U1");
  target.must_remove(first);
  watcher.report_pending("remove U1");
  (void)exists(target.in_type("devices/" + first));
  (void)exists(target.instance(first));
  (void)count_in(target.in_type("devices"));
  watcher.report_pending("lookups+readdir after remove U1");
  target.must_create("junk");
  watcher.report_pending("failed write to create");
  (void)read_small(available);
  watcher.report_pending("read available_instances");
  (void)attempt([&] { return chmod(available.c_str(), 0444); });
  watcher.report_pending("chmod available_instances");
  report_removal_of_watched(target, watcher, second);
  target.remove_all();
}

}  // namespace probe
