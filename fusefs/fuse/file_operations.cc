// Open files and directories.
#include "fusefs/fuse/file_operations.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "fusefs/fuse/guard.h"
#include "sim/base/limits.h"

namespace mdevsim::fusefs {
namespace {

using Files = Handles<OpenFile>;
using Directories = Handles<OpenDirectory>;

OpenFile& file_of(const fuse_file_info& info) { return *Files::from_number(info.fh); }
OpenDirectory& directory_of(const fuse_file_info& info) {
  return *Directories::from_number(info.fh);
}

// ---- open and release ---------------------------------------------------------------------------

// The kernel opens a file itself when FS_IOC_GETFLAGS is asked of it; sysfs answers that without an
// open, so no mode may forbid it. It is an O_RDONLY without the O_LARGEFILE that a 64-bit user's
// open(2) always carries.
bool may_be_kernels_own(int flags) { return sizeof(long) == 8 && flags == O_RDONLY; }

// The access mode 3 neither reads nor writes.
sysfs::Access access_of(int flags) {
  const int mode = flags & O_ACCMODE;
  return {.read = mode == O_RDONLY || mode == O_RDWR, .write = mode == O_WRONLY || mode == O_RDWR};
}

// sysfs checks the mode bits for root, too: what nobody may do, root may not. (Who may do what else
// is checked by the kernel, by default_permissions.)
Errc check_mode(int flags, unsigned mode) {
  constexpr unsigned kAnyRead = 0444;
  constexpr unsigned kAnyWrite = 0222;
  const sysfs::Access access = access_of(flags);
  if (access.write && (mode & kAnyWrite) == 0) return Errc::access;
  if (access.read && (mode & kAnyRead) == 0) return Errc::access;
  return Errc::ok;
}

// What the kernel is told of an open file. Text is never cached: a change would tear it.
void describe(fuse_file_info& info, sysfs::FileKind kind) {
  info.direct_io = 1;
  info.noflush = 1;
  info.nonseekable = kind == sysfs::FileKind::stream || kind == sysfs::FileKind::requests ? 1 : 0;
  // Writers of one file need not wait for each other (libfuse 3.15).
  [](auto& any) {
    if constexpr (requires { any.parallel_direct_writes; }) any.parallel_direct_writes = 1;
  }(info);
}

void close_file(Adapter& adapter, OpenFile& file) {
  adapter.tree.released(file.node, file.take_kept());
  const PollHandle poller = adapter.pollers.remove(&file);
  if (poller.handle != nullptr) {
    fuse_pollhandle_destroy(static_cast<fuse_pollhandle*>(poller.handle));
  }
  adapter.files.release(&file);
}

void log_refusal(Adapter& adapter, const sysfs::Caller& caller, Errc errc, std::string_view why) {
  if (why.empty()) return;
  adapter.log.info(fmt::format("pid {}: {}: {}", caller.pid, errc_symbol(errc), why));
}

void do_open(Request& request, fuse_file_info* info) {
  Adapter& adapter = request.adapter();
  sysfs::Stat stat;
  if (const Errc errc = adapter.tree.stat(request.node(), stat); errc != Errc::ok) {
    return request.answer(errc);
  }
  if (!stat.alive) return request.answer(Errc::no_device);
  const unsigned mode = adapter.overlay.attributes(request.node()).mode.value_or(stat.mode);
  const Errc allowed = check_mode(info->flags, mode);
  if (allowed != Errc::ok && !may_be_kernels_own(info->flags)) return request.answer(allowed);
  if ((info->flags & O_DIRECT) != 0) return request.answer(Errc::invalid);
  if (stat.file == sysfs::FileKind::requests && adapter.trace == nullptr) {
    return request.answer(Errc::not_supported);
  }
  sysfs::OpenedFile opened;
  const sysfs::Stored result =
      adapter.tree.opened(request.node(), request.caller(), access_of(info->flags), opened);
  log_refusal(adapter, request.caller(), result.errc, result.why);
  if (result.errc != Errc::ok) return request.answer(result.errc);
  OpenFile& file = *adapter.files.acquire();
  file.keep(std::move(opened));
  file.node = request.node();
  file.kind = stat.file;
  file.size = stat.size;
  info->fh = Files::number(&file);
  describe(*info, stat.file);
  request.reply_open(*info, [&adapter, &file] { close_file(adapter, file); });
}

void do_release(Request& request, fuse_file_info* info) {
  close_file(request.adapter(), file_of(*info));
  request.answer(Errc::ok);
}

// ---- read and write -----------------------------------------------------------------------------

class AttributeText : public TextSource {
 public:
  AttributeText(Adapter& adapter, OpenFile& file) : adapter_(adapter), file_(file) {}

