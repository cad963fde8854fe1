// A migration by way of the files that a device has in /sys/kernel/mdevsim/devices/<id>, wherever
// they are: in a mounted tree, or in a tree in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sim/base/result.h"
#include "sim/state/migration_mover.h"

namespace mdevsim {

class DeviceFiles {
 public:
  virtual ~DeviceFiles() = default;

  virtual const std::string& path() const = 0;
  virtual Result<std::string> read(const char* name) = 0;  // a whole attribute
  virtual Result<void> write(const char* name, std::string_view text) = 0;

  // Opens `fit` so that what is made of the device by the identity of a source is taken back when
  // this is destroyed, unless a state that was loaded runs. EBUSY when another mover has it.
  virtual Result<void> fit(std::string_view identity) = 0;

  // Opens `state` so that the device is held until this is destroyed. EBUSY when another mover has
  // it.
  virtual Result<void> hold() = 0;
  virtual Result<void> set_state(std::string_view name) = 0;  // through what hold() opened

  // The stream that the device has now.
  enum class Direction : std::uint8_t { from_device, to_device };
  virtual Result<void> open_stream(Direction direction) = 0;
  virtual Result<std::size_t> read_stream(state::Bytes out) = 0;
  virtual Result<void> write_stream(state::ConstBytes bytes) = 0;

  // By which one server knows two of its devices: its filesystem, and the directory's number.
  struct Address {
    std::uint64_t filesystem = 0;
    std::uint64_t number = 0;
  };
  virtual Result<Address> address() = 0;
};

// The commit of a migration between two servers, which takes three writes.
struct Handover {
  std::string token;  // no other migration has it
  // Calls what it is given, once, so that it is done to its end even if the caller's process is
  // killed meanwhile. An error when it was not done, or was not done to its end.
  std::function<Result<void>(const std::function<Result<void>()>& writes)> carry_out;
};

struct FileMove {
  state::MoveReport report;
  bool configured = false;  // the target had to be made to fit
};

// Holds the source, makes the target one that can load its state, holds that too, and moves it. A
// source that cannot be had, or does not run, changes nothing at the target. Whatever ends it
// before the commit leaves the source running, and the target reset and configured as it was: when
// the two are closed, also because the caller dies. With a bandwidth of 0 the source's time is its
// host's.
//
// A source that an earlier call has promised, and not lived to give, is given when this target has
// taken it; else it is an error, for nobody here knows whether that target runs. When the target
// cannot be asked any more at the commit, both are left as they are, the source promised.
// `handover` is needed between two servers only.
FileMove migrate(DeviceFiles& source, DeviceFiles& target, const state::MoveLimits& limits,
                 state::MoveObserver* observer = nullptr, const Handover& handover = {});

}  // namespace mdevsim
