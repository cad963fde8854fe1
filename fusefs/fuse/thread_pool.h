// Threads that help whoever has work for several at once.
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "sim/base/executor.h"
#include "sim/base/mutex.h"

namespace mdevsim::fusefs {

// Has no threads before somebody asks for help: until then the process may fork. Safe to share.
class ThreadPool : public Executor {
 public:
  ThreadPool();  // as wide as there are processors
  explicit ThreadPool(std::size_t width) : width_(width) {}
  ~ThreadPool() override;

  std::size_t width() const override { return width_; }
  // The caller does the first task, and then what no other thread has begun.
  void run(std::size_t count, const std::function<void(std::size_t)>& task) override;

 private:
  struct Job {
    const std::function<void(std::size_t)>& task;
    const std::size_t count;
    std::size_t begun = 0;
    std::size_t done = 0;
    Condition all_done;
  };

  void start() REQUIRES(mutex_);
  void help();
  void do_next(Job& job) REQUIRES(mutex_);

  const std::size_t width_;
  Mutex mutex_;
  Condition work_;
  std::deque<Job*> jobs_ GUARDED_BY(mutex_);  // with tasks that nobody has begun
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);  // the callers are one more
};

}  // namespace mdevsim::fusefs
