// Work for several threads at once. sim/ starts no thread: whoever has some passes them in as this.
#pragma once

#include <cstddef>
#include <functional>

namespace mdevsim {

class Executor {
 public:
  virtual ~Executor() = default;
  // How many tasks can be worked on at the same time; at least 1.
  virtual std::size_t width() const = 0;
  // Calls task(0) to task(count - 1), each once, in any order and on any threads, and returns when
  // all have returned. Tasks do not throw.
  virtual void run(std::size_t count, const std::function<void(std::size_t)>& task) = 0;
};

// Does everything itself, one after the other.
class InlineExecutor : public Executor {
 public:
  std::size_t width() const override { return 1; }
  void run(std::size_t count, const std::function<void(std::size_t)>& task) override {
    for (std::size_t i = 0; i < count; ++i) task(i);
  }
};

}  // namespace mdevsim
