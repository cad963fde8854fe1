#include "fusefs/fuse/request.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include <array>

#include <string>
#include <utility>

#include "fusefs/fuse/command_names.h"
#include "fusefs/sysfs/kinds.h"
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

// Others are made with the lock of a directory held, which telling the kernel's caches waits for.
bool may_wait_for_effects(Operation operation) {
  return operation == Operation::open || operation == Operation::read ||
         operation == Operation::write;
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

bool Request::may_begin(Operation operation, std::string_view detail) {
  if (!tree().has_operation_faults(node_) || sysfs::is_simulators_own(node_)) return true;
  const std::string_view name = fault_name(operation);
  if (name.empty()) return true;
  const auto fault =
      tree().begin(node_, name, is_about_a_name(operation) ? detail : std::string_view(),
                   [this] { return std::string(read_command_name(caller().pid)); });
  delay_ = std::chrono::milliseconds(fault.delay_ms);
  if (fault.instance == model::InstanceFate::vanishes)
    waits_for_effects_ = tree().vanish(node_) && may_wait_for_effects(operation);
  if (!fault.errc) return true;
  answer(*fault.errc);
  return false;
}

// What fuse_reply_* returns is an error only when nobody waits for the answer any more: the client
// was killed, or the filesystem was unmounted.
template <typename Reply>
void Request::finish(Errc errc, std::size_t bytes, Reply reply) {
  CHECK(!done_);
  done_ = true;
  if (!is_held_back()) {
    if (!adapter_.observers.empty()) adapter_.observers.after(facts_, errc, bytes);
    return reply();
  }
  auto late = [&observers = adapter_.observers, facts = facts_, errc, bytes, reply] {
    if (!observers.empty()) observers.after(facts, errc, bytes);
    reply();
  };
  if (waits_for_effects_) return adapter_.completion.reply_behind_effects(delay_, std::move(late));
  adapter_.completion.reply_later(delay_, std::move(late));
}

void Request::answer(Errc errc) {
  finish(errc, 0, [raw = request_, errc] { fuse_reply_err(raw, errc_number(errc)); });
}

void Request::reply_entry(const sysfs::Entry& entry) {
  finish(Errc::ok, 0, [raw = request_, parameters = entry_of(adapter_, entry)] {
    fuse_reply_entry(raw, &parameters);
  });
}

void Request::reply_attributes(const struct stat& attributes) {
  finish(Errc::ok, 0,
         [raw = request_, attributes] { fuse_reply_attr(raw, &attributes, kForever); });
}

void Request::reply_link(const char* target) {
  if (!is_held_back()) {
    return finish(Errc::ok, 0, [this, target] { fuse_reply_readlink(request_, target); });
  }
  finish(Errc::ok, 0,
         [raw = request_, kept = std::string(target)] { fuse_reply_readlink(raw, kept.c_str()); });
}

void Request::reply_open(const fuse_file_info& info, std::function<void()> close) {
  finish(Errc::ok, 0, [raw = request_, info, give_up = std::move(close)] {
    if (fuse_reply_open(raw, &info) != 0) give_up();
  });
}

void Request::reply_bytes(std::string_view bytes) {
  if (!is_held_back()) {
    return finish(Errc::ok, bytes.size(),
                  [this, bytes] { fuse_reply_buf(request_, bytes.data(), bytes.size()); });
  }
  finish(Errc::ok, bytes.size(), [raw = request_, kept = std::string(bytes)] {
    fuse_reply_buf(raw, kept.data(), kept.size());
  });
}

// A reply that is held back keeps a copy: the pieces do not stay.
void Request::reply_pieces(std::span<const std::span<const std::byte>> pieces) {
  CHECK(pieces.size() <= sysfs::Stream::kPiecesMax);
  std::size_t bytes = 0;
  for (const auto piece : pieces) bytes += piece.size();
  if (is_held_back()) {
    std::string kept;
    kept.reserve(bytes);
    for (const auto piece : pieces)
      kept.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return reply_bytes(kept);
  }
  finish(Errc::ok, bytes, [this, pieces] {
    std::array<iovec, sysfs::Stream::kPiecesMax> vector;
    std::size_t count = 0;
    for (const auto piece : pieces)
      vector[count++] = {const_cast<std::byte*>(piece.data()), piece.size()};
    fuse_reply_iov(request_, vector.data(), static_cast<int>(count));
  });
}

void Request::reply_written(std::size_t bytes) {
  finish(Errc::ok, bytes, [raw = request_, bytes] { fuse_reply_write(raw, bytes); });
}

void Request::reply_xattr_size(std::size_t bytes) {
  finish(Errc::ok, bytes, [raw = request_, bytes] { fuse_reply_xattr(raw, bytes); });
}

void Request::reply_statfs(const struct statvfs& statistics) {
  finish(Errc::ok, 0, [raw = request_, statistics] { fuse_reply_statfs(raw, &statistics); });
}

void Request::reply_poll(unsigned events) {
  finish(Errc::ok, 0, [raw = request_, events] { fuse_reply_poll(raw, events); });
}

sysfs::Ticket Request::issue_ticket(std::size_t bytes) {
  return adapter_.completion.issue(reinterpret_cast<std::uintptr_t>(request_), bytes, facts_,
                                   delay_);
}

void Request::take_back(sysfs::Ticket ticket) { adapter_.completion.retire(ticket); }

void Request::leave() {
  CHECK(!done_);
  done_ = true;
}

}  // namespace mdevsim::fusefs
