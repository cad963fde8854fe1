// What users changed on nodes that are otherwise computed: modes, owners, times, extended
// attributes. Sparse, since almost nobody changes any; an object's changes go when the object goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fusefs/sysfs/node.h"
#include "sim/base/errc.h"
#include "sim/base/limits.h"
#include "sim/base/mutex.h"

namespace mdevsim::fusefs {

// Only what is set was changed.
struct AttributeChanges {
  std::optional<std::uint16_t> mode{};
  std::optional<std::uint32_t> uid{};
  std::optional<std::uint32_t> gid{};
  std::optional<timespec> atime{};
  std::optional<timespec> mtime{};
  std::optional<timespec> ctime{};

  // What `newer` sets replaces what was set before.
  void merge(const AttributeChanges& newer);
};

enum class XattrMode : std::uint8_t { set, create, replace };

struct OverlayLimits {
  std::size_t nodes;
  std::size_t xattr_bytes_per_node;
  std::size_t xattr_bytes;
};
inline constexpr OverlayLimits kOverlayLimits = {
    .nodes = kOverlayNodesMax,
    .xattr_bytes_per_node = kXattrBytesMax,
    .xattr_bytes = 256 * kXattrBytesMax,
};

class Overlay {
 public:
  explicit Overlay(OverlayLimits limits) : limits_(limits) {}

  // Costs one load while nobody has changed anything.
  AttributeChanges attributes(sysfs::NodeId node) const EXCLUDES(mutex_);

  // ENOMEM when too many nodes have been changed.
  Errc change(sysfs::NodeId node, const AttributeChanges& changes) EXCLUDES(mutex_);

  // EEXIST and ENODATA as the mode asks; ENOMEM when a limit is reached.
  Errc set_xattr(sysfs::NodeId node, std::string_view name, std::string_view value, XattrMode mode)
      EXCLUDES(mutex_);
  // ENODATA when there is none of that name.
  Errc get_xattr(sysfs::NodeId node, std::string_view name, std::string& value) const
      EXCLUDES(mutex_);
  Errc remove_xattr(sysfs::NodeId node, std::string_view name) EXCLUDES(mutex_);
  // The names, each with its NUL, in the order in which they were set.
  std::string list_xattrs(sysfs::NodeId node) const EXCLUDES(mutex_);

  // Forgets everything about an object.
  void forget_object(sysfs::NodeId any_node) EXCLUDES(mutex_);

 private:
  struct Row {
    AttributeChanges attributes;
    std::vector<std::pair<std::string, std::string>> xattrs;
    std::size_t xattr_bytes = 0;

    std::pair<std::string, std::string>* find(std::string_view name);
  };
  // The nodes of one object, which go together.
  using Object = std::unordered_map<std::uint64_t, Row>;

  const Row* find(sysfs::NodeId node) const REQUIRES(mutex_);
  Row* find_or_add(sysfs::NodeId node) REQUIRES(mutex_);

  const OverlayLimits limits_;
  mutable Mutex mutex_;
  std::unordered_map<std::uint64_t, Object> objects_ GUARDED_BY(mutex_);
  std::size_t xattr_bytes_ GUARDED_BY(mutex_) = 0;
  std::atomic<std::size_t> nodes_ = 0;  // written under the mutex, read without
};

}  // namespace mdevsim::fusefs
