// The parent under test: where its files are, and the few operations that every section needs.
#pragma once

#include <string>

#include "tests/oracle/probe/files.h"

namespace probe {

struct Target {
  std::string sys;         // the root, without a slash at the end
  std::string parent;      // <sys>/devices/virtual/mtty/mtty
  std::string type;        // <parent>/mdev_supported_types/mtty-2
  std::string other_type;  // a type of the same or another parent; may be empty
  int patience_ms = 250;   // how long to wait for one more event before saying that there is none

  [[nodiscard]] std::string under(const std::string& directory, const std::string& name) const {
    return directory + "/" + name;
  }
  [[nodiscard]] std::string in_sys(const std::string& path) const { return sys + "/" + path; }
  [[nodiscard]] std::string in_type(const std::string& path) const { return type + "/" + path; }
  [[nodiscard]] std::string types() const { return parent + "/mdev_supported_types"; }
  [[nodiscard]] std::string instance(const std::string& uuid) const { return parent + "/" + uuid; }
  [[nodiscard]] std::string in_instance(const std::string& uuid, const std::string& path) const {
    return instance(uuid) + "/" + path;
  }
  [[nodiscard]] std::string in_bus(const std::string& path) const {
    return sys + "/bus/mdev/" + path;
  }

  // An absolute path without the root, so that recordings of different roots are alike.
  [[nodiscard]] std::string without_root(const std::string& path) const;

  [[nodiscard]] WriteOutcome create(const std::string& uuid) const;
  [[nodiscard]] WriteOutcome remove(const std::string& uuid) const;
  void must_create(const std::string& uuid) const { (void)create(uuid); }
  void must_remove(const std::string& uuid) const { (void)remove(uuid); }
  void remove_all() const;  // every instance of the parent

  [[nodiscard]] long available() const { return available_of(type); }
  [[nodiscard]] static long available_of(const std::string& type);
  [[nodiscard]] std::string state() const;  // "avail=11 ndevices=1"
  [[nodiscard]] std::string driver_of(const std::string& uuid) const;
};

// The uuids that the probe uses: c0ffee00-1234-4abc-8def-<number in 12 hex digits>.
std::string uuid_number(unsigned number);

// A line with the state of the type behind it.
void report_with_state(const Report& out, const Target& target, const std::string& id,
                       const WriteOutcome& outcome);
// A write to `path` and the state afterwards.
void report_write_state(const Report& out, const Target& target, const std::string& id,
                        const std::string& path, std::string_view bytes, int flags = O_WRONLY);

}  // namespace probe
