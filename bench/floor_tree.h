// The namespace that the floor server shows: shaped like the simulated one, and nothing of it kept
// in memory. An inode number says what a node is; names are made from numbers and numbers from
// names.
//
//   devices/pci0000:00/<function>/mdev_supported_types/<type>/{create,available_instances,…,devices/}
//                                 broken_parity_status
//                                 <uuid of the instance that exists>/remove
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mdevsim::bench {

struct FloorShape {
  std::uint32_t functions = 1;
  std::uint32_t types = 1;
};

enum class FloorKind : std::uint8_t {
  root = 1,
  devices,
  bus,
  function,
  knob,
  types,
  type,
  type_file,
  type_devices,
  instance,
  remove,
  data,
};

// One node, and its inode number: kind, function, type and file beside each other.
struct FloorNode {
  FloorKind kind = FloorKind::root;
  std::uint16_t function = 0;
  std::uint32_t type = 0;
  std::uint8_t file = 0;

  std::uint64_t inode() const;
  static FloorNode from_inode(std::uint64_t inode);
  bool is_directory() const;
  std::uint16_t mode() const;  // permission bits

  bool operator==(const FloorNode&) const = default;
};

// The files of a type, and what reading them gives.
struct FloorFile {
  std::string_view name;
  std::uint16_t mode;
  std::string_view text;
};
inline constexpr std::array<FloorFile, 5> kFloorFiles{{
    {"create", 0200, ""},
    {"available_instances", 0444, "16\n"},
    {"device_api", 0444, "vfio-pci\n"},
    {"name", 0444, "bench-0\n"},
    {"description", 0444, "a type to measure with\n"},
}};
inline constexpr std::uint8_t kFloorCreate = 0;
inline constexpr std::string_view kFloorKnob = "broken_parity_status";
// Gives zeros without end, and takes anything. Not listed: walks are compared with those of
// mdevsim.
inline constexpr std::string_view kFloorData = "data";

// The one instance that exists, below every function; its inode numbers are never used again.
struct FloorInstance {
  std::string uuid;  // empty: none
  std::uint32_t number = 0;
};

class FloorTree {
 public:
  explicit FloorTree(FloorShape shape) : shape_(shape) {}

  std::optional<FloorNode> lookup(FloorNode directory, std::string_view name,
                                  const FloorInstance& instance = {}) const;

  struct Child {
    FloorNode node;
    std::string name;
  };
  // The child at `position`, counted from 0; nothing behind the last one. Instances are not listed.
  std::optional<Child> child(FloorNode directory, std::uint64_t position) const;

 private:
  FloorShape shape_;
};

// The names that the host file of the benchmarks uses too.
std::string floor_function_name(std::uint32_t function);
std::string floor_type_name(std::uint32_t type);

}  // namespace mdevsim::bench
