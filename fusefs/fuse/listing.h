// An open directory. Positions are the kernel's: an entry's offset is the name hash of the entry
// behind it, so that a reader who goes on after entries came and went neither sees an entry twice
// nor fails.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fusefs/fuse/handles.h"
#include "fusefs/sysfs/node.h"
#include "fusefs/sysfs/tree.h"
#include "sim/base/errc.h"
#include "sim/base/mutex.h"

namespace mdevsim::fusefs {

// One entry on its way to the kernel.
struct ListedEntry {
  const char* name = "";
  sysfs::NodeId node;
  sysfs::NodeType type = sysfs::NodeType::directory;
  std::uint64_t next_offset = 0;
  bool dot = false;  // "." or ".."
};

// Takes entries until it is full.
class EntrySink {
 public:
  virtual ~EntrySink() = default;
  virtual bool add(const ListedEntry& entry) = 0;
};

class DirectorySource {
 public:
  virtual ~DirectorySource() = default;
  // Changes with every change of any directory.
  virtual std::uint64_t epoch() = 0;
  virtual Errc list(std::vector<sysfs::DirectoryEntry>& entries) = 0;
  virtual sysfs::NodeId self() = 0;
  virtual sysfs::NodeId parent() = 0;
};

class Listing {
 public:
  static constexpr std::uint64_t kDot = 0;
  static constexpr std::uint64_t kDotDot = 1;
  static constexpr std::uint64_t kFirst = 2;
  static constexpr std::uint64_t kEnd = 0x7fffffff;

  // Gives the entries from `offset` on to the sink. The directory is listed again at its beginning
  // and when it may have changed.
  Errc read(std::uint64_t offset, DirectorySource& source, EntrySink& sink);

 private:
  Errc refresh(std::uint64_t offset, DirectorySource& source);
  std::size_t index_of(std::uint64_t offset) const;
  std::uint64_t offset_of(std::size_t index) const;

  std::vector<sysfs::DirectoryEntry> entries_;
  std::uint64_t epoch_ = 0;
  bool listed_ = false;
  // Where the last call stopped. Two names may have one hash, which an offset alone cannot tell
  // apart.
  std::uint64_t stopped_offset_ = kEnd;
  std::size_t stopped_index_ = 0;
};

struct OpenDirectory {
  Handed<sysfs::NodeId> node;
  Mutex mutex;
  Listing listing GUARDED_BY(mutex);

  void reset();
};

}  // namespace mdevsim::fusefs
