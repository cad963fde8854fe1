// Where nodes are: computed, never stored.
#pragma once

#include <string>

#include "fusefs/sysfs/table.h"

namespace mdevsim::sysfs {

// The directory that holds a node; the host's root holds itself.
NodeId directory_of(const State& state, NodeId node);

// The node's own name.
void append_name(const State& state, NodeId node, std::string& out);

// "/devices/virtual/mtty/mtty", from the host's root.
void append_path(const State& state, NodeId node, std::string& out);

// The text of a link, relative as the kernel writes it (fs/kernfs/symlink.c): up to the nearest
// directory that properly contains the target, then down.
void append_link_text(const State& state, NodeId link, NodeId target, std::string& out);

}  // namespace mdevsim::sysfs
