// The tree is data: every kind of object has one constant table of rows, and lookup, readdir,
// getattr, the documentation and the tests read that table. Adding a file is adding a row and a
// function.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "fusefs/sysfs/node.h"
#include "fusefs/sysfs/tree.h"
#include "sim/base/result.h"
#include "sim/world/command.h"
#include "sim/world/migratable.h"
#include "sim/world/state.h"

namespace mdevsim::sysfs {

// What a row's functions see: the state, under its lock, and the node that they speak for.
struct View {
  const State& state;
  NodeId node;

  std::uint32_t object() const { return node.object(); }
  View at(NodeId other) const { return {state, other}; }
  NodeId other(Kind kind, std::uint32_t object, std::uint32_t row = 0,
               std::uint32_t index = 0) const {
    return {node.host(), kind, object, row, index};
  }
};

// Receives the entries of a directory that are not rows of its own table.
using ChildSink = std::function<void(std::string_view name, NodeId node)>;

// A file of a device's state, which has a lock of its own: the device is found under the world's,
// and these run without it.
struct DeviceFile {
  Result<void> (*show)(MigratableDevice&, std::string& out) = nullptr;
  Result<void> (*store)(MigratableDevice&, std::string_view bytes,
                        MigratableDevice::Asker) = nullptr;
  // Of two devices: what is written is the inode number of the other one's directory.
  Result<void> (*store_with)(MigratableDevice&, MigratableDevice& other) = nullptr;
  // What fault rules are asked about before that is stored; null, or nothing: they are not asked.
  std::optional<model::FaultPoint> (*point)(const MigratableDevice&,
                                            std::string_view bytes) = nullptr;
};

// What opening a file leads to.
struct Opening {
  Command command = Nothing{};
  OpenedFile file = {};
};

inline constexpr std::uint8_t kNoParent =
    0xff;  // the row lies in another object's directory: see `holder`

struct Row {
  std::string_view name = {};
  std::uint8_t parent = kNoParent;  // the row of the directory that holds it
  NodeType type = NodeType::attribute;
  std::uint16_t mode = 0;
  FileKind file = FileKind::text;

  bool (*visible)(const View&) = nullptr;  // null: as long as its object and its directory
  // Attributes.
  Errc (*show)(const View&, std::string& out) = nullptr;
  Result<Command> (*store)(const View&, std::string_view bytes) = nullptr;
  // Binary attributes.
  std::uint64_t (*size)(const View&) = nullptr;
  Errc (*read)(const View&, std::uint64_t offset, std::size_t size, const Caller&,
               std::string& out) = nullptr;
  Result<Command> (*write)(const View&, std::string_view bytes, std::uint64_t offset) = nullptr;
  // Files of a device's state, beside or instead of show and store.
  const DeviceFile* device = nullptr;
  // Files whose being open means something, and all streams.
  Result<Opening> (*opened)(const View&, Access) = nullptr;
  Command (*released)(const View&) = nullptr;
  // Links.
  NodeId (*target)(const View&) = nullptr;
  // Directories with entries beyond the table.
  void (*children)(const View&, const ChildSink&) = nullptr;
  bool (*find)(const View&, std::string_view name, NodeId& out) = nullptr;
  std::uint32_t (*subdirectories)(const View&) =
      nullptr;  // how many of those children are directories
  // Rows without a place of their own in the table.
  NodeId (*holder)(const View&) = nullptr;
  void (*name_of)(const View&, std::string& out) = nullptr;
};

struct Table {
  std::span<const Row> rows;
  bool (*alive)(const View&);  // does the object exist (still)
};

const Table& table_of(Kind kind);
inline const Row& row_of(NodeId node) { return table_of(node.kind()).rows[node.row()]; }

// ---- row constructors, so that tables read like listings
// --------------------------------------------------------------

constexpr Row directory(std::string_view name, std::uint8_t parent,
                        bool (*visible)(const View&) = nullptr) {
  return {.name = name,
          .parent = parent,
          .type = NodeType::directory,
          .mode = 0755,
          .visible = visible};
}
constexpr Row read_only(std::string_view name, std::uint8_t parent,
                        Errc (*show)(const View&, std::string&),
                        bool (*visible)(const View&) = nullptr) {
  return {.name = name, .parent = parent, .mode = 0444, .visible = visible, .show = show};
}
constexpr Row write_only(std::string_view name, std::uint8_t parent,
                         Result<Command> (*store)(const View&, std::string_view),
                         bool (*visible)(const View&) = nullptr) {
  return {.name = name, .parent = parent, .mode = 0200, .visible = visible, .store = store};
}
constexpr Row read_write(std::string_view name, std::uint8_t parent,
                         Errc (*show)(const View&, std::string&),
                         Result<Command> (*store)(const View&, std::string_view),
                         bool (*visible)(const View&) = nullptr) {
  return {.name = name,
          .parent = parent,
          .mode = 0644,
          .visible = visible,
          .show = show,
          .store = store};
}
constexpr Row link(std::string_view name, std::uint8_t parent, NodeId (*target)(const View&),
                   bool (*visible)(const View&) = nullptr) {
  return {.name = name,
          .parent = parent,
          .type = NodeType::link,
          .mode = 0777,
          .visible = visible,
          .target = target};
}
// A directory or link that lies in another object's directory.
constexpr Row directory_in(NodeId (*holder)(const View&),
                           void (*name_of)(const View&, std::string&)) {
  return {.type = NodeType::directory, .mode = 0755, .holder = holder, .name_of = name_of};
}
constexpr Row link_in(NodeId (*holder)(const View&), void (*name_of)(const View&, std::string&),
                      NodeId (*target)(const View&), bool (*visible)(const View&) = nullptr) {
  return {.type = NodeType::link,
          .mode = 0777,
          .visible = visible,
          .target = target,
          .holder = holder,
          .name_of = name_of};
}
constexpr Row with_children(Row row, void (*children)(const View&, const ChildSink&),
                            bool (*find)(const View&, std::string_view, NodeId&),
                            std::uint32_t (*subdirectories)(const View&) = nullptr) {
  row.children = children;
  row.find = find;
  row.subdirectories = subdirectories;
  return row;
}

// Text that only the owner may have written must be writable, and so on: every table is checked
// against this at build time.
constexpr bool modes_match_callbacks(std::span<const Row> rows) {
  for (const Row& row : rows) {
    if (row.type != NodeType::attribute) continue;
    const bool readable = (row.mode & 0444) != 0;
    const bool writable = (row.mode & 0222) != 0;
    const bool can_read = row.show != nullptr || row.read != nullptr || row.opened != nullptr ||
                          (row.device != nullptr && row.device->show != nullptr) ||
                          row.file == FileKind::requests;
    const bool can_write = row.store != nullptr || row.write != nullptr ||
                           (row.device != nullptr && row.device->store != nullptr) ||
                           (row.file == FileKind::stream && row.opened != nullptr);
    if (readable != can_read || (writable && !can_write && row.read == nullptr) ||
        (!writable && can_write))
      return false;
  }
  return true;
}

}  // namespace mdevsim::sysfs
