// read: contents, offsets, seeking, and what an open file shows after the value has changed.
#include <sys/uio.h>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

constexpr const char* kTypeFiles[] = {"name", "device_api", "available_instances", "description",
                                      "create"};
constexpr const char* kInstanceFiles[] = {"uevent", "remove", "power/control",
                                          "power/runtime_status", "power/autosuspend_delay_ms"};

void report_seek(const Report& out, const std::string& id, const Fd& fd, off_t offset, int whence) {
  out.call(id, [&] { return lseek(fd.get(), offset, whence); });
}

void report_contents(const Report& out, const Target& target) {
  for (const char* name : kTypeFiles)
    report_read_path(out, text("type/%s", name), target.in_type(name));
  const std::string uuid = uuid_number(1);
  target.must_create(uuid);
  for (const char* name : kInstanceFiles)
    report_read_path(out, text("inst/%s", name), target.in_instance(uuid, name));
  target.remove_all();
}

void report_offsets(const Report& out, const Fd& name) {
  report_read(out, "read0", name, 0);
  report_read(out, "read1a", name, 1);
  report_read(out, "read1b", name, 1);
  report_read(out, "read3", name, 3);
  report_seek(out, "lseek_cur", name, 0, SEEK_CUR);
  report_read(out, "rest", name, 100);
  report_read(out, "eof", name, 100);
  report_pread(out, "pread_0", name, 100, 0);
  report_pread(out, "pread_2", name, 100, 2);
  report_pread(out, "pread_past", name, 100, 100);
  report_pread(out, "pread_4096", name, 100, 4096);
  report_pread(out, "pread_huge", name, 100, off_t{1} << 40);
}

void report_seeks(const Report& out, const Fd& name) {
  report_seek(out, "lseek_end", name, 0, SEEK_END);
  report_seek(out, "lseek_end_minus1", name, -1, SEEK_END);
  report_seek(out, "lseek_set_3", name, 3, SEEK_SET);
  report_read(out, "read_after_seek3", name, 100);
  report_seek(out, "lseek_set_5000", name, 5000, SEEK_SET);
  report_read(out, "read_after_seek5000", name, 10);
  report_seek(out, "lseek_neg", name, -1, SEEK_SET);
  report_seek(out, "lseek_data", name, 0, SEEK_DATA);
  report_seek(out, "lseek_hole", name, 0, SEEK_HOLE);
}

void report_unusual_reads(const Report& out, const Fd& name) {
  lseek(name.get(), 0, SEEK_SET);
  char first[3] = "";
  char second[200] = "";
  const iovec parts[] = {{first, sizeof first}, {second, sizeof second}};
  const ssize_t size = readv(name.get(), parts, 2);
  const std::size_t behind = size > 3 ? static_cast<std::size_t>(size - 3) : 0;
  out.value("readv_3_200", size, quoted({first, sizeof first}) + " " + quoted({second, behind}));

  const Fd twin(dup(name.get()));
  report_read(out, "dup_shares_eof", twin, 10);
  lseek(name.get(), 0, SEEK_SET);
  out.call("read_badptr", [&] { return read(name.get(), bad_address(), 10); });
  report_read(out, "read_after_badptr", name, 100);
  out.call("write_on_rdonly_fd", [&] { return write(name.get(), "x", 1); });
}

void report_changing_value(const Report& out, const Target& target) {
  const std::string available = target.in_type("available_instances");
  Fd fd(available, O_RDONLY);
  report_read(out, "ai_first", fd, 64);
  target.must_create(uuid_number(1));
  report_read(out, "ai_again_norewind", fd, 64);
  lseek(fd.get(), 0, SEEK_SET);
  report_read(out, "ai_again_rewind", fd, 64);
  target.must_create(uuid_number(2));
  report_pread(out, "ai_pread0", fd, 64, 0);
  report_pread(out, "ai_pread1", fd, 64, 1);

  fd = Fd(available, O_RDONLY);
  report_read(out, "ai_1byte", fd, 1);
  target.must_remove(uuid_number(1));
  target.must_remove(uuid_number(2));
  report_read(out, "ai_rest_after_change", fd, 64);

  fd = Fd(available, O_RDONLY);
  target.must_create(uuid_number(1));
  report_read(out, "ai_open_then_change_then_read", fd, 64);
  target.remove_all();
}

}  // namespace

void run_read(const Report& out, const Target& target) {
  report_contents(out, target);
  const Fd name(target.in_type("name"), O_RDONLY);
  report_offsets(out, name);
  report_seeks(out, name);
  report_unusual_reads(out, name);
  report_changing_value(out, target);
}

}  // namespace probe
