// What all requests of a session work with.
#pragma once

#include <cstdint>
#include <ctime>

#include "fusefs/fuse/completion.h"
#include "fusefs/fuse/handles.h"
#include "fusefs/fuse/listing.h"
#include "fusefs/fuse/log.h"
#include "fusefs/fuse/lookups.h"
#include "fusefs/fuse/observer.h"
#include "fusefs/fuse/open_file.h"
#include "fusefs/fuse/overlay.h"
#include "fusefs/fuse/pollers.h"
#include "fusefs/fuse/trace.h"
#include "fusefs/sysfs/tree.h"

namespace mdevsim::fusefs {

struct Adapter {
  sysfs::Tree& tree;
  Completion& completion;
  Overlay& overlay;
  Pollers& pollers;
  const ObserverChain& observers;
  Log& log;
  Trace* trace = nullptr;  // null when requests are not traced
  const sysfs::NodeId root = tree.root();

  // Who owns the nodes that nobody gave to anybody else, and their times: root and the server's
  // start.
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  timespec start{};

  Handles<OpenFile> files{};
  Handles<OpenDirectory> directories{};
  Lookups lookups{};
};

}  // namespace mdevsim::fusefs
