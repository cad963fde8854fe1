#include "fusefs/fuse/thread_pool.h"

#include <algorithm>

#include "fusefs/fuse/thread.h"

namespace mdevsim::fusefs {
namespace {

// How often the caller looks whether the others are done before it sleeps: for about as long, some
// tens of microseconds, as being woken takes.
constexpr int kLooks = 50;

}  // namespace

ThreadPool::ThreadPool() : width_(std::max(std::thread::hardware_concurrency(), 1U)) {}

ThreadPool::~ThreadPool() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  for ([[maybe_unused]] const std::thread& thread : threads) work_.notify_one();
  for (std::thread& thread : threads) thread.join();
}

void ThreadPool::start() {
  while (threads_.size() + 1 < width_)
    threads_.push_back(start_without_signals([this] { help(); }));
}

void ThreadPool::run(std::size_t count, const std::function<void(std::size_t)>& task) {
  if (count == 0) return;
  if (count == 1) return task(0);
  Job job{task, count, 0, 0, {}};
  const MutexLock lock(mutex_);
  start();
  job.begun = 1;  // the caller's, though others look before it is done
  jobs_.push_back(&job);
  for (std::size_t i = 1; i < std::min(count, width_); ++i) work_.notify_one();
  mutex_.unlock();
  task(0);
  mutex_.lock();
  ++job.done;
  while (job.begun < count) do_next(job);
  for (int look = 0; look < kLooks && job.done < count; ++look) {
    mutex_.unlock();
    std::this_thread::yield();
    mutex_.lock();
  }
  while (job.done < count) job.all_done.wait(mutex_);
}

void ThreadPool::help() {
  const MutexLock lock(mutex_);
  while (!stopping_) {
    if (jobs_.empty()) {
      work_.wait(mutex_);
    } else {
      do_next(*jobs_.front());
    }
  }
}

// Without the lock while the task is done. The job is gone when its last task is.
void ThreadPool::do_next(Job& job) {
  const std::size_t next = job.begun++;
  if (job.begun == job.count) std::erase(jobs_, &job);
  mutex_.unlock();
  job.task(next);
  mutex_.lock();
  ++job.done;
  if (job.done == job.count) job.all_done.notify_one();
}

}  // namespace mdevsim::fusefs
