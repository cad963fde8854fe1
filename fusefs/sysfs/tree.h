// The simulated sysfs of one server: what the kernel would show of each host's world. No FUSE, no
// path is ever compared. Thread-safe: every call takes the host's world lock for as long as it
// renders or changes one thing, and never calls out with it held except BatchSink::post, which only
// queues.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fusefs/sysfs/node.h"
#include "fusefs/sysfs/notice.h"
#include "fusefs/sysfs/stream.h"
#include "sim/base/errc.h"
#include "sim/model/fault_plan.h"

namespace mdevsim {
class World;
}

namespace mdevsim::sysfs {

struct Caller {
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct Entry {
  NodeId node;
  Stat stat;
};

struct DirectoryEntry {
  std::uint32_t hash = 0;  // the kernel's name hash; entries are sorted by it, then by name
  std::string name;
  NodeId node;
  NodeType type = NodeType::directory;
};

// The answer to a write, or to an open that means something.
struct Stored {
  bool answered =
      true;  // false: a batch posted to the sink carries (or will carry) the reply for the ticket
  Errc errc = Errc::ok;        // when answered
  std::string why = {};        // of a refusal, with the node's path: for the log
  std::uint32_t delay_ms = 0;  // by a fault rule: how long the answer is held back
};

class Tree {
 public:
  // One world per host. With one host its /sys is the root; with several the root holds a directory
  // per host name.
  Tree(std::vector<std::unique_ptr<World>> worlds, BatchSink& sink);
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  NodeId root() const;

  // ENOENT when the directory has no such entry or is itself gone.
  Errc lookup(NodeId directory, std::string_view name, Entry& out) const;

  // Answers for removed objects too, with alive = false. ESTALE never: an address that never
  // existed is ENOENT.
  Errc stat(NodeId node, Stat& out) const;

  // Without "." and ".."; empty for a removed directory.
  Errc list(NodeId directory, std::vector<DirectoryEntry>& out) const;

  // The directory that holds this directory; the root's is itself.
  NodeId parent_of(NodeId directory) const;

  Errc readlink(NodeId link, std::string& out) const;

  // Appends where a node is, from its host's root: "/bus/mdev/devices". Of the instances that were
  // removed the latest are still known; nothing else that is gone is: ENOENT, and "?" is appended.
  Errc path(NodeId node, std::string& out) const;
  // Of the host that a node belongs to; empty for the directory above several hosts.
  std::string_view host_name(NodeId node) const;

  // An attribute's text. ENODEV when its object is gone, EIO when it cannot be read.
  Errc show(NodeId attribute, std::string& out) const;

  // Up to `size` bytes at `offset` of a binary attribute; empty at its end.
  Errc read(NodeId attribute, std::uint64_t offset, std::size_t size, const Caller& caller,
            std::string& out) const;

  // One write, already cut to 4096 bytes for text. The offset matters to binary attributes only,
  // and what the file keeps to the few whose being open means something.
  Stored store(NodeId attribute, std::string_view bytes, std::uint64_t offset, const Caller& caller,
               Ticket ticket, const OpenedFile& file = {});

  // What the host's fault rules do to an operation that is about to begin; asked before it does.
  // `name` is what it looks up in a directory; `command` tells who asks, and is called only when a
  // rule wants to know.
  bool has_operation_faults(NodeId node) const;
  model::FaultDecision begin(NodeId node, std::string_view operation, std::string_view name,
                             const std::function<std::string()>& command);
  // The instance that the node belongs to, if it belongs to one, goes. True when it does.
  bool vanish(NodeId node);

  // Called once for each open file, and released when it is closed. `file` gets what it keeps:
  // nothing for most. ENODEV when the object is gone.
  Stored opened(NodeId attribute, const Caller& caller, Access access, OpenedFile& file);
  void released(NodeId attribute, OpenedFile file);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mdevsim::sysfs
