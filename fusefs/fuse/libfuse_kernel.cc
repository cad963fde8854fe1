#include "fusefs/fuse/libfuse_kernel.h"

#include "fusefs/fuse/request.h"

namespace mdevsim::fusefs {
namespace {

// Up to libfuse 3.15 the function had a further parameter, whose 1 means what later ones always do:
// expire only.
template <typename Flags>
int notify_expire(int (*notify)(fuse_session*, fuse_ino_t, const char*, std::size_t, Flags),
                  fuse_session* session, fuse_ino_t directory, const std::string& name) {
  return notify(session, directory, name.c_str(), name.size(), static_cast<Flags>(1));
}
[[maybe_unused]] int notify_expire(int (*notify)(fuse_session*, fuse_ino_t, const char*,
                                                 std::size_t),
                                   fuse_session* session, fuse_ino_t directory,
                                   const std::string& name) {
  return notify(session, directory, name.c_str(), name.size());
}

}  // namespace

// All these fail with ENOENT where the kernel remembers nothing that could be stale.

void LibfuseKernel::expire_entry(sysfs::NodeId directory, const std::string& name) {
  const fuse_ino_t inode = inode_of(adapter_, directory);
  const bool is_disputed = adapter_.lookups.take(directory, name);
  if (can_expire_ && !is_disputed) {
    const int result = notify_expire(&fuse_lowlevel_notify_expire_entry, session_, inode, name);
    can_expire_ = result != -ENOSYS && result != -EINVAL;
    if (can_expire_) return;
  }
  // The entry is dropped instead, so that getcwd(2) below it fails at once, as it otherwise does
  // when somebody has asked for the name again: before Linux 6.2, and where somebody did ask again.
  fuse_lowlevel_notify_inval_entry(session_, inode, name.c_str(), name.size());
}

void LibfuseKernel::invalidate_attributes(sysfs::NodeId node) {
  fuse_lowlevel_notify_inval_inode(session_, inode_of(adapter_, node), -1, 0);
}

void LibfuseKernel::invalidate_pages(sysfs::NodeId node) {
  fuse_lowlevel_notify_inval_inode(session_, inode_of(adapter_, node), 0, 0);
}

void LibfuseKernel::wake(PollHandle handle) {
  auto* const poller = static_cast<fuse_pollhandle*>(handle.handle);
  fuse_lowlevel_notify_poll(poller);
  fuse_pollhandle_destroy(poller);
}

void LibfuseKernel::reply(std::uint64_t request, Errc errc, std::uint64_t bytes) {
  auto* const raw = reinterpret_cast<fuse_req_t>(request);
  if (errc == Errc::ok) {
    fuse_reply_write(raw, bytes);
  } else {
    fuse_reply_err(raw, errc_number(errc));
  }
}

}  // namespace mdevsim::fusefs
