// One request of the kernel, from its arrival to its one answer. Everything that leaves for a
// client leaves here, so no other errno than those of the closed table can.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "fusefs/fuse/adapter.h"
#include "fusefs/fuse/fuse_api.h"

namespace mdevsim::fusefs {

// The root of the tree has libfuse's own number.
sysfs::NodeId node_of(const Adapter& adapter, fuse_ino_t inode);
fuse_ino_t inode_of(const Adapter& adapter, sysfs::NodeId node);

// A node's stat with what users changed.
struct stat stat_of(const Adapter& adapter, sysfs::NodeId node, const sysfs::Stat& stat);
fuse_entry_param entry_of(const Adapter& adapter, const sysfs::Entry& entry);

// Attributes and entries stay true until the kernel is told otherwise.
inline constexpr double kForever = 1e9;

class Request {
 public:
  Request(Operation operation, fuse_req_t request, fuse_ino_t inode, std::string_view detail = {});
  // CHECKs that the request has been answered.
  ~Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  Adapter& adapter() const { return adapter_; }
  sysfs::Tree& tree() const { return adapter_.tree; }
  fuse_req_t raw() const { return request_; }
  sysfs::NodeId node() const { return node_; }
  bool done() const { return done_; }
  sysfs::Caller caller() const;

  // Asks the fault rules, before anything else is done. False when one of them has answered.
  bool may_begin(Operation operation, std::string_view detail);

  // The answer is held back that much longer.
  void hold_back(std::chrono::milliseconds delay) { delay_ += delay; }

  // Each of these answers; exactly one is called.
  void answer(Errc errc);  // an error, or a success that has nothing to tell
  void reply_entry(const sysfs::Entry& entry);
  void reply_attributes(const struct stat& attributes);
  void reply_link(const char* target);
  // `close` is called when the client has given up: nobody else will close what was opened.
  void reply_open(const fuse_file_info& info, std::function<void()> close);
  void reply_bytes(std::string_view bytes);
  // Without putting them together; at most sysfs::Stream::kPiecesMax.
  void reply_pieces(std::span<const std::span<const std::byte>> pieces);
  void reply_written(std::size_t bytes);
  void reply_xattr_size(std::size_t bytes);
  void reply_statfs(const struct statvfs& statistics);
  void reply_poll(unsigned events);

  // Hands the request over: the ticket's owner brings the answer.
  sysfs::Ticket issue_ticket(std::size_t bytes);
  // Takes it back, to answer it here after all.
  void take_back(sysfs::Ticket ticket);
  // Another thread answers, or has answered already: the request must not be touched any more.
  void leave();

 private:
  // Tells the observers, then replies; by a fault rule later, from the completion thread. `reply`
  // is kept until then.
  template <typename Reply>
  void finish(Errc errc, std::size_t bytes, Reply reply);

  bool is_held_back() const { return delay_.count() != 0 || waits_for_effects_; }

  Adapter& adapter_;
  const fuse_req_t request_;
  const sysfs::NodeId node_;
  RequestFacts facts_;                  // filled for observers only
  std::chrono::milliseconds delay_{0};  // by a fault rule
  bool waits_for_effects_ = false;      // of the rule: the answer comes behind them
  bool done_ = false;
};

}  // namespace mdevsim::fusefs
