// bus: /sys/bus/mdev: autoprobe, probing, binding and unbinding.
#include "tests/oracle/probe/sections.h"
#include "tests/oracle/probe/uevents.h"

namespace probe {
namespace {

constexpr const char* kAutoprobeValues[] = {"0", "0\n", "1", "2", "x", "", "1\n"};

void report_autoprobe(const Report& out, const Target& target, const UeventListener& events) {
  const std::string autoprobe = target.in_bus("drivers_autoprobe");
  report_read_path(out, "drivers_autoprobe", autoprobe);
  for (const char* value : kAutoprobeValues) {
    report_write(out, "drivers_autoprobe write " + quoted(value), autoprobe, value);
    report_read_path(out, "  then read", autoprobe);
  }
  report_write(out, "autoprobe=0", autoprobe, "0");
  target.must_create(uuid_number(2));
  out.value("create with autoprobe=0: driver", 0, target.driver_of(uuid_number(2)));
  target.must_remove(uuid_number(2));
  report_write(out, "autoprobe=1", autoprobe, "1");
  events.report_pending(out, "ev");
}

void report_probing(const Report& out, const Target& target, const std::string& uuid) {
  const std::string probe = target.in_bus("drivers_probe");
  report_write(out, "drivers_probe U1 (bound)", probe, uuid);
  report_write(out, "drivers_probe bogus", probe, "bogus");
  report_write(out, "drivers_probe U1 nl", probe, uuid + "\n");
  report_open(out, "drivers_probe open RDONLY", probe, O_RDONLY);
  report_lstat(out, "drivers_probe stat", probe);
}

void report_driver_files(const Report& out, const std::string& driver, const std::string& uuid) {
  report_lstat(out, "bind stat", driver + "/bind");
  report_lstat(out, "unbind stat", driver + "/unbind");
  report_lstat(out, "driver/U stat", driver + "/" + uuid);
  report_readlink(out, "driver/U readlink", driver + "/" + uuid);
  report_readlink(out, "driver/module", driver + "/module");
  report_write(out, "bind U1 (already bound)", driver + "/bind", uuid);
  report_write(out, "bind bogus", driver + "/bind", "bogus");
  report_write(out, "unbind bogus", driver + "/unbind", "bogus");
  report_write(out, "unbind upper", driver + "/unbind", "C0FFEE00-1234-4ABC-8DEF-000000000001");
}

void report_what_is_left(const Report& out, const Target& target, const std::string& uuid) {
  const auto has = [&](const char* name) { return exists(target.in_instance(uuid, name)); };
  out.value("U1 dir exists", exists(target.instance(uuid)),
            text("driver=%d mdev_type=%d vfio-dev=%d iommu_group=%d in_type_devices=%d vendor=%d "
                 "remove=%d",
                 has("driver"), has("mdev_type"), has("vfio-dev"), has("iommu_group"),
                 exists(target.in_type("devices/" + uuid)), has("vendor"), has("remove")));
  report_read_path(out, "uevent after unbind", target.in_instance(uuid, "uevent"));
}

void report_unbinding(const Report& out, const Target& target, const UeventListener& events,
                      const std::string& driver, const std::string& uuid) {
  events.report_pending(out, "ev before unbind");
  const long before = target.available();
  report_write(out, "unbind U1", driver + "/unbind", uuid + "\n");
  events.report_pending(out, "ev unbind");
  out.value("avail change after unbind", target.available() - before);
  report_what_is_left(out, target, uuid);
  report_write(out, "unbind U1 again", driver + "/unbind", uuid);
  report_write(out, "bind U1 (unbound)", driver + "/bind", uuid);
  events.report_pending(out, "ev bind");
  report_write(out, "drivers_probe U1 (unbound)", target.in_bus("drivers_probe"), uuid);
  events.report_pending(out, "ev drivers_probe");
  out.value("driver link after", exists(target.in_instance(uuid, "driver")));
  report_with_state(out, target, "create dup of unbound", target.create(uuid));
  report_with_state(out, target, "remove unbound", target.remove(uuid));
  events.report_pending(out, "ev remove unbound");
}

}  // namespace

void run_bus(const Report& out, const Target& target) {
  const std::string uuid = uuid_number(1);
  target.must_create(uuid);
  const std::string name = target.driver_of(uuid);
  const std::string driver = target.in_bus("drivers/" + name);
  out.value("driver name", 0, name);
  const UeventListener events(out, target);
  report_autoprobe(out, target, events);
  report_probing(out, target, uuid);
  report_driver_files(out, driver, uuid);
  report_unbinding(out, target, events, driver, uuid);
  target.remove_all();
  out.value("end", 0, target.state());
}

}  // namespace probe
