// Small wrappers around mount(2) and what belongs to it. They leave errno set when they fail.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fusefs/launch/fd.h"

namespace mdevsim::launch {

// The whole file; empty when it cannot be read.
std::string read_file(const std::string& path);

// "/proc/self/fd/N": reaches below mounts that were made on top of the open directory later.
std::string fd_path(int fd);

// An empty directory or file to bind something on; already being there is fine.
bool make_placeholder(const std::string& path, bool is_directory);

// Binds with everything that is mounted below `source`.
bool bind_tree(const std::string& source, const std::string& target, bool read_only);

// Mounts an open /dev/fuse; everybody of the user namespace may look at it.
bool mount_fuse(int fuse_fd, const std::string& target);

// The same without a place in any namespace: what is returned is the root, as open_tree(2) gives
// it.
Fd mount_fuse_detached(int fuse_fd);

// This mount alone.
bool make_read_only(const std::string& mount_point);

// The mount points of the text of /proc/self/mountinfo, unescaped, in its order.
std::vector<std::string> mount_points(std::string_view mountinfo);

// Whether the topmost mount at `path` is one that a server of ours made.
bool is_mounted_by_us(std::string_view mountinfo, const std::string& path);

// The program's path by $PATH and the places of system administration; empty when there is none.
std::string find_program(const std::string& name);

// One line for the errno of open("/dev/fuse"): what is missing and what to do.
std::string fuse_hint(int error);

}  // namespace mdevsim::launch
