#include "fusefs/fuse/pollers.h"

#include <utility>

#include "fusefs/sysfs/kinds.h"

namespace mdevsim::fusefs {

std::uint64_t Pollers::changes(sysfs::NodeId node) const {
  if (!any_change_.load(std::memory_order_acquire)) return 1;
  const MutexLock lock(mutex_);
  const auto at = changes_.find(node.value());
  return at == changes_.end() ? 1 : at->second;
}

PollHandle Pollers::add(const void* open_file, sysfs::NodeId node, PollHandle handle) {
  const MutexLock lock(mutex_);
  any_poller_.store(true, std::memory_order_release);
  Poller& poller = pollers_[open_file];
  poller.node = node;
  return std::exchange(poller.handle, handle);
}

PollHandle Pollers::remove(const void* open_file) {
  if (!any_poller_.load(std::memory_order_acquire)) return {};
  const MutexLock lock(mutex_);
  const auto at = pollers_.find(open_file);
  if (at == pollers_.end()) return {};
  const PollHandle handle = at->second.handle;
  pollers_.erase(at);
  return handle;
}

template <typename Matches>
std::vector<PollHandle> Pollers::take_matching(Matches matches) {
  std::vector<PollHandle> taken;
  for (auto at = pollers_.begin(); at != pollers_.end();) {
    if (!matches(at->second)) {
      ++at;
      continue;
    }
    taken.push_back(at->second.handle);
    at = pollers_.erase(at);
  }
  return taken;
}

std::vector<PollHandle> Pollers::attribute_changed(sysfs::NodeId node) {
  const MutexLock lock(mutex_);
  auto [at, added] = changes_.try_emplace(node.value(), 1);
  ++at->second;
  any_change_.store(true, std::memory_order_release);
  return take_matching([node](const Poller& poller) { return poller.node == node; });
}

std::vector<PollHandle> Pollers::object_gone(sysfs::NodeId any_node) {
  if (!any_change_.load(std::memory_order_acquire) &&
      !any_poller_.load(std::memory_order_acquire)) {
    return {};
  }
  const MutexLock lock(mutex_);
  const std::uint64_t object = any_node.object_key();
  for (auto at = changes_.begin(); at != changes_.end();) {
    at = sysfs::NodeId(at->first).object_key() == object ? changes_.erase(at) : std::next(at);
  }
  return take_matching(
      [object](const Poller& poller) { return poller.node.object_key() == object; });
}

std::vector<PollHandle> Pollers::requests_traced() {
  const MutexLock lock(mutex_);
  return take_matching([](const Poller& poller) { return sysfs::is_request_log(poller.node); });
}

std::vector<PollHandle> Pollers::take_all() {
  const MutexLock lock(mutex_);
  return take_matching([](const Poller&) { return true; });
}

}  // namespace mdevsim::fusefs
