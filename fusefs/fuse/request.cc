#include "fusefs/fuse/request.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "sim/base/check.h"
#include "sim/base/limits.h"

namespace mdevsim::fusefs {
namespace {

constexpr mode_t type_bits(sysfs::NodeType type) {
  switch (type) {
    case sysfs::NodeType::directory:
      return S_IFDIR;
    case sysfs::NodeType::link:
      return S_IFLNK;
    case sysfs::NodeType::attribute:
      return S_IFREG;
  }
  return S_IFREG;
}

Adapter& adapter_of(fuse_req_t request) {
  return *static_cast<Adapter*>(fuse_req_userdata(request));
}

}  // namespace

sysfs::NodeId node_of(const Adapter& adapter, fuse_ino_t inode) {
  return inode == FUSE_ROOT_ID ? adapter.root : sysfs::NodeId(inode);
}

fuse_ino_t inode_of(const Adapter& adapter, sysfs::NodeId node) {
  return node == adapter.root ? FUSE_ROOT_ID : node.value();
}

struct stat stat_of(const Adapter& adapter, sysfs::NodeId node, const sysfs::Stat& stat) {
  const AttributeChanges changes = adapter.overlay.attributes(node);
  struct stat out {};
  out.st_ino = node.value();
  out.st_mode = type_bits(stat.type) | changes.mode.value_or(stat.mode);
  out.st_nlink = stat.nlink;
  out.st_uid = changes.uid.value_or(adapter.uid);
  out.st_gid = changes.gid.value_or(adapter.gid);
  out.st_size = static_cast<off_t>(stat.size);
  out.st_blksize = static_cast<blksize_t>(kAttributeSize);
  out.st_atim = changes.atime.value_or(adapter.start);
  out.st_mtim = changes.mtime.value_or(adapter.start);
  out.st_ctim = changes.ctime.value_or(adapter.start);
  return out;
}

fuse_entry_param entry_of(const Adapter& adapter, const sysfs::Entry& entry) {
  fuse_entry_param out{};
  out.ino = inode_of(adapter, entry.node);
  out.attr = stat_of(adapter, entry.node, entry.stat);
  out.attr_timeout = kForever;
  out.entry_timeout = kForever;
  return out;
}

Request::Request(Operation operation, fuse_req_t request, fuse_ino_t inode, std::string_view detail)
    : adapter_(adapter_of(request)), request_(request), node_(node_of(adapter_, inode)) {
  if (adapter_.observers.empty()) return;
  const fuse_ctx* context = fuse_req_ctx(request);
  facts_.operation = operation;
  facts_.node = node_;
  facts_.pid = static_cast<std::uint32_t>(context->pid);
  facts_.uid = context->uid;
  facts_.begin = std::chrono::steady_clock::now();
  facts_.detail = detail;
  adapter_.observers.before(facts_);
}

Request::~Request() { CHECK(done_); }

sysfs::Caller Request::caller() const {
  const fuse_ctx* context = fuse_req_ctx(request_);
  return {
      .pid = static_cast<std::uint32_t>(context->pid), .uid = context->uid, .gid = context->gid};
}

// What fuse_reply_* returns is an error only when nobody waits for the answer any more: the client
// was killed, or the filesystem was unmounted.
void Request::answered(Errc errc, std::size_t bytes) {
  CHECK(!done_);
  done_ = true;
  if (!adapter_.observers.empty()) adapter_.observers.after(facts_, errc, bytes);
}

void Request::answer(Errc errc) {
  answered(errc, 0);
  fuse_reply_err(request_, errc_number(errc));
}

void Request::reply_entry(const sysfs::Entry& entry) {
  const fuse_entry_param parameters = entry_of(adapter_, entry);
  answered(Errc::ok, 0);
  fuse_reply_entry(request_, &parameters);
}

void Request::reply_attributes(const struct stat& attributes) {
  answered(Errc::ok, 0);
  fuse_reply_attr(request_, &attributes, kForever);
}

void Request::reply_link(const char* target) {
  answered(Errc::ok, 0);
  fuse_reply_readlink(request_, target);
}

bool Request::reply_open(const fuse_file_info& info) {
  answered(Errc::ok, 0);
  return fuse_reply_open(request_, &info) == 0;
}

void Request::reply_bytes(std::string_view bytes) {
  answered(Errc::ok, bytes.size());
  fuse_reply_buf(request_, bytes.data(), bytes.size());
}

void Request::reply_written(std::size_t bytes) {
  answered(Errc::ok, bytes);
  fuse_reply_write(request_, bytes);
}

void Request::reply_xattr_size(std::size_t bytes) {
  answered(Errc::ok, bytes);
  fuse_reply_xattr(request_, bytes);
}

void Request::reply_statfs(const struct statvfs& statistics) {
  answered(Errc::ok, 0);
  fuse_reply_statfs(request_, &statistics);
}

void Request::reply_poll(unsigned events) {
  answered(Errc::ok, 0);
  fuse_reply_poll(request_, events);
}

sysfs::Ticket Request::issue_ticket(std::size_t bytes) {
  return adapter_.completion.issue(reinterpret_cast<std::uintptr_t>(request_), bytes, facts_);
}

void Request::take_back(sysfs::Ticket ticket) { adapter_.completion.retire(ticket); }

void Request::leave() {
  CHECK(!done_);
  done_ = true;
}

}  // namespace mdevsim::fusefs
