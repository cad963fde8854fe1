#include "bench/floor_tree.h"

#include <fmt/format.h>

#include <charconv>

namespace mdevsim::bench {
namespace {

constexpr std::string_view kTypePrefix = "bench-";
constexpr std::size_t kFunctionNameLength = 12;  // 0000:00:00.0

std::optional<std::uint32_t> parse_number(std::string_view text, int base) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number, base);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return {};
  return number;
}

// Reverses floor_function_name.
std::optional<std::uint32_t> parse_function_name(std::string_view name) {
  if (name.size() != kFunctionNameLength || name.substr(0, 8) != "0000:00:" ||
      name.substr(10) != ".0") {
    return {};
  }
  return parse_number(name.substr(8, 2), 16);
}

std::optional<std::uint32_t> parse_type_name(std::string_view name) {
  if (name.substr(0, kTypePrefix.size()) != kTypePrefix) return {};
  return parse_number(name.substr(kTypePrefix.size()), 10);
}

FloorNode with_kind(FloorNode node, FloorKind kind) {
  node.kind = kind;
  return node;
}

}  // namespace

std::uint64_t FloorNode::inode() const {
  if (kind == FloorKind::root) return 1;
  return (static_cast<std::uint64_t>(kind) << 56) | (static_cast<std::uint64_t>(function) << 40) |
         (static_cast<std::uint64_t>(type) << 8) | file;
}

FloorNode FloorNode::from_inode(std::uint64_t inode) {
  if (inode == 1) return {};
  return {static_cast<FloorKind>(inode >> 56), static_cast<std::uint16_t>(inode >> 40),
          static_cast<std::uint32_t>(inode >> 8), static_cast<std::uint8_t>(inode)};
}

bool FloorNode::is_directory() const {
  return kind != FloorKind::type_file && kind != FloorKind::remove && kind != FloorKind::knob &&
         kind != FloorKind::data;
}

std::uint16_t FloorNode::mode() const {
  if (is_directory()) return 0755;
  if (kind == FloorKind::knob || kind == FloorKind::data) return 0644;
  return kind == FloorKind::remove ? std::uint16_t{0200} : kFloorFiles[file].mode;
}

std::optional<FloorNode> FloorTree::lookup(FloorNode directory, std::string_view name,
                                           const FloorInstance& instance) const {
  switch (directory.kind) {
    case FloorKind::root:
      if (name == "devices") return FloorNode{FloorKind::devices};
      return {};
    case FloorKind::devices:
      if (name == "pci0000:00") return FloorNode{FloorKind::bus};
      return {};
    case FloorKind::bus: {
      const auto function = parse_function_name(name);
      if (!function || *function >= shape_.functions) return {};
      return FloorNode{FloorKind::function, static_cast<std::uint16_t>(*function)};
    }
    case FloorKind::function:
      if (name == "mdev_supported_types") return with_kind(directory, FloorKind::types);
      if (name == kFloorKnob) return with_kind(directory, FloorKind::knob);
      if (name == kFloorData) return with_kind(directory, FloorKind::data);
      if (name == instance.uuid && !name.empty())
        return FloorNode{FloorKind::instance, directory.function, instance.number};
      return {};
    case FloorKind::types: {
      const auto type = parse_type_name(name);
      if (!type || *type >= shape_.types) return {};
      return FloorNode{FloorKind::type, directory.function, *type};
    }
    case FloorKind::type:
      for (std::uint8_t file = 0; file < kFloorFiles.size(); ++file) {
        if (name == kFloorFiles[file].name)
          return FloorNode{FloorKind::type_file, directory.function, directory.type, file};
      }
      if (name == "devices") return with_kind(directory, FloorKind::type_devices);
      return {};
    case FloorKind::instance:
      if (name == "remove") return with_kind(directory, FloorKind::remove);
      return {};
    default:
      return {};
  }
}

std::optional<FloorTree::Child> FloorTree::child(FloorNode directory,
                                                 std::uint64_t position) const {
  const auto number = static_cast<std::uint32_t>(position);
  switch (directory.kind) {
    case FloorKind::root:
      if (position > 0) return {};
      return Child{{FloorKind::devices}, "devices"};
    case FloorKind::devices:
      if (position > 0) return {};
      return Child{{FloorKind::bus}, "pci0000:00"};
    case FloorKind::bus:
      if (position >= shape_.functions) return {};
      return Child{{FloorKind::function, static_cast<std::uint16_t>(number)},
                   floor_function_name(number)};
    case FloorKind::function:
      if (position > 1) return {};
      if (position == 1)
        return Child{with_kind(directory, FloorKind::knob), std::string(kFloorKnob)};
      return Child{with_kind(directory, FloorKind::types), "mdev_supported_types"};
    case FloorKind::types:
      if (position >= shape_.types) return {};
      return Child{{FloorKind::type, directory.function, number}, floor_type_name(number)};
    case FloorKind::type:
      if (position < kFloorFiles.size()) {
        const auto file = static_cast<std::uint8_t>(position);
        return Child{{FloorKind::type_file, directory.function, directory.type, file},
                     std::string(kFloorFiles[file].name)};
      }
      if (position > kFloorFiles.size()) return {};
      return Child{with_kind(directory, FloorKind::type_devices), "devices"};
    case FloorKind::instance:
      if (position > 0) return {};
      return Child{with_kind(directory, FloorKind::remove), "remove"};
    default:
      return {};
  }
}

std::string floor_function_name(std::uint32_t function) {
  return fmt::format("0000:00:{:02x}.0", function);
}

std::string floor_type_name(std::uint32_t type) { return fmt::format("{}{}", kTypePrefix, type); }

}  // namespace mdevsim::bench