  // The counter is taken first: a change in between is reported once too often rather than never.
  Errc show(std::string& text) override {
    const std::uint64_t changes = adapter_.pollers.changes(file_.node);
    const Errc errc = adapter_.tree.show(file_.node, text);
    if (errc != Errc::no_device) file_.seen_changes.store(changes, std::memory_order_relaxed);
    return errc;
  }
  bool alive() override {
    sysfs::Stat stat;
    return adapter_.tree.stat(file_.node, stat) == Errc::ok && stat.alive;
  }

 private:
  Adapter& adapter_;
  OpenFile& file_;
};

Errc read_file(Request& request, OpenFile& file, std::uint64_t offset, std::size_t size,
               std::string& out) {
  Adapter& adapter = request.adapter();
  if (file.kind == sysfs::FileKind::requests) {
    const MutexLock lock(file.mutex);
    adapter.trace->read(sysfs::NodeId(file.node).host(), file.requests, size, out);
    return Errc::ok;
  }
  if (file.kind != sysfs::FileKind::text) {
    file.seen_changes.store(adapter.pollers.changes(file.node), std::memory_order_relaxed);
    return adapter.tree.read(file.node, offset, size, request.caller(), out);
  }
  AttributeText source(adapter, file);
  const MutexLock lock(file.mutex);
  return file.text.read(offset, size, source, out);
}

// None for most files: not all that have no positions have a stream behind them.
std::shared_ptr<sysfs::Stream> stream_of(OpenFile& file) {
  return file.kind == sysfs::FileKind::stream ? file.kept().stream : nullptr;
}

// Straight from where the bytes lie: a lock keeps them still until the kernel has them.
void read_stream(Request& request, sysfs::Stream& stream, std::size_t size) {
  const auto read = stream.read(size, [&](auto pieces) { request.reply_pieces(pieces); });
  if (read) return;
  const Error& error = read.error();
  if (error.code != Errc::no_message)
    log_refusal(request.adapter(), request.caller(), error.code, error.why);
  request.answer(error.code);
}

void write_stream(Request& request, sysfs::Stream& stream, std::string_view bytes) {
  const auto written = stream.write(bytes);
  if (written) return request.reply_written(bytes.size());
  log_refusal(request.adapter(), request.caller(), written.error().code, written.error().why);
  request.answer(written.error().code);
}

void do_read(Request& request, std::size_t size, off_t offset, fuse_file_info* info) {
  thread_local std::string bytes;
  bytes.clear();
  OpenFile& file = file_of(*info);
  const sysfs::NodeId node = file.node;
  if (const auto stream = stream_of(file)) return read_stream(request, *stream, size);
  // Only reads into the page cache, which splice(2) and readahead(2) make, come without a lock
  // owner.
  const bool into_page_cache = info->lock_owner == 0;
  const Errc errc = read_file(request, file, static_cast<std::uint64_t>(offset), size, bytes);
  Completion& completion = request.adapter().completion;
  if (errc != Errc::ok) {
    request.answer(errc);
  } else {
    request.reply_bytes(bytes);
  }
  // The kernel now takes the text's length for the file's size, and the page for good.
  if (into_page_cache) completion.invalidate_pages(node);
}

// How much of a write the kernel hands to an attribute: one page, and of a binary one not more than
// there is.
Errc cut_write(const OpenFile& file, std::uint64_t offset, std::size_t& size) {
  size = std::min(size, kStoreBytesMax);
  if (file.kind != sysfs::FileKind::binary || file.size == 0) return Errc::ok;
  if (offset >= file.size) return Errc::file_too_big;
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, file.size - offset));
  return Errc::ok;
}

