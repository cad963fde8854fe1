// The one thread that owns everything after a change: it tells the kernel's caches, wakes pollers,
// sends uevents, and then replies. Workers hand batches over and never wait for it; it holds no
// lock while it notifies. (When a worker notifies or waits for a notification, the kernel and the
// pool of workers can wait for each other for ever.)
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "fusefs/fuse/kernel.h"
#include "fusefs/fuse/observer.h"
#include "fusefs/fuse/overlay.h"
#include "fusefs/fuse/pollers.h"
#include "fusefs/sysfs/notice.h"
#include "sim/base/mutex.h"

namespace mdevsim::fusefs {

// Sends uevents of a host, in their order.
using SendUevents = std::function<void(std::uint32_t host, std::span<const sysfs::Uevent* const>)>;

// Replies that a fault rule holds back, given by a thread that never tells the kernel anything
// else. A client whose lookup or listing is late holds its directory's lock in the kernel, and a
// notification about that directory waits for the lock: so whoever notifies must not be the one
// who replies.
class LateReplies {
 public:
  LateReplies() = default;
  LateReplies(const LateReplies&) = delete;
  LateReplies& operator=(const LateReplies&) = delete;
  // The thread must have been stopped.
  ~LateReplies();

  // The first one starts the thread.
  void add(std::chrono::steady_clock::time_point due, std::function<void()> reply) EXCLUDES(mutex_);
  // Gives at once what is held back, and ends the thread. Nothing may be added any more.
  void stop() EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);
  // The next one that is due, waited for; empty when there will be none.
  std::function<void()> next() EXCLUDES(mutex_);

  std::thread thread_;  // made under the lock
  Mutex mutex_;         // a leaf
  Condition changed_;
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> held_
      GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
};

class Completion : public sysfs::BatchSink {
 public:
  struct Parts {
    Overlay& overlay;
    Pollers& pollers;
    const ObserverChain& observers;
    SendUevents send_uevents;  // empty: none are sent
    // How long replies are held back after their effects. What comes behind them is not held up.
    std::chrono::milliseconds hold_reply{0};
  };
  explicit Completion(Parts parts);
  // The thread must have been stopped.
  ~Completion() override;

  // Batches posted before are carried out now. The kernel must outlive stop().
  void start(Kernel& kernel);
  // Carries out what is queued, then answers the requests that still wait with ENODEV. No request
  // may come in any more.
  void stop() EXCLUDES(mutex_);

  // A request that may have to wait. Its ticket goes to the tree; the facts are for the observers.
  // With a delay the answer is held back that long when it is there.
  sysfs::Ticket issue(std::uint64_t request, std::uint64_t bytes, RequestFacts facts,
                      std::chrono::milliseconds delay = {}) EXCLUDES(mutex_);
  // The request was answered at once: the ticket is void.
  void retire(sysfs::Ticket ticket) EXCLUDES(mutex_);

  void post(sysfs::Batch batch) override EXCLUDES(mutex_);
  void posted() override { ready_.notify_one(); }
  // Calls `reply` when the delay is over; not from the completion thread, see LateReplies.
  void reply_later(std::chrono::milliseconds delay, std::function<void()> reply);
  // The same, and not before what was posted until now is carried out. For clients that hold no
  // directory's lock meanwhile.
  void reply_behind_effects(std::chrono::milliseconds delay, std::function<void()> reply)
      EXCLUDES(mutex_);
  // For reads through the page cache (splice): see Kernel::invalidate_pages.
  void invalidate_pages(sysfs::NodeId node) EXCLUDES(mutex_);

  // Wakes whoever polls the trace.
  void requests_traced() EXCLUDES(mutex_);

  // Changes with every batch, before the world's lock is dropped.
  std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct RequestsTraced {};
  struct Later {
    Time due;
    std::function<void()> act;
  };
  using Work = std::variant<sysfs::Batch, sysfs::NodeId, RequestsTraced, Later>;

  struct Waiting {
    RequestFacts facts;
    std::chrono::milliseconds delay;
  };

  void run() EXCLUDES(mutex_);
  // Waits for something to do or for a held reply to become due. False when the thread is to end.
  bool wait() EXCLUDES(mutex_);
  bool next(Work& work) EXCLUDES(mutex_);
  void enqueue(Work work) EXCLUDES(mutex_);
  void carry_out(sysfs::Batch& batch);
  void carry_out(const sysfs::Completion& completion, std::chrono::milliseconds delay);
  void send(std::uint32_t host);
  void send_late(std::uint32_t host, sysfs::Uevent uevent);
  void act_due(Time now);
  std::chrono::milliseconds delay_of(std::uint64_t request) EXCLUDES(mutex_);
  void carry_out(std::uint32_t host, sysfs::Notice& notice);
  void wake_all(const std::vector<PollHandle>& handles);
  void answer(std::uint64_t request, Errc errc, std::uint64_t bytes) EXCLUDES(mutex_);

  const Parts parts_;
  std::atomic<std::uint64_t> epoch_ = 1;
  Kernel* kernel_ = nullptr;  // set before the thread starts
  std::thread thread_;
  std::vector<const sysfs::Uevent*> uevents_;  // the thread's own: of the batch that is carried out
  std::multimap<Time, std::function<void()>> held_;  // the thread's own: what is to be done later
  LateReplies late_replies_;

  Mutex mutex_;  // a leaf: taken under the world's lock by post()
  Condition ready_;
  std::deque<Work> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::unordered_map<std::uint64_t, Waiting> waiting_ GUARDED_BY(mutex_);
};

}  // namespace mdevsim::fusefs
