// Which pages of a device's memory are to be sent, in ascending order: first all, then what was
// written since.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "sim/base/check.h"
#include "sim/state/dirty_log.h"

namespace mdevsim::state {

class PageQueue {
 public:
  // Both are for an empty queue. `runs` gets what the queue had before, to be filled again.
  void add_all(std::uint32_t pages) {
    CHECK(empty());
    current_ = {0, pages};
    left_ = pages;
    next_ = runs_.size();
  }
  void add(DirtyRuns& runs) {
    CHECK(empty());
    std::swap(runs_, runs);
    left_ = runs_.pages();
    next_ = 0;
    load_next();
  }

  bool empty() const { return left_ == 0; }
  std::uint64_t pages() const { return left_; }

  // The next pages; not of an empty queue.
  PageRun front() const { return current_; }
  // The n-th run behind it; empty when there are not so many.
  PageRun ahead(std::size_t n) const {
    return left_ != 0 && next_ + n <= runs_.size() ? runs_[next_ + n - 1] : PageRun{};
  }
  void pop(std::uint32_t pages) {
    CHECK(pages <= current_.end - current_.first);
    current_.first += pages;
    left_ -= pages;
    if (current_.first == current_.end) load_next();
  }

 private:
  void load_next() {
    if (next_ < runs_.size() && left_ != 0) current_ = runs_[next_++];
  }

  PageRun current_;  // under way
  DirtyRuns runs_;
  std::size_t next_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace mdevsim::state
