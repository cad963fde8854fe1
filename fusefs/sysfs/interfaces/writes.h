// What to write where, so that a target becomes what a verdict wants it to be: the steps in the
// words of each proposed interface. Pure: who follows them is an ordinary client of the tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/model/verdict.h"
#include "sim/world/modelled.h"

namespace mdevsim::sysfs::interfaces {

// One write to one file.
struct Write {
  enum class Directory : std::uint8_t { type, device };

  Directory directory;  // that the file's path is relative to; `device` is the instance's or the
                        // function's
  std::string file;     // "create", "migration/rss"
  std::string text;     // without a newline

  friend bool operator==(const Write&, const Write&) = default;
};

// What is to become as the source is.
struct WriteTarget {
  enum class Kind : std::uint8_t { type, instance, function };

  Kind kind;
  model::Device device;   // now; of a type, what it makes
  std::string_view uuid;  // of the instance, which for a type is yet to be created
};

// The interfaces that devices can be configured by, those that do it in one write first.
std::vector<Interface> configuring_interfaces(InterfaceSet interfaces, WriteTarget::Kind kind);

// The writes of one interface in their order, with the creation of the instance when the target is
// a type. The verdict is one on that target, and not incompatible. Nothing when the interface has
// no way to do the steps.
std::optional<std::vector<Write>> writes_of(Interface interface, const WriteTarget& target,
                                            const model::Verdict& verdict);

}  // namespace mdevsim::sysfs::interfaces
