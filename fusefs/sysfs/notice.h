// What must happen outside of the world's lock because of a change: the kernel's caches told,
// uevents sent, replies given.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fusefs/sysfs/node.h"
#include "sim/base/errc.h"

namespace mdevsim::sysfs {

// A name in a directory has gone: the kernel must ask again before it believes it.
struct ExpireEntry {
  NodeId directory;
  std::string name;
};

// Link counts or modes of a node are no longer what was last told.
struct InvalidateAttributes {
  NodeId node;
};

// An attribute's value changed in a way that the kernel reports to poll (sysfs_notify).
struct AttributeChanged {
  NodeId node;
};

// An object is gone: whatever is remembered of its nodes (changed modes, xattrs) goes with it.
struct ObjectGone {
  NodeId object;  // any node of it
};

// A kernel uevent without its SEQNUM, which the sender appends.
struct Uevent {
  std::string action;     // "add"
  std::string devpath;    // "/devices/virtual/mtty/mtty"
  std::string subsystem;  // "mtty"
  std::vector<std::pair<std::string, std::string>>
      variables;  // behind SUBSYSTEM, in the kernel's order
  // By a fault rule:
  std::uint32_t delay_ms = 0;  // it comes that late
  bool doubled = false;        // it is sent twice
};

using Notice =
    std::variant<ExpireEntry, InvalidateAttributes, AttributeChanged, ObjectGone, Uevent>;

// Names a request that waits for its reply. The tree hands it back; only the giver knows what it
// means.
struct Ticket {
  std::uint64_t request = 0;
  std::uint64_t bytes = 0;  // what the write returns when it succeeds
};

struct Completion {
  Ticket ticket;
  Errc errc = Errc::ok;
};

// Everything that one change entails, in order: all notices first, then the replies.
struct Batch {
  std::uint32_t host = 0;
  std::vector<Notice> notices;
  std::vector<Completion> completions;
  std::uint32_t reply_delay_ms = 0;  // by a fault rule: how long the replies are held back
};

// Receives batches in the order of the changes. Called with the world's lock held: it may only
// queue.
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  virtual void post(Batch batch) = 0;
  // Called after the lock is gone: who carries batches out is woken now, and not to find the world
  // locked.
  virtual void posted() {}
};

}  // namespace mdevsim::sysfs
