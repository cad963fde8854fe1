// Which names the kernel may be asking for a second time, so that an answer is on its way that it
// will believe even after it was told that the name expired.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "fusefs/sysfs/node.h"

namespace mdevsim::fusefs {

// The kernel looks a new name up once, and holds the directory's lock until it has the answer;
// whoever wants the name expired waits for that lock. But a client that comes upon a name between
// its appearance and the moment at which the kernel notes for how long it holds asks again, without
// the lock (fuse_dentry_revalidate), and notes its answer whenever it gets to it. Where the name
// goes meanwhile, that answer would make it live for ever. Such a name has been asked for by two
// clients, and is to be dropped where others expire.
//
// Remembers a name until another one needs its place; a name that is forgotten expires.
class Lookups {
 public:
  // To be called before the name is looked up, so that whoever removes it afterwards knows of this.
  // `client` is a thread's number, 0 for one that the server cannot see.
  void add(sysfs::NodeId directory, std::string_view name, std::uint32_t client);

  // The name is gone: whether more than one client asked for it since the last time.
  bool take(sysfs::NodeId directory, std::string_view name);

 private:
  // The name's hash, and who asked: one number, so that each change is one step.
  using Place = std::atomic<std::uint64_t>;

  static constexpr std::size_t kPlaces = 4096;

  std::array<Place, kPlaces> places_{};
};

}  // namespace mdevsim::fusefs
