// Who polls which attribute, and how often attributes have changed in a way that poll reports
// (sysfs_notify).
#pragma once

#include <atomic>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "fusefs/fuse/kernel.h"
#include "fusefs/sysfs/node.h"
#include "sim/base/mutex.h"

namespace mdevsim::fusefs {

class Pollers {
 public:
  // How often the attribute has changed, counted from 1; an open file that saw another number has
  // something to report. Costs one load while no attribute has ever changed.
  std::uint64_t changes(sysfs::NodeId node) const EXCLUDES(mutex_);

  // The open file wants to be woken. Gives back the handle that this one replaces.
  PollHandle add(const void* open_file, sysfs::NodeId node, PollHandle handle) EXCLUDES(mutex_);
  // The open file is closed. Gives back its handle, null when it has none.
  PollHandle remove(const void* open_file) EXCLUDES(mutex_);

  // The attribute changed; the pollers that it had are to be woken by the caller.
  std::vector<PollHandle> attribute_changed(sysfs::NodeId node) EXCLUDES(mutex_);
  // The object went; the pollers of all its attributes are to be woken by the caller.
  std::vector<PollHandle> object_gone(sysfs::NodeId any_node) EXCLUDES(mutex_);
  // The trace has grown; whoever polls it is to be woken by the caller.
  std::vector<PollHandle> requests_traced() EXCLUDES(mutex_);
  // Nobody will be woken any more.
  std::vector<PollHandle> take_all() EXCLUDES(mutex_);

 private:
  struct Poller {
    sysfs::NodeId node;
    PollHandle handle;
  };
  template <typename Matches>
  std::vector<PollHandle> take_matching(Matches matches) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_map<const void*, Poller> pollers_ GUARDED_BY(mutex_);
  // Of the attributes that have ever changed, and whose object lives, only.
  std::unordered_map<std::uint64_t, std::uint64_t> changes_ GUARDED_BY(mutex_);
  std::atomic<bool> any_change_ = false;
  std::atomic<bool> any_poller_ = false;
};

}  // namespace mdevsim::fusefs
