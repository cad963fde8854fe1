// Directories that programs write to and that belong to the simulated host, not to the machine:
// inside a run each is a tmpfs of its own, so that a libvirtd inside never meets one outside and
// nothing is left behind.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fusefs/launch/failure.h"

namespace mdevsim::launch {

enum class Keep {
  nothing,
  files,      // copies of the regular files directly in it
  tree,       // a copy of everything in it
  others,     // what it holds, bound, but for the names listed
  caller_own  // of what it holds, only what leads to the caller's own directories
};

struct PrivateDirectory {
  std::string_view path;
  Keep keep = Keep::nothing;
  std::span<const std::string_view>
      without;  // with Keep::others: names that are not kept; `*` stands for any part
};

// The table: what root's run and an unprivileged one make private. A directory that the machine
// lacks is passed over.
std::span<const PrivateDirectory> private_directories(bool is_root);

// Whether an entry of a private directory stays visible. `own` are the caller's own directories
// (home, working one).
bool is_kept(const PrivateDirectory& directory, const std::string& name,
             std::span<const std::string> own);

// Prepares them on the stage and puts them in their places.
Done make_private_directories(bool is_root, std::span<const std::string> own);

}  // namespace mdevsim::launch
