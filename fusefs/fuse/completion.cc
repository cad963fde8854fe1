#include "fusefs/fuse/completion.h"

#include <utility>
#include <vector>

#include "fusefs/fuse/thread.h"
#include "sim/base/check.h"

namespace mdevsim::fusefs {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

LateReplies::~LateReplies() { CHECK(!thread_.joinable()); }

void LateReplies::add(std::chrono::steady_clock::time_point due, std::function<void()> reply) {
  {
    const MutexLock lock(mutex_);
    held_.emplace(due, std::move(reply));
    if (!thread_.joinable()) thread_ = start_without_signals([this] { run(); });
  }
  changed_.notify_one();
}

void LateReplies::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void LateReplies::run() {
  while (const auto reply = next()) reply();
}

std::function<void()> LateReplies::next() {
  const MutexLock lock(mutex_);
  for (;;) {
    if (held_.empty()) {
      if (stopping_) return {};
      changed_.wait(mutex_);
    } else if (stopping_ || held_.begin()->first <= std::chrono::steady_clock::now()) {
      return std::move(held_.extract(held_.begin()).mapped());
    } else {
      changed_.wait_until(mutex_, held_.begin()->first);
    }
  }
}

Completion::Completion(Parts parts) : parts_(std::move(parts)) {}

Completion::~Completion() { CHECK(!thread_.joinable()); }

void Completion::start(Kernel& kernel) {
  kernel_ = &kernel;
  thread_ = start_without_signals([this] { run(); });
}

void Completion::stop() {
  late_replies_.stop();  // first: a notification may wait for whom one of them is for
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_one();
  thread_.join();

  std::vector<std::uint64_t> left;
  {
    const MutexLock lock(mutex_);
    for (const auto& [request, waiting] : waiting_) left.push_back(request);
  }
  for (const std::uint64_t request : left) answer(request, Errc::no_device, 0);
}

sysfs::Ticket Completion::issue(std::uint64_t request, std::uint64_t bytes, RequestFacts facts,
                                std::chrono::milliseconds delay) {
  const MutexLock lock(mutex_);
  waiting_.emplace(request, Waiting{std::move(facts), delay});
  return {.request = request, .bytes = bytes};
}

void Completion::retire(sysfs::Ticket ticket) {
  const MutexLock lock(mutex_);
  waiting_.erase(ticket.request);
}

void Completion::post(sysfs::Batch batch) {
  epoch_.fetch_add(1, std::memory_order_release);
  enqueue(std::move(batch));
}

void Completion::invalidate_pages(sysfs::NodeId node) {
  enqueue(node);
  ready_.notify_one();
}

void Completion::reply_later(std::chrono::milliseconds delay, std::function<void()> reply) {
  late_replies_.add(std::chrono::steady_clock::now() + delay, std::move(reply));
}

void Completion::reply_behind_effects(std::chrono::milliseconds delay,
                                      std::function<void()> reply) {
  enqueue(Later{std::chrono::steady_clock::now() + delay, std::move(reply)});
  ready_.notify_one();
}

void Completion::requests_traced() {
  enqueue(RequestsTraced{});
  ready_.notify_one();
}

void Completion::enqueue(Work work) {
  const MutexLock lock(mutex_);
  queue_.push_back(std::move(work));
}

bool Completion::wait() {
  const MutexLock lock(mutex_);
  while (!stopping_ && queue_.empty()) {
    if (held_.empty()) {
      ready_.wait(mutex_);
    } else if (ready_.wait_until(mutex_, held_.begin()->first) == std::cv_status::timeout) {
      return true;
    }
  }
  return !queue_.empty();
}

bool Completion::next(Work& work) {
  const MutexLock lock(mutex_);
  if (queue_.empty()) return false;
  work = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

void Completion::run() {
  Work work;
  while (wait()) {
    while (next(work)) {
      std::visit(Overloaded{
                     [this](sysfs::Batch& batch) { carry_out(batch); },
                     [this](sysfs::NodeId node) { kernel_->invalidate_pages(node); },
                     [this](RequestsTraced) { wake_all(parts_.pollers.requests_traced()); },
                     [this](Later& later) { held_.emplace(later.due, std::move(later.act)); },
                 },
                 work);
    }
    if (!held_.empty()) act_due(std::chrono::steady_clock::now());
  }
  act_due(Time::max());
}

void Completion::carry_out(sysfs::Batch& batch) {
  // The kernel's caches first: whoever hears of a change and looks finds it.
  uevents_.clear();
  for (sysfs::Notice& notice : batch.notices) carry_out(batch.host, notice);
  send(batch.host);
  const auto delay = parts_.hold_reply + std::chrono::milliseconds(batch.reply_delay_ms);
  for (const sysfs::Completion& completion : batch.completions) carry_out(completion, delay);
}

void Completion::carry_out(const sysfs::Completion& completion, std::chrono::milliseconds delay) {
  const auto reply = [this, completion] {
    answer(completion.ticket.request, completion.errc, completion.ticket.bytes);
  };
  delay += delay_of(completion.ticket.request);
  if (delay.count() == 0) return reply();
  held_.emplace(std::chrono::steady_clock::now() + delay, reply);
}

void Completion::send(std::uint32_t host) {
  if (!uevents_.empty() && parts_.send_uevents) parts_.send_uevents(host, uevents_);
}

void Completion::send_late(std::uint32_t host, sysfs::Uevent uevent) {
  const auto delay = std::chrono::milliseconds(uevent.delay_ms);
  held_.emplace(std::chrono::steady_clock::now() + delay, [this, host, late = std::move(uevent)] {
    uevents_.assign(1, &late);
    send(host);
  });
}

void Completion::act_due(Time now) {
  while (!held_.empty() && held_.begin()->first <= now) held_.extract(held_.begin()).mapped()();
}

std::chrono::milliseconds Completion::delay_of(std::uint64_t request) {
  const MutexLock lock(mutex_);
  const auto at = waiting_.find(request);
  return at == waiting_.end() ? std::chrono::milliseconds(0) : at->second.delay;
}

void Completion::wake_all(const std::vector<PollHandle>& handles) {
  for (const PollHandle handle : handles) kernel_->wake(handle);
}

void Completion::carry_out(std::uint32_t host, sysfs::Notice& notice) {
  std::visit(Overloaded{
                 [&](const sysfs::ExpireEntry& expire) {
                   kernel_->expire_entry(expire.directory, expire.name);
                 },
                 [&](const sysfs::InvalidateAttributes& invalidate) {
                   kernel_->invalidate_attributes(invalidate.node);
                 },
                 [&](const sysfs::AttributeChanged& changed) {
                   wake_all(parts_.pollers.attribute_changed(changed.node));
                 },
                 [&](const sysfs::ObjectGone& gone) {
                   parts_.overlay.forget_object(gone.object);
                   wake_all(parts_.pollers.object_gone(gone.object));
                 },
                 [&](sysfs::Uevent& uevent) {
                   if (uevent.delay_ms > 0) return send_late(host, std::move(uevent));
                   uevents_.insert(uevents_.end(), uevent.doubled ? 2U : 1U, &uevent);
                 },
             },
             notice);
}

void Completion::answer(std::uint64_t request, Errc errc, std::uint64_t bytes) {
  RequestFacts facts;
  {
    const MutexLock lock(mutex_);
    const auto at = waiting_.find(request);
    CHECK(at != waiting_.end());
    facts = std::move(at->second.facts);
    waiting_.erase(at);
  }
  if (!parts_.observers.empty()) parts_.observers.after(facts, errc, bytes);
  kernel_->reply(request, errc, bytes);
}

}  // namespace mdevsim::fusefs
