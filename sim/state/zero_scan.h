// Which pages of a device's memory are zero, looked up ahead of who asks by several threads: one
// alone waits for memory most of the time.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/executor.h"
#include "sim/state/bytes.h"
#include "sim/state/dirty_log.h"

namespace mdevsim::state {

class ZeroScan {
 public:
  // zero_pages() of those pages of the memory, of which there are 1 to 64. Those up to `end` are
  // asked for next, so a good many of them are looked at as well when the executor has threads for
  // that, and remembered. What is written to pages since the last forget() is seen or not, as
  // there are threads or not.
  std::uint64_t zeros(ConstBytes memory, PageRun pages, std::uint32_t end, Executor& executor);

  void forget() { seen_ = {}; }

 private:
  void look(ConstBytes memory, PageRun pages, Executor& executor);

  PageRun seen_;
  std::vector<std::uint64_t> zeros_;  // a bit for each page of seen_; and a word more
};

}  // namespace mdevsim::state
