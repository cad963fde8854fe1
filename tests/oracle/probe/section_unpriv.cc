// unpriv: what an ordinary user may do, and what root may hand over. It needs a second user id: in
// a user namespace with one id mapped the section says so in its first line and stops, since it
// would run as root unnoticed.
#include <grp.h>
#include <sys/wait.h>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

constexpr uid_t kNobody = 65534;

bool become_nobody() {
  (void)attempt([] { return setgroups(0, nullptr); });
  return setgid(kNobody) == 0 && setuid(kNobody) == 0;
}

// Runs `body` as an ordinary user in a process of its own.
template <typename Body>
void as_nobody(const Report& out, Body&& body) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (!become_nobody()) {
      out.line("setuid", {-1, errno}, "no second user id here");
      _exit(0);
    }
    body();
    _exit(0);
  }
  waitpid(pid, nullptr, 0);
}

void report_nobody(const Report& out, const Target& target, const std::string& uuid) {
  const std::string create = target.in_type("create");
  const std::string name = target.in_type("name");
  report_open(out, "open create WRONLY", create, O_WRONLY);
  report_open(out, "open create RDONLY", create, O_RDONLY);
  report_read_path(out, "read name", name);
  report_open(out, "open remove WRONLY", target.in_instance(uuid, "remove"), O_WRONLY);
  report_read_path(out, "read inst uevent", target.in_instance(uuid, "uevent"));
  report_open(out, "open inst uevent W", target.in_instance(uuid, "uevent"), O_WRONLY);
  report_open(out, "open name W", name, O_WRONLY);
  out.call("access create W", [&] { return access(create.c_str(), W_OK); });
  out.call("access create R", [&] { return access(create.c_str(), R_OK); });
  out.call("chmod create", [&] { return chmod(create.c_str(), 0666); });
  out.call("unlink create", [&] { return unlink(create.c_str()); });
  out.call("mkdir", [&] { return mkdir(target.in_type("x").c_str(), 0755); });
  out.value("ndevices", count_in(target.in_type("devices")));
}

void report_owner(const Report& out, const Target& target, const std::string& uuid) {
  out.line("owner may create", target.create(uuid));
  struct stat status {};
  (void)stat(target.in_instance(uuid, "remove").c_str(), &status);
  out.value("new instance remove owner", status.st_uid);
  out.line("owner may not remove", target.remove(uuid));
}

// Root may open what the mode says, but the driver still has no show or store function behind it.
void report_mode_changes(const Report& out, const Target& target) {
  const std::string create = target.in_type("create");
  const std::string name = target.in_type("name");
  report_open(out, "chmod 0600: root RDONLY", create, O_RDONLY);
  if (const Fd fd(create, O_RDONLY); fd.ok()) report_read(out, "chmod 0600: root read", fd, 10);
  (void)attempt([&] { return chmod(create.c_str(), 0200); });
  (void)attempt([&] { return chmod(name.c_str(), 0644); });
  report_open(out, "chmod name 0644: root WRONLY", name, O_WRONLY);
  if (const Fd fd(name, O_WRONLY); fd.ok()) {
    out.call("chmod name 0644: write", [&] { return write(fd.get(), "x", 1); });
  }
  (void)attempt([&] { return chmod(name.c_str(), 0444); });
}

}  // namespace

void run_unpriv(const Report& out, const Target& target) {
  const std::string create = target.in_type("create");
  target.must_create(uuid_number(1));
  as_nobody(out, [&] { report_nobody(out, target, uuid_number(1)); });
  out.call("root: chown create 65534",
           [&] { return chown(create.c_str(), kNobody, static_cast<gid_t>(-1)); });
  as_nobody(out, [&] { report_owner(out, target, uuid_number(2)); });
  (void)attempt([&] { return chown(create.c_str(), 0, 0); });
  (void)attempt([&] { return chmod(create.c_str(), 0600); });
  as_nobody(out, [&] { report_open(out, "mode0600", create, O_WRONLY); });
  report_mode_changes(out, target);
  target.remove_all();
}

}  // namespace probe
