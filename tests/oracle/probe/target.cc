#include "tests/oracle/probe/target.h"

#include <cstdlib>

namespace probe {

std::string uuid_number(unsigned number) { return text("c0ffee00-1234-4abc-8def-%012x", number); }

std::string Target::without_root(const std::string& path) const {
  return path.starts_with(sys) ? path.substr(sys.size()) : path;
}

WriteOutcome Target::create(const std::string& uuid) const {
  return write_file(in_type("create"), uuid);
}

WriteOutcome Target::remove(const std::string& uuid) const {
  return write_file(in_instance(uuid, "remove"), "1");
}

void Target::remove_all() const {
  for (const std::string& name : names_in(parent)) {
    if (name.size() == 36 && name[8] == '-') must_remove(name);
  }
}

long Target::available_of(const std::string& type) {
  const std::string shown = read_small(type + "/available_instances");
  return shown.empty() ? -1 : std::atol(shown.c_str());
}

std::string Target::state() const {
  return text("avail=%ld ndevices=%ld", available(), count_in(in_type("devices")));
}

std::string Target::driver_of(const std::string& uuid) const {
  return base_name(link_target(in_instance(uuid, "driver")));
}

void report_with_state(const Report& out, const Target& target, const std::string& id,
                       const WriteOutcome& outcome) {
  out.line(id, outcome, target.state());
}

void report_write_state(const Report& out, const Target& target, const std::string& id,
                        const std::string& path, std::string_view bytes, int flags) {
  const WriteOutcome outcome = write_file(path, bytes, flags);
  out.line(id, outcome, outcome.prefix() + target.state());
}

}  // namespace probe
