// What the kernel keeps for the files that it has looked up.
#pragma once

#include <cstdint>
#include <optional>

namespace mdevsim::bench {

// The bytes of the slabs of FUSE's inodes and of all directory entries; nothing where
// /proc/slabinfo is not ours to read.
std::optional<std::uint64_t> kernel_node_bytes();

}  // namespace mdevsim::bench
