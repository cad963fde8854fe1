#include "fusefs/fuse/overlay.h"

#include <algorithm>

namespace mdevsim::fusefs {

void AttributeChanges::merge(const AttributeChanges& newer) {
  if (newer.mode) mode = newer.mode;
  if (newer.uid) uid = newer.uid;
  if (newer.gid) gid = newer.gid;
  if (newer.atime) atime = newer.atime;
  if (newer.mtime) mtime = newer.mtime;
  if (newer.ctime) ctime = newer.ctime;
}

std::pair<std::string, std::string>* Overlay::Row::find(std::string_view name) {
  const auto at = std::find_if(xattrs.begin(), xattrs.end(),
                               [name](const auto& xattr) { return xattr.first == name; });
  return at == xattrs.end() ? nullptr : &*at;
}

const Overlay::Row* Overlay::find(sysfs::NodeId node) const {
  const auto object = objects_.find(node.object_key());
  if (object == objects_.end()) return nullptr;
  const auto row = object->second.find(node.value());
  return row == object->second.end() ? nullptr : &row->second;
}

Overlay::Row* Overlay::find_or_add(sysfs::NodeId node) {
  const std::size_t count = nodes_.load(std::memory_order_relaxed);
  const auto object = objects_.find(node.object_key());
  if (object != objects_.end()) {
    const auto row = object->second.find(node.value());
    if (row != object->second.end()) return &row->second;
  }
  if (count >= limits_.nodes) return nullptr;
  Row& row = objects_[node.object_key()][node.value()];
  nodes_.store(count + 1, std::memory_order_release);
  return &row;
}

AttributeChanges Overlay::attributes(sysfs::NodeId node) const {
  if (nodes_.load(std::memory_order_acquire) == 0) return {};
  const MutexLock lock(mutex_);
  const Row* row = find(node);
  return row == nullptr ? AttributeChanges{} : row->attributes;
}

Errc Overlay::change(sysfs::NodeId node, const AttributeChanges& changes) {
  const MutexLock lock(mutex_);
  Row* row = find_or_add(node);
  if (row == nullptr) return Errc::no_memory;
  row->attributes.merge(changes);
  return Errc::ok;
}

Errc Overlay::set_xattr(sysfs::NodeId node, std::string_view name, std::string_view value,
                        XattrMode mode) {
  const MutexLock lock(mutex_);
  const Row* present = find(node);
  const bool exists =
      present != nullptr && std::any_of(present->xattrs.begin(), present->xattrs.end(),
                                        [name](const auto& xattr) { return xattr.first == name; });
  if (mode == XattrMode::create && exists) return Errc::exists;
  if (mode == XattrMode::replace && !exists) return Errc::no_data;

  Row* row = find_or_add(node);
  if (row == nullptr) return Errc::no_memory;
  auto* xattr = row->find(name);
  const std::size_t freed = xattr == nullptr ? 0 : name.size() + xattr->second.size();
  const std::size_t added = name.size() + value.size();
  if (row->xattr_bytes - freed + added > limits_.xattr_bytes_per_node ||
      xattr_bytes_ - freed + added > limits_.xattr_bytes) {
    return Errc::no_memory;
  }
  if (xattr == nullptr) {
    row->xattrs.emplace_back(name, value);
  } else {
    xattr->second = value;
  }
  row->xattr_bytes += added - freed;
  xattr_bytes_ += added - freed;
  return Errc::ok;
}

Errc Overlay::get_xattr(sysfs::NodeId node, std::string_view name, std::string& value) const {
  if (nodes_.load(std::memory_order_acquire) == 0) return Errc::no_data;
  const MutexLock lock(mutex_);
  const Row* row = find(node);
  if (row == nullptr) return Errc::no_data;
  for (const auto& xattr : row->xattrs) {
    if (xattr.first != name) continue;
    value = xattr.second;
    return Errc::ok;
  }
  return Errc::no_data;
}

Errc Overlay::remove_xattr(sysfs::NodeId node, std::string_view name) {
  const MutexLock lock(mutex_);
  if (find(node) == nullptr) return Errc::no_data;
  Row& row = *find_or_add(node);
  const auto* xattr = row.find(name);
  if (xattr == nullptr) return Errc::no_data;
  const std::size_t freed = xattr->first.size() + xattr->second.size();
  row.xattr_bytes -= freed;
  xattr_bytes_ -= freed;
  row.xattrs.erase(row.xattrs.begin() + (xattr - row.xattrs.data()));
  return Errc::ok;
}

std::string Overlay::list_xattrs(sysfs::NodeId node) const {
  std::string names;
  if (nodes_.load(std::memory_order_acquire) == 0) return names;
  const MutexLock lock(mutex_);
  const Row* row = find(node);
  if (row == nullptr) return names;
  for (const auto& xattr : row->xattrs) {
    names += xattr.first;
    names += '\0';
  }
  return names;
}

void Overlay::forget_object(sysfs::NodeId any_node) {
  if (nodes_.load(std::memory_order_acquire) == 0) return;
  const MutexLock lock(mutex_);
  const auto object = objects_.find(any_node.object_key());
  if (object == objects_.end()) return;
  for (const auto& [node, row] : object->second) xattr_bytes_ -= row.xattr_bytes;
  nodes_.store(nodes_.load(std::memory_order_relaxed) - object->second.size(),
               std::memory_order_release);
  objects_.erase(object);
}

}  // namespace mdevsim::fusefs