void do_write(Request& request, const char* bytes, std::size_t size, off_t offset,
              fuse_file_info* info) {
  OpenFile& file = file_of(*info);
  const sysfs::NodeId node = file.node;
  if (const auto stream = stream_of(file)) return write_stream(request, *stream, {bytes, size});
  const auto position = static_cast<std::uint64_t>(offset);
  if (const Errc errc = cut_write(file, position, size); errc != Errc::ok) {
    return request.answer(errc);
  }
  // The request may be gone before a refusal is logged.
  Adapter& adapter = request.adapter();
  const sysfs::Caller caller = request.caller();
  const sysfs::Ticket ticket = request.issue_ticket(size);
  const sysfs::Stored stored =
      request.tree().store(node, {bytes, size}, position, caller, ticket, file.kept());
  log_refusal(adapter, caller, stored.errc, stored.why);
  if (!stored.answered) return request.leave();
  request.take_back(ticket);
  request.hold_back(std::chrono::milliseconds(stored.delay_ms));
  if (stored.errc != Errc::ok) return request.answer(stored.errc);
  request.reply_written(size);
}

// ---- poll ---------------------------------------------------------------------------------------

// Of an attribute: always readable and writable; PRI and ERR say that the value was never read, has
// changed since, or is gone. Of the trace: readable when there is more of it.
unsigned poll_events(Adapter& adapter, OpenFile& file) {
  constexpr unsigned kReadable = POLLIN | POLLRDNORM;
  constexpr unsigned kAlways = kReadable | POLLOUT | POLLWRNORM;
  constexpr unsigned kChanged = POLLERR | POLLPRI;
  if (file.kind == sysfs::FileKind::requests) {
    const MutexLock lock(file.mutex);
    return adapter.trace->is_readable(sysfs::NodeId(file.node).host(), file.requests) ? kReadable
                                                                                      : 0;
  }
  sysfs::Stat stat;
  const bool alive = adapter.tree.stat(file.node, stat) == Errc::ok && stat.alive;
  const bool unchanged = alive && file.seen_changes.load(std::memory_order_relaxed) ==
                                      adapter.pollers.changes(file.node);
  return unchanged ? kAlways : kAlways | kChanged;
}

void do_poll(Request& request, fuse_file_info* info, fuse_pollhandle* handle) {
  Adapter& adapter = request.adapter();
  OpenFile& file = file_of(*info);
  // The poller is entered before the look, so that no change falls between the two.
  if (handle != nullptr) {
    const PollHandle before = adapter.pollers.add(&file, file.node, {handle});
    if (before.handle != nullptr) {
      fuse_pollhandle_destroy(static_cast<fuse_pollhandle*>(before.handle));
    }
  }
  request.reply_poll(poll_events(adapter, file));
}

// ---- directories --------------------------------------------------------------------------------

void do_opendir(Request& request, fuse_file_info* info) {
  if ((info->flags & O_DIRECT) != 0) return request.answer(Errc::invalid);
  Adapter& adapter = request.adapter();
  OpenDirectory& directory = *adapter.directories.acquire();
  directory.node = request.node();
  info->fh = Directories::number(&directory);
  request.reply_open(*info, [&adapter, &directory] { adapter.directories.release(&directory); });
}

void do_releasedir(Request& request, fuse_file_info* info) {
  request.adapter().directories.release(&directory_of(*info));
  request.answer(Errc::ok);
}

