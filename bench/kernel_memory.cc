#include "bench/kernel_memory.h"

#include <fstream>
#include <sstream>
#include <string>

namespace mdevsim::bench {

std::optional<std::uint64_t> kernel_node_bytes() {
  std::ifstream slabs("/proc/slabinfo");
  std::uint64_t bytes = 0;
  bool found = false;
  for (std::string line; std::getline(slabs, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t objects_used = 0;
    std::uint64_t objects = 0;
    std::uint64_t object_bytes = 0;
    if (!(words >> name >> objects_used >> objects >> object_bytes)) continue;
    if (name != "fuse_inode" && name != "dentry") continue;
    bytes += objects_used * object_bytes;
    found = true;
  }
  if (!found) return {};
  return bytes;
}

}  // namespace mdevsim::bench
