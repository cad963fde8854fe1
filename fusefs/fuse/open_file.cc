#include "fusefs/fuse/open_file.h"

#include <algorithm>
#include <utility>

#include "sim/base/limits.h"

namespace mdevsim::fusefs {

Errc TextSnapshot::produce(TextSource& source) {
  text_.clear();
  from_ = 0;
  const Errc errc = source.show(text_);
  if (errc != Errc::ok) {
    text_.clear();
    return errc;
  }
  if (text_.size() > kShowBytesMax) text_.resize(kShowBytesMax);
  shown_ = true;
  return Errc::ok;
}

Errc TextSnapshot::seek(std::uint64_t offset, TextSource& source) {
  text_.clear();
  from_ = 0;
  shown_ = false;
  if (offset != 0) {
    const Errc errc = produce(source);
    if (errc != Errc::ok) {
      read_position_ = 0;
      return errc;
    }
    from_ = static_cast<std::size_t>(std::min<std::uint64_t>(offset, text_.size()));
  }
  read_position_ = offset;
  return Errc::ok;
}

void TextSnapshot::take(std::size_t size, std::string& out) {
  const std::size_t taken = std::min(size, text_.size() - from_);
  out.append(text_, from_, taken);
  from_ += taken;
  read_position_ += taken;
}

Errc TextSnapshot::read(std::uint64_t offset, std::size_t size, TextSource& source,
                        std::string& out) {
  if (offset == 0 || offset != read_position_) {
    const Errc errc = seek(offset, source);
    if (errc != Errc::ok) return errc;
  }
  if (from_ < text_.size()) {
    take(size, out);
    return Errc::ok;
  }
  // Nothing is left. The kernel looks at the object before it says that this is the end.
  if (shown_) return source.alive() ? Errc::ok : Errc::no_device;
  const Errc errc = produce(source);
  if (errc != Errc::ok) return errc;
  take(size, out);
  return Errc::ok;
}

void TextSnapshot::reset() {
  text_.clear();
  from_ = 0;
  read_position_ = 0;
  shown_ = false;
}

void OpenFile::keep(sysfs::OpenedFile opened) {
  const MutexLock lock(mutex);
  kept_by_tree = std::move(opened);
}

sysfs::OpenedFile OpenFile::kept() {
  const MutexLock lock(mutex);
  return kept_by_tree;
}

sysfs::OpenedFile OpenFile::take_kept() {
  const MutexLock lock(mutex);
  return std::exchange(kept_by_tree, {});
}

void OpenFile::reset() {
  node.clear();
  const MutexLock lock(mutex);
  text.reset();
  requests.reset();
  seen_changes.store(0, std::memory_order_relaxed);
}

}  // namespace mdevsim::fusefs
