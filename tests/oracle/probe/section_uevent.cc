// uevent: the messages of create and remove, and those that a write to a uevent attribute asks for.
#include "tests/oracle/probe/sections.h"
#include "tests/oracle/probe/uevents.h"

namespace probe {
namespace {

constexpr const char* kRequests[] = {
    "add",
    "add\n",
    "change",
    "remove",
    "bind",
    "unbind",
    "move",
    "online",
    "offline",
    "bogus",
    "",
    "\n",
    " add",
    "add ",
    "ADD",
    "addx",
    "chang",
    "add 0f0e0d0c-0001-4002-8003-000000000001",
    "add 0f0e0d0c-0001-4002-8003-000000000001 A=1 BC=two",
    "change not-a-uuid",
    "add 0f0e0d0c-0001-4002-8003-000000000001 A",
    "add 0f0e0d0c-0001-4002-8003-000000000001 A=1,2",
};

void report_requests(const Report& out, const UeventListener& events,
                     const std::string& attribute) {
  for (const char* request : kRequests) {
    report_write(out, "write " + quoted(request), attribute, request);
    events.report_pending(out, "ev " + quoted(request));
  }
}

}  // namespace

void run_uevent(const Report& out, const Target& target) {
  const UeventListener events(out, target);
  const std::string uuid = uuid_number(1);
  target.must_create(uuid);
  events.report_pending(out, "on create");
  report_read_path(out, "inst/uevent read", target.in_instance(uuid, "uevent"));
  report_read_path(out, "parent/uevent read", target.parent + "/uevent");
  report_requests(out, events, target.in_instance(uuid, "uevent"));
  report_write(out, "parent/uevent change", target.parent + "/uevent", "change");
  events.report_pending(out, "ev parent change");
  report_write(out, "bus/mdev/uevent add", target.in_bus("uevent"), "add");
  events.report_pending(out, "ev bus add");
  report_read_path(out, "bus/mdev/uevent read", target.in_bus("uevent"));
  target.must_remove(uuid);
  events.report_pending(out, "on remove");

  target.must_create("junk");
  events.report_pending(out, "on failed create");
  target.must_create(uuid);
  events.report_pending(out, "on create2");
  target.must_create(uuid);
  events.report_pending(out, "on duplicate create");
  target.must_remove(uuid);
  events.report_pending(out, "on remove2");
  target.remove_all();
}

}  // namespace probe
