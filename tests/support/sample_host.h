// The kernel's sample parents and a PCI parent as a world, for tests that need no file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/clock.h"
#include "sim/world/world.h"

namespace mdevsim::testing {

class ManualClock : public Clock {
 public:
  std::int64_t uptime_ms() const override { return now_ms; }
  std::int64_t now_ms = 7656;
};

inline TypeSpec type(std::string id, std::string name, std::uint32_t units) {
  TypeSpec made;
  made.id = std::move(id);
  made.name = std::move(name);
  made.units = units;
  return made;
}

// mtty: 24 ports shared by mtty-1 and mtty-2, ENOSPC.
inline std::shared_ptr<ParentSpec> mtty_parent() {
  auto parent = std::make_shared<ParentSpec>();
  parent->types = {type("1", "Single port serial", 1), type("2", "Dual port serial", 2)};
  parent->pool = PoolSpec{24, Errc::no_space};
  index_types(*parent);
  for (TypeSpec& made : parent->types) {
    made.attributes = {{"vendor", "sample_mdev_dev", "This is MDEV {uuid}"}};
  }
  return parent;
}

// mdpy: 4 instances shared, the core's counter, EUSERS.
inline std::shared_ptr<ParentSpec> mdpy_parent() {
  auto parent = std::make_shared<ParentSpec>();
  parent->types = {type("vga", "mdpy-vga", 1), type("hd", "mdpy-hd", 1)};
  index_types(*parent);
  parent->types[0].description = "virtual display, 640x480 framebuffer";
  parent->pool = PoolSpec{4, Errc::users};
  return parent;
}

// A vGPU at 0000:3b:00.0: a type with a count of its own.
inline PciFunctionSpec vgpu_function() {
  auto parent = std::make_shared<ParentSpec>();
  parent->types = {type("222", "GRID T4-1B", 0)};
  index_types(*parent);
  parent->types[0].max_instances = 2;
  PciFunctionSpec function;
  function.address = *PciAddress::parse("0000:3b:00.0");
  function.vendor = 0x10de;
  function.device = 0x1eb8;
  function.class_code = 0x030200;
  function.driver = "nvidia";
  function.parent = parent;
  return function;
}

// A function that VFIO may take: 0000:3b:00.1 without a driver.
inline PciFunctionSpec plain_function() {
  PciFunctionSpec function;
  function.address = *PciAddress::parse("0000:3b:00.1");
  function.vendor = 0x8086;
  function.device = 0x10ed;
  function.class_code = 0x020000;
  return function;
}

inline HostSpec sample_host(KernelRelease kernel = KernelRelease::v6_12) {
  HostSpec host;
  host.name = "alpha";
  host.kernel = kernel;
  host.functions = {vgpu_function(), plain_function()};
  host.virtual_devices = {{"mtty", "mtty", mtty_parent()}, {"mdpy", "mdpy", mdpy_parent()}};
  return host;
}

inline std::unique_ptr<World> build_world(const HostSpec& spec) {
  static const ManualClock clock;
  auto world = World::build(spec, clock);
  CHECK(world.has_value());
  return std::move(*world);
}

inline std::string uuid_text(int n) {
  std::string digits = std::to_string(n);
  return "c0ffee00-1234-4abc-8def-" + std::string(12 - digits.size(), '0') + digits;
}

inline Uuid uuid(int n) { return *Uuid::parse(uuid_text(n)); }

}  // namespace mdevsim::testing
