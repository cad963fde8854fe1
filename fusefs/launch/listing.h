// What some directories of a tree hold: the input of the plan of mounts, taken from a real sysfs or
// from the simulated one.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "fusefs/launch/failure.h"

namespace mdevsim::launch {

enum class EntryKind { directory, file, link };

struct ListedEntry {
  EntryKind kind = EntryKind::file;
  std::string link;  // a link's text
};

using Entries = std::map<std::string, ListedEntry>;

// Paths are relative to the tree's root, which is "". A directory that is not a key was not listed.
using Listing = std::map<std::string, Entries>;

// "a/b" of "a" and "b"; "b" of "" and "b".
std::string join(std::string_view directory, std::string_view name);

// Whether a path is one of the patterns; `*` stands for any part of one name.
bool matches_any(std::span<const std::string_view> patterns, const std::string& path);

// Lists the root of the tree and every directory in it whose path matches a pattern. Paths below a
// directory that was not listed are not visited.
Outcome<Listing> read_listing(int root_fd, std::span<const std::string_view> patterns);

}  // namespace mdevsim::launch
