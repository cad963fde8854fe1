// Threads for tests of what can be shared out.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "sim/base/executor.h"

namespace mdevsim::testing {

// Each task on a thread of its own.
class Threads : public Executor {
 public:
  std::size_t width() const override { return 3; }
  void run(std::size_t count, const std::function<void(std::size_t)>& task) override {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back(task, i);
    for (std::thread& thread : threads) thread.join();
    tasks_ += count;
  }

  std::size_t tasks() const { return tasks_; }  // that were done so far

 private:
  std::size_t tasks_ = 0;
};

}  // namespace mdevsim::testing
