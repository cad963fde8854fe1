// What the completion thread does to the kernel. The session carries it out; tests watch it
// instead.
#pragma once

#include <cstdint>
#include <string>

#include "fusefs/sysfs/node.h"
#include "sim/base/errc.h"

namespace mdevsim::fusefs {

// Names a poll(2) that wants to be woken.
struct PollHandle {
  void* handle = nullptr;
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  // The kernel looks the name up before it believes it again.
  virtual void expire_entry(sysfs::NodeId directory, const std::string& name) = 0;
  virtual void invalidate_attributes(sysfs::NodeId node) = 0;
  // What splice(2) left in the page cache is thrown away.
  virtual void invalidate_pages(sysfs::NodeId node) = 0;
  // Wakes the poller and frees its handle.
  virtual void wake(PollHandle handle) = 0;
  virtual void reply(std::uint64_t request, Errc errc, std::uint64_t bytes) = 0;
};

}  // namespace mdevsim::fusefs