class TreeDirectory : public DirectorySource {
 public:
  TreeDirectory(Adapter& adapter, sysfs::NodeId node) : adapter_(adapter), node_(node) {}
  std::uint64_t epoch() override { return adapter_.completion.epoch(); }
  Errc list(std::vector<sysfs::DirectoryEntry>& entries) override {
    return adapter_.tree.list(node_, entries);
  }
  sysfs::NodeId self() override { return node_; }
  sysfs::NodeId parent() override { return adapter_.tree.parent_of(node_); }

 private:
  Adapter& adapter_;
  const sysfs::NodeId node_;
};

// Packs entries as readdir and readdirplus want them.
class Packer : public EntrySink {
 public:
  Packer(Request& request, std::vector<char>& buffer, std::size_t size, bool plus)
      : request_(request), buffer_(buffer), size_(size), plus_(plus) {
    if (buffer_.size() < size) buffer_.resize(size);
  }

  bool add(const ListedEntry& listed) override {
    char* const at = buffer_.data() + used_;
    const std::size_t room = size_ - used_;
    const auto next = static_cast<off_t>(listed.next_offset);
    std::size_t needed = 0;
    if (plus_) {
      fuse_entry_param entry{};
      if (!fill(listed, entry)) return true;
      needed = fuse_add_direntry_plus(request_.raw(), at, room, listed.name, &entry, next);
    } else {
      sysfs::Stat stat;
      stat.type = listed.type;
      const struct stat attributes = stat_of(request_.adapter(), listed.node, stat);
      needed = fuse_add_direntry(request_.raw(), at, room, listed.name, &attributes, next);
    }
    if (needed > room) return false;
    used_ += needed;
    return true;
  }

  std::string_view packed() const { return {buffer_.data(), used_}; }

 private:
  // False when the entry has gone since the directory was listed.
  bool fill(const ListedEntry& listed, fuse_entry_param& entry) {
    Adapter& adapter = request_.adapter();
    sysfs::Entry looked_up{.node = listed.node, .stat = {}};
    if (listed.dot) {
      entry.attr = stat_of(adapter, listed.node, looked_up.stat);  // inode 0: not looked up
      return true;
    }
    if (adapter.tree.stat(listed.node, looked_up.stat) != Errc::ok || !looked_up.stat.alive) {
      return false;
    }
    entry = entry_of(adapter, looked_up);
    return true;
  }

  Request& request_;
  std::vector<char>& buffer_;
  const std::size_t size_;
  const bool plus_;
  std::size_t used_ = 0;
};

void list_directory(Request& request, std::size_t size, off_t offset, fuse_file_info* info,
                    bool plus) {
  thread_local std::vector<char> buffer;
  OpenDirectory& directory = directory_of(*info);
  TreeDirectory source(request.adapter(), directory.node);
  Packer packer(request, buffer, size, plus);
  Errc errc = Errc::ok;
  {
    const MutexLock lock(directory.mutex);
    errc = directory.listing.read(static_cast<std::uint64_t>(offset), source, packer);
  }
  if (errc != Errc::ok) return request.answer(errc);
  request.reply_bytes(packer.packed());
}

void do_readdir(Request& request, std::size_t size, off_t offset, fuse_file_info* info) {
  list_directory(request, size, offset, info, false);
}
void do_readdirplus(Request& request, std::size_t size, off_t offset, fuse_file_info* info) {
  list_directory(request, size, offset, info, true);
}

}  // namespace

void add_file_operations(fuse_lowlevel_ops& table) {
  table.open = Guard<Operation::open, do_open>::call;
  table.release = Guard<Operation::release, do_release>::call;
  table.read = Guard<Operation::read, do_read>::call;
  table.write = Guard<Operation::write, do_write>::call;
  table.poll = Guard<Operation::poll, do_poll>::call;
  table.opendir = Guard<Operation::opendir, do_opendir>::call;
  table.releasedir = Guard<Operation::releasedir, do_releasedir>::call;
  table.readdir = Guard<Operation::readdir, do_readdir>::call;
  table.readdirplus = Guard<Operation::readdirplus, do_readdirplus>::call;
}

}  // namespace mdevsim::fusefs
