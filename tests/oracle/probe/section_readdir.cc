// readdir: the order, types and offsets of directory entries, and a directory that changes while it
// is read.
#include <dirent.h>
#include <sys/syscall.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

const char* type_name(unsigned char type) {
  switch (type) {
    case DT_DIR:
      return "DIR";
    case DT_REG:
      return "REG";
    case DT_LNK:
      return "LNK";
    case DT_UNKNOWN:
      return "UNKNOWN";
    default:
      return "?";
  }
}

// The C library hides d_off and may reorder nothing, but may skip: ask the kernel itself.
void report_entries(const Report& out, const std::string& id, const std::string& directory) {
  const Fd fd(directory, O_RDONLY | O_DIRECTORY);
  if (!fd.ok()) return out.line(id, {-1, errno}, "open");
  std::array<char, 8192> buffer{};
  int index = 0;
  for (;;) {
    const Outcome got =
        attempt([&] { return syscall(SYS_getdents64, fd.get(), buffer.data(), buffer.size()); });
    if (got.failed()) out.line(id, got);
    if (got.value <= 0) break;
    for (long at = 0; at < got.value;) {
      dirent64 entry{};
      const char* raw = buffer.data() + at;
      std::memcpy(&entry, raw, offsetof(dirent64, d_name));
      out.value(text("%s[%d]", id.c_str(), index++), entry.d_off,
                std::string(type_name(entry.d_type)) + " " + (raw + offsetof(dirent64, d_name)));
      at += entry.d_reclen;
    }
  }
  out.value(id + ".lseek_end", lseek(fd.get(), 0, SEEK_END));
}

// Four entries are read, one instance goes and comes back, the rest is read.
void report_change_while_reading(const Report& out, const Target& target) {
  DIR* stream = opendir(target.in_type("devices").c_str());
  if (stream == nullptr) return out.line("opendir", {-1, errno});
  long seen = 0;
  while (seen < 4 && readdir(stream) != nullptr) ++seen;
  target.must_remove(uuid_number(2));
  target.must_create(uuid_number(2));
  while (readdir(stream) != nullptr) ++seen;
  out.value("telldir_after_all", seen, "entries incl . and ..");

  rewinddir(stream);
  seen = 0;
  while (readdir(stream) != nullptr) ++seen;
  out.value("rewinddir", seen);
  closedir(stream);
}

}  // namespace

void run_readdir(const Report& out, const Target& target) {
  target.must_create(uuid_number(1));
  report_entries(out, "parent", target.parent);
  report_entries(out, "types", target.types());
  report_entries(out, "type", target.type);
  report_entries(out, "devices", target.in_type("devices"));
  report_entries(out, "inst", target.instance(uuid_number(1)));
  report_entries(out, "bus_devices", target.in_bus("devices"));
  report_entries(out, "class_mdev_bus", target.in_sys("class/mdev_bus"));

  target.must_create(uuid_number(2));
  target.must_create(uuid_number(3));
  report_entries(out, "devices3", target.in_type("devices"));
  report_change_while_reading(out, target);
  target.remove_all();
}

}  // namespace probe
