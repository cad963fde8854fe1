#include "fusefs/fuse/operations.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <ctime>

#include "fusefs/fuse/file_operations.h"
#include "fusefs/fuse/guard.h"
#include "fusefs/fuse/xattr_operations.h"
#include "sim/base/limits.h"

namespace mdevsim::fusefs {
namespace {

void do_init(void*, fuse_conn_info* connection) noexcept {
  const auto want = [connection](std::uint64_t feature) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
    fuse_set_feature_flag(connection, feature);
#else
    connection->want |= connection->capable & static_cast<unsigned>(feature);
#endif
  };
  // Lists of long directories carry the entries' attributes when the reader is seen to ask for
  // them.
  want(FUSE_CAP_READDIRPLUS);
  want(FUSE_CAP_READDIRPLUS_AUTO);
  want(FUSE_CAP_EXPIRE_ONLY);
#ifdef FUSE_CAP_NO_EXPORT_SUPPORT
  // No file handles, as on sysfs.
  want(FUSE_CAP_NO_EXPORT_SUPPORT);
#endif
#ifdef FUSE_CAP_HANDLE_KILLPRIV_V2
  // No write needs to ask for security.capability first: attributes have no privileges to lose.
  want(FUSE_CAP_HANDLE_KILLPRIV_V2);
#endif
  // A signal does not shorten a wait, as in the kernel: it need not be told of any.
  [](auto& any) {
    if constexpr (requires { any.no_interrupt; }) any.no_interrupt = 1;
  }(*connection);
}

void do_lookup(Request& request, const char* name) {
  request.adapter().lookups.add(request.node(), name, request.caller().pid);
  sysfs::Entry entry;
  const Errc errc = request.tree().lookup(request.node(), name, entry);
  if (errc != Errc::ok) return request.answer(errc);
  request.reply_entry(entry);
}

void do_getattr(Request& request, fuse_file_info*) {
  sysfs::Stat stat;
  const Errc errc = request.tree().stat(request.node(), stat);
  if (errc != Errc::ok) return request.answer(errc);
  request.reply_attributes(stat_of(request.adapter(), request.node(), stat));
}

AttributeChanges changes_of(const struct stat& attributes, unsigned to_set) {
  timespec now{};
  std::timespec_get(&now, TIME_UTC);
  AttributeChanges changes;
  changes.ctime = now;
  if ((to_set & FUSE_SET_ATTR_MODE) != 0) {
    changes.mode = static_cast<std::uint16_t>(attributes.st_mode & 07777);
  }
  if ((to_set & FUSE_SET_ATTR_UID) != 0) changes.uid = attributes.st_uid;
  if ((to_set & FUSE_SET_ATTR_GID) != 0) changes.gid = attributes.st_gid;
  if ((to_set & FUSE_SET_ATTR_ATIME) != 0) changes.atime = attributes.st_atim;
  if ((to_set & FUSE_SET_ATTR_MTIME) != 0) changes.mtime = attributes.st_mtim;
  if ((to_set & FUSE_SET_ATTR_ATIME_NOW) != 0) changes.atime = now;
  if ((to_set & FUSE_SET_ATTR_MTIME_NOW) != 0) changes.mtime = now;
  return changes;
}

// The size can be set and stays what it is. What is set on a removed object is as good as set:
// nobody will look it up.
void do_setattr(Request& request, struct stat* attributes, int to_set, fuse_file_info*) {
  constexpr unsigned kWithoutEffect = FUSE_SET_ATTR_SIZE;
  Adapter& adapter = request.adapter();
  sysfs::Stat stat;
  Errc errc = request.tree().stat(request.node(), stat);
  if (errc != Errc::ok) return request.answer(errc);
  const unsigned effective = static_cast<unsigned>(to_set) & ~kWithoutEffect;
  if (effective != 0 && stat.alive) {
    errc = adapter.overlay.change(request.node(), changes_of(*attributes, effective));
    if (errc != Errc::ok) return request.answer(errc);
  }
  request.reply_attributes(stat_of(adapter, request.node(), stat));
}

void do_readlink(Request& request) {
  thread_local std::string target;
  target.clear();
  const Errc errc = request.tree().readlink(request.node(), target);
  if (errc != Errc::ok) return request.answer(errc);
  request.reply_link(target.c_str());
}

void do_statfs(Request& request) {
  struct statvfs statistics {};
  statistics.f_bsize = kAttributeSize;
  statistics.f_frsize = kAttributeSize;
  statistics.f_namemax = 255;
  request.reply_statfs(statistics);
}

// ---- what sysfs refuses to everybody ------------------------------------------------------------

void refuse_mknod(Request& request, const char*, mode_t, dev_t) {
  request.answer(Errc::not_permitted);
}
void refuse_mkdir(Request& request, const char*, mode_t) { request.answer(Errc::not_permitted); }
void refuse_name(Request& request, const char*) { request.answer(Errc::not_permitted); }
void refuse_rename(Request& request, const char*, fuse_ino_t, const char*, unsigned) {
  request.answer(Errc::not_permitted);
}
void refuse_link(Request& request, fuse_ino_t, const char*) { request.answer(Errc::not_permitted); }
// A new file in a directory that has no way to make one (open(2) with O_CREAT).
void refuse_create(Request& request, const char*, mode_t, fuse_file_info*) {
  request.answer(Errc::access);
}
void refuse_ioctl(Request& request, unsigned, void*, fuse_file_info*, unsigned, const void*,
                  std::size_t, std::size_t) {
  request.answer(Errc::not_tty);
}
void refuse_fsyncdir(Request& request, int, fuse_file_info*) { request.answer(Errc::invalid); }
void do_fsync(Request& request, int, fuse_file_info*) { request.answer(Errc::ok); }

// symlink(2) is the one operation whose directory comes second.
void refuse_symlink(fuse_req_t raw, const char*, fuse_ino_t directory, const char* name) noexcept {
  Request request(Operation::symlink, raw, directory, name);
  request.answer(Errc::not_permitted);
}

}  // namespace

fuse_lowlevel_ops operations() {
  fuse_lowlevel_ops table{};
  table.init = do_init;
  table.lookup = Guard<Operation::lookup, do_lookup>::call;
  table.getattr = Guard<Operation::getattr, do_getattr>::call;
  table.setattr = Guard<Operation::setattr, do_setattr>::call;
  table.readlink = Guard<Operation::readlink, do_readlink>::call;
  table.statfs = Guard<Operation::statfs, do_statfs>::call;
  table.mknod = Guard<Operation::mknod, refuse_mknod>::call;
  table.mkdir = Guard<Operation::mkdir, refuse_mkdir>::call;
  table.unlink = Guard<Operation::unlink, refuse_name>::call;
  table.rmdir = Guard<Operation::rmdir, refuse_name>::call;
  table.symlink = refuse_symlink;
  table.rename = Guard<Operation::rename, refuse_rename>::call;
  table.link = Guard<Operation::link, refuse_link>::call;
  table.create = Guard<Operation::create, refuse_create>::call;
  table.ioctl = Guard<Operation::ioctl, refuse_ioctl>::call;
  table.fsync = Guard<Operation::fsync, do_fsync>::call;
  table.fsyncdir = Guard<Operation::fsyncdir, refuse_fsyncdir>::call;
  add_file_operations(table);
  add_xattr_operations(table);
  // No forget: nothing is remembered of a node because the kernel looked it up. No flush: opens say
  // that none is needed.
  return table;
}

}  // namespace mdevsim::fusefs
