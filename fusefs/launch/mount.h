// `mdevsim mount`: the bare tree of a simulated host on a directory.
#pragma once

#include <string>

#include "fusefs/launch/failure.h"

namespace mdevsim::launch {

struct MountOptions {
  std::string host_file;
  std::string host;  // empty: all of the file's, each in a directory when there are several
  std::string directory;
  std::string events = "none";
  std::string log_level;
  bool trace = true;
  bool allow_other = false;
  bool foreground = false;
};

// Returns once the tree is mounted, or with `foreground` once it is unmounted again.
Done mount_tree(const MountOptions& options);

// Tells systemd, or whoever else started this process and asked for it ($NOTIFY_SOCKET), such
// as "READY=1".
void notify_supervisor(const std::string& state);

}  // namespace mdevsim::launch
