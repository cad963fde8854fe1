#include "fusefs/fuse/completion.h"

#include <csignal>
#include <utility>
#include <vector>

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

Completion::Completion(Parts parts) : parts_(std::move(parts)) {}

Completion::~Completion() { CHECK(!thread_.joinable()); }

void Completion::start(Kernel& kernel) {
  kernel_ = &kernel;
  // Signals are the session's: the new thread inherits a mask that leaves it none.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Completion::stop() {
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
    for (const auto& [request, facts] : waiting_) left.push_back(request);
  }
  for (const std::uint64_t request : left) answer(request, Errc::no_device, 0);
}

sysfs::Ticket Completion::issue(std::uint64_t request, std::uint64_t bytes, RequestFacts facts) {
  const MutexLock lock(mutex_);
  waiting_.emplace(request, std::move(facts));
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
    } else if (ready_.wait_until(mutex_, held_.front().due) == std::cv_status::timeout) {
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
                 },
                 work);
    }
    if (!held_.empty()) answer_due(std::chrono::steady_clock::now());
  }
  answer_due(std::chrono::steady_clock::time_point::max());
}

void Completion::carry_out(sysfs::Batch& batch) {
  // The kernel's caches first: whoever hears of a change and looks finds it.
  uevents_.clear();
  for (const sysfs::Notice& notice : batch.notices) carry_out(notice);
  if (!uevents_.empty() && parts_.send_uevents) parts_.send_uevents(batch.host, uevents_);
  if (parts_.hold_reply.count() > 0) {
    if (batch.completions.empty()) return;
    held_.push_back(
        {std::chrono::steady_clock::now() + parts_.hold_reply, std::move(batch.completions)});
    return;
  }
  for (const sysfs::Completion& completion : batch.completions) {
    answer(completion.ticket.request, completion.errc, completion.ticket.bytes);
  }
}

void Completion::answer_due(std::chrono::steady_clock::time_point now) {
  while (!held_.empty() && held_.front().due <= now) {
    for (const sysfs::Completion& completion : held_.front().completions) {
      answer(completion.ticket.request, completion.errc, completion.ticket.bytes);
    }
    held_.pop_front();
  }
}

void Completion::wake_all(const std::vector<PollHandle>& handles) {
  for (const PollHandle handle : handles) kernel_->wake(handle);
}

void Completion::carry_out(const sysfs::Notice& notice) {
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
                 [&](const sysfs::Uevent& uevent) { uevents_.push_back(&uevent); },
             },
             notice);
}

void Completion::answer(std::uint64_t request, Errc errc, std::uint64_t bytes) {
  RequestFacts facts;
  {
    const MutexLock lock(mutex_);
    const auto at = waiting_.find(request);
    CHECK(at != waiting_.end());
    facts = std::move(at->second);
    waiting_.erase(at);
  }
  if (!parts_.observers.empty()) parts_.observers.after(facts, errc, bytes);
  kernel_->reply(request, errc, bytes);
}

}  // namespace mdevsim::fusefs
