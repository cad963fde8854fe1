// An open attribute. Text attributes read as the kernel's do (seq_file under kernfs): the text is
// made when a read starts at offset 0 or anywhere but where the last one ended; reads that continue
// get the rest of that same text, even when the value has changed or the object has gone since.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "fusefs/fuse/handles.h"
#include "fusefs/fuse/trace.h"
#include "fusefs/sysfs/node.h"
#include "fusefs/sysfs/stream.h"
#include "sim/base/errc.h"
#include "sim/base/mutex.h"

namespace mdevsim::fusefs {

// Where an open file's text comes from.
class TextSource {
 public:
  virtual ~TextSource() = default;
  // Makes the text; any error leaves the file as if the read had not happened.
  virtual Errc show(std::string& text) = 0;
  // False when the object is gone.
  virtual bool alive() = 0;
};

// The position and the text of one open text attribute.
class TextSnapshot {
 public:
  // Appends up to `size` bytes from `offset` on to `out`. The source is asked only when the kernel
  // would ask.
  Errc read(std::uint64_t offset, std::size_t size, TextSource& source, std::string& out);

  // As new, but for the memory.
  void reset();

 private:
  Errc produce(TextSource& source);
  Errc seek(std::uint64_t offset, TextSource& source);
  void take(std::size_t size, std::string& out);

  std::string text_;
  std::size_t from_ = 0;             // what is left to deliver is text_ from here on
  std::uint64_t read_position_ = 0;  // where the last read ended
  bool shown_ = false;  // the text was delivered or is being: what follows it is the end
};

struct OpenFile {
  Handed<sysfs::NodeId> node;
  Handed<sysfs::FileKind> kind;
  Handed<std::uint64_t> size;  // of a binary attribute; 0 when it has none

  // The value of the attribute's change counter when its text was last made; 0 before.
  std::atomic<std::uint64_t> seen_changes = 0;

  Mutex mutex;
  sysfs::OpenedFile kept_by_tree GUARDED_BY(mutex);
  TextSnapshot text GUARDED_BY(mutex);
  TraceCursor requests GUARDED_BY(mutex);

  // What the tree keeps for as long as the file is open: set at its open, shared by those who read
  // and write, taken away at its close.
  void keep(sysfs::OpenedFile opened) EXCLUDES(mutex);
  sysfs::OpenedFile kept() EXCLUDES(mutex);
  sysfs::OpenedFile take_kept() EXCLUDES(mutex);

  // Makes a used one as good as new.
  void reset();
};

}  // namespace mdevsim::fusefs
