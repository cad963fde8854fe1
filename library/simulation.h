// Simulated hosts in a program of your own: what `mdevsim mount` shows, without a mount.
//
//   auto simulation = mdevsim::Simulation::from_file("hosts.toml");
//   (*simulation)->write("class/mdev_bus/mtty/mdev_supported_types/mtty-1/create", uuid);
//   (*simulation)->list("bus/mdev/devices");
//
// Paths are those below the mount point: with one host its /sys, with several the hosts' names come
// first. Links are followed; a leading '/' may be there. All calls may be made from several threads
// at once. Time is simulated: it goes on when advance() says so, and in no other way.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/result.h"
#include "sim/state/migration_mover.h"

namespace mdevsim {

// A kernel uevent, as a listener of the host would get it.
struct SimulatedEvent {
  std::string host;
  std::string action;                                          // "add"
  std::string devpath;                                         // "/devices/virtual/mtty/mtty"
  std::string subsystem;                                       // "mtty"
  std::vector<std::pair<std::string, std::string>> variables;  // behind these, in their order
};

class Simulation {
 public:
  // A host file, or its text; see mdevsim-host(5). Errors: invalid with all that is wrong in it,
  // else what the system says of the file.
  static Result<std::unique_ptr<Simulation>> from_file(const std::string& path);
  static Result<std::unique_ptr<Simulation>> from_text(std::string_view toml);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  std::vector<std::string> hosts() const;

  // The names in a directory, sorted. ENOENT, ENOTDIR.
  Result<std::vector<std::string>> list(std::string_view path) const;
  // The whole of an attribute, which with text includes the newline. ENOENT, EACCES for one that
  // cannot be read, and what the attribute itself says.
  Result<std::string> read(std::string_view path) const;
  // One write, such as a shell's echo makes. The errno is the kernel's: ENOSPC or EUSERS when there
  // is no room for an instance, EEXIST for a uuid that is taken, … EAGAIN for the removal of a
  // device in use: it goes on when its users let go.
  Result<void> write(std::string_view path, std::string_view bytes);
  // Where a link points, as it is written. EINVAL for what is no link.
  Result<std::string> read_link(std::string_view path) const;

  // What the changes since the last call sent, in their order.
  std::vector<SimulatedEvent> take_events();

  void advance(std::chrono::nanoseconds time);

  // Migrates the state of a running device, as mdevsim migrate does: the devices are the
  // directories kernel/mdevsim/devices/<uuid or address> of their hosts. EBUSY when it does not
  // converge or another mover has a device, EINVAL or EFAULT when the target refuses the source's
  // state; whatever fails leaves the source running, and the target reset and configured
  // as it was.
  Result<state::MoveReport> migrate(std::string_view from, std::string_view to,
                                    const state::MoveLimits& limits = {});

 private:
  struct Impl;
  explicit Simulation(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mdevsim
