// special: mmap, poll, splicing, handles and the other calls that few files know.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/vfs.h>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

constexpr std::size_t kPage = 4096;

void report_mmap(const Report& out, const Fd& name, const Fd& create) {
  const auto report = [&](const char* id, int protection, int flags, const Fd& fd) {
    out.call(id, [&] {
      return mmap(nullptr, kPage, protection, flags, fd.get(), 0) == MAP_FAILED ? -1 : 0;
    });
  };
  report("mmap RO private", PROT_READ, MAP_PRIVATE, name);
  report("mmap RO shared", PROT_READ, MAP_SHARED, name);
  report("mmap WO file", PROT_WRITE, MAP_SHARED, create);
}

void report_poll_of(const Report& out, const std::string& id, const Fd& fd, short events,
                    int timeout_ms = 0) {
  pollfd polled{fd.get(), events, 0};
  const int ready = poll(&polled, 1, timeout_ms);
  out.value(id, ready, text("revents=0x%x", static_cast<unsigned>(polled.revents)));
}

void report_poll(const Report& out, const Target& target, const Fd& name, const Fd& create) {
  char buffer[256];
  constexpr short kAll = POLLIN | POLLPRI | POLLERR | POLLOUT;
  report_poll_of(out, "poll before read", name, kAll);
  (void)attempt([&] { return read(name.get(), buffer, sizeof buffer); });
  report_poll_of(out, "poll after read", name, kAll);
  report_poll_of(out, "poll POLLPRI only", name, POLLPRI);

  const Fd available(target.in_type("available_instances"), O_RDONLY);
  (void)attempt([&] { return read(available.get(), buffer, sizeof buffer); });
  target.must_create(uuid_number(2));
  report_poll_of(out, "poll POLLPRI available_instances after create", available, POLLPRI, 100);
  report_poll_of(out, "poll WO file", create, POLLIN | POLLOUT | POLLPRI);
}

void report_epoll(const Report& out, const Fd& name, const Fd& directory) {
  const Fd epoll(epoll_create1(0));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLPRI;
  const auto add = [&](const char* id, const Fd& fd) {
    out.call(id, [&] { return epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &event); });
  };
  add("epoll_ctl ADD attr", name);
  add("epoll_ctl ADD dir", directory);
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(directory.get(), &readable);
  timeval at_once{0, 0};
  out.call("select dir",
           [&] { return select(directory.get() + 1, &readable, nullptr, nullptr, &at_once); });
  report_read(out, "read dir fd", directory, 10);
}

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    (void)attempt([&] { return pipe(ends); });
    reading = Fd(ends[0]);
    writing = Fd(ends[1]);
  }
  void fill(const std::string& bytes) const {
    (void)attempt([&] { return write(writing.get(), bytes.data(), bytes.size()); });
  }
  Fd reading;
  Fd writing;
};

void report_splicing(const Report& out, const Target& target, const Fd& name, const Fd& create) {
  const auto state = [&] { return target.state(); };
  const Pipe from_attribute;
  off_t offset = 0;
  out.call("sendfile attr->pipe",
           [&] { return sendfile(from_attribute.writing.get(), name.get(), &offset, 100); });
  lseek(name.get(), 0, SEEK_SET);
  out.call("splice attr->pipe", [&] {
    return splice(name.get(), nullptr, from_attribute.writing.get(), nullptr, 100, 0);
  });

  const Pipe to_create;
  to_create.fill(uuid_number(5));
  out.call(
      "splice pipe->create",
      [&] { return splice(to_create.reading.get(), nullptr, create.get(), nullptr, 36, 0); },
      state);

  char scratch[] = "/tmp/probe-copy-XXXXXX";
  const Fd file(mkstemp(scratch));
  unlink(scratch);
  lseek(name.get(), 0, SEEK_SET);
  out.call("copy_file_range attr->tmp",
           [&] { return copy_file_range(name.get(), nullptr, file.get(), nullptr, 100, 0); });
  const std::string uuid = uuid_number(6);
  (void)attempt([&] { return write(file.get(), uuid.data(), uuid.size()); });
  offset = lseek(file.get(), -36, SEEK_END);
  out.call(
      "sendfile tmp->create", [&] { return sendfile(create.get(), file.get(), &offset, 36); },
      state);
}

void report_handle(const Report& out, const Target& target) {
  alignas(file_handle) unsigned char buffer[sizeof(file_handle) + MAX_HANDLE_SZ] = {};
  auto* handle = reinterpret_cast<file_handle*>(buffer);
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  out.call(
      "name_to_handle_at",
      [&] { return name_to_handle_at(AT_FDCWD, target.type.c_str(), handle, &mount, 0); },
      [&] { return text("bytes=%u type=%d", handle->handle_bytes, handle->handle_type); });
}

void report_others(const Report& out, const Target& target, const Fd& name) {
  const std::string path = target.in_type("name");
  out.call("posix_fadvise", [&] { return posix_fadvise(name.get(), 0, 0, POSIX_FADV_WILLNEED); });
  out.call("readahead", [&] { return readahead(name.get(), 0, kPage); });
  out.call("syncfs", [&] { return syncfs(name.get()); });
  out.call("chdir type", [&] { return chdir(target.type.c_str()); });
  out.call("chroot-like stat of ..", [&] { return access("../..", F_OK); });
  (void)attempt([] { return chdir("/"); });
  out.call("exec attr", [&] { return execl(path.c_str(), "x", nullptr); });
  out.call("chdir into attr", [&] { return chdir(path.c_str()); });
  struct statfs fs {};
  out.call("swapon-ish statfs on attr", [&] { return statfs(path.c_str(), &fs); });
}

}  // namespace

void run_special(const Report& out, const Target& target) {
  target.must_create(uuid_number(1));
  const Fd name(target.in_type("name"), O_RDONLY);
  const Fd create(target.in_type("create"), O_WRONLY);
  const Fd directory(target.type, O_RDONLY | O_DIRECTORY);
  report_mmap(out, name, create);
  report_poll(out, target, name, create);
  report_epoll(out, name, directory);
  report_splicing(out, target, name, create);
  report_handle(out, target);
  report_others(out, target, name);
  target.remove_all();
}

}  // namespace probe
