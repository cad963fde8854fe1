// The address of a node of the simulated sysfs. An inode number is this address, so finding a node
// needs no search, and since objects' ids are never reused an old number can never come to mean
// something new.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace mdevsim::sysfs {

// What an object is; each kind has one constant table of nodes (see table.h).
enum class Kind : std::uint8_t {
  forest = 1,        // the directory above several hosts
  host,              // a host's fixed directories: /sys, /sys/bus, /sys/class …
  bus,               // /sys/bus/mdev, /sys/bus/pci
  driver,            // /sys/bus/<bus>/drivers/<driver>
  module,            // /sys/module/<module>
  device_class,      // /sys/class/<class> of virtual devices, and /sys/devices/virtual/<class>
  pci_root,          // /sys/devices/pci0000:00
  pci_bus,           // …/pci_bus/0000:00
  pci_function,      // …/0000:00:02.0
  virtual_device,    // /sys/devices/virtual/mtty/mtty
  mdev_types,        // <parent>/mdev_supported_types
  mdev_type,         // <parent>/mdev_supported_types/mtty-2
  instance,          // <parent>/<uuid>
  vfio_device,       // <device>/vfio-dev/vfio0
  iommu_group,       // /sys/kernel/iommu_groups/9
  vfio_group,        // /sys/devices/virtual/vfio/9
  simulated_device,  // /sys/kernel/mdevsim/devices/<uuid or address>
  vfio_debug,        // /sys/kernel/debug/vfio/<uuid or address>
  // Files of proposed interfaces, in the directories of what they are about (interfaces/).
  type_interfaces,
  instance_interfaces,
  function_interfaces,
};

inline constexpr Kind kLastKind = Kind::function_interfaces;

class NodeId {
 public:
  static constexpr unsigned kHostBits = 10;
  static constexpr unsigned kKindBits = 6;
  static constexpr unsigned kObjectBits = 32;
  static constexpr unsigned kRowBits = 7;
  static constexpr unsigned kIndexBits = 9;
  static_assert(kHostBits + kKindBits + kObjectBits + kRowBits + kIndexBits == 64);

  constexpr NodeId() = default;
  constexpr explicit NodeId(std::uint64_t value) : value_(value) {}
  constexpr NodeId(std::uint32_t host, Kind kind, std::uint32_t object, std::uint32_t row = 0,
                   std::uint32_t index = 0)
      : value_((static_cast<std::uint64_t>(host) << 54) | (static_cast<std::uint64_t>(kind) << 48) |
               (static_cast<std::uint64_t>(object) << 16) | (static_cast<std::uint64_t>(row) << 9) |
               index) {}

  constexpr std::uint64_t value() const { return value_; }
  constexpr std::uint32_t host() const { return static_cast<std::uint32_t>(value_ >> 54); }
  constexpr Kind kind() const { return static_cast<Kind>((value_ >> 48) & 0x3f); }
  constexpr std::uint32_t object() const { return static_cast<std::uint32_t>(value_ >> 16); }
  constexpr std::uint32_t row() const { return (static_cast<std::uint32_t>(value_) >> 9) & 0x7f; }
  constexpr std::uint32_t index() const { return static_cast<std::uint32_t>(value_) & 0x1ff; }

  // The same object's node in another row of its table.
  constexpr NodeId at(std::uint32_t row, std::uint32_t index = 0) const {
    return NodeId((value_ & ~std::uint64_t{0xffff}) | (static_cast<std::uint64_t>(row) << 9) |
                  index);
  }
  // What all nodes of one object have in common.
  constexpr std::uint64_t object_key() const { return value_ >> 16; }

  constexpr auto operator<=>(const NodeId&) const = default;

 private:
  std::uint64_t value_ = 0;
};

enum class NodeType : std::uint8_t { directory, attribute, link };

// Size, seeking and caching follow from it.
enum class FileKind : std::uint8_t {
  text,      // st_size 4096, content taken when a read starts at offset 0
  binary,    // its real size, read and written at offsets
  stream,    // st_size 0, not seekable
  requests,  // a stream, too: of the requests themselves, which whoever serves them knows
};

struct Stat {
  NodeType type = NodeType::directory;
  FileKind file = FileKind::text;
  std::uint16_t mode = 0;   // permission bits
  std::uint64_t size = 0;   // 4096 for text, 0 for directories and links, as in the kernel
  std::uint32_t nlink = 1;  // 2 + subdirectories for a directory
  bool alive =
      true;  // false: the object was removed, an open file or a working directory still holds it
};

}  // namespace mdevsim::sysfs
