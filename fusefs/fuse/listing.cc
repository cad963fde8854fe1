#include "fusefs/fuse/listing.h"

#include <algorithm>

namespace mdevsim::fusefs {

Errc Listing::refresh(std::uint64_t offset, DirectorySource& source) {
  const std::uint64_t epoch = source.epoch();
  if (listed_ && offset != kDot && epoch == epoch_) return Errc::ok;
  entries_.clear();
  const Errc errc = source.list(entries_);
  listed_ = errc == Errc::ok;
  epoch_ = epoch;
  stopped_offset_ = kEnd;
  return errc;
}

std::size_t Listing::index_of(std::uint64_t offset) const {
  if (offset <= kFirst) return 0;
  if (offset == stopped_offset_) return stopped_index_;
  const auto at = std::lower_bound(
      entries_.begin(), entries_.end(), offset,
      [](const sysfs::DirectoryEntry& entry, std::uint64_t hash) { return entry.hash < hash; });
  return static_cast<std::size_t>(at - entries_.begin());
}

std::uint64_t Listing::offset_of(std::size_t index) const {
  return index < entries_.size() ? entries_[index].hash : kEnd;
}

Errc Listing::read(std::uint64_t offset, DirectorySource& source, EntrySink& sink) {
  if (offset >= kEnd) return Errc::ok;
  const Errc errc = refresh(offset, source);
  if (errc != Errc::ok) return errc;

  using sysfs::NodeType;
  if (offset == kDot) {
    if (!sink.add({".", source.self(), NodeType::directory, kDotDot, true})) return Errc::ok;
  }
  if (offset <= kDotDot) {
    if (!sink.add({"..", source.parent(), NodeType::directory, offset_of(0), true})) {
      return Errc::ok;
    }
  }
  for (std::size_t index = index_of(offset); index < entries_.size(); ++index) {
    const sysfs::DirectoryEntry& entry = entries_[index];
    if (!sink.add({entry.name.c_str(), entry.node, entry.type, offset_of(index + 1), false})) {
      stopped_offset_ = offset_of(index);
      stopped_index_ = index;
      return Errc::ok;
    }
  }
  return Errc::ok;
}

void OpenDirectory::reset() {
  node.clear();
  const MutexLock lock(mutex);
  listing = Listing();
}

}  // namespace mdevsim::fusefs
