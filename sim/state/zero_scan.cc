#include "sim/state/zero_scan.h"

#include <algorithm>

#include "sim/base/check.h"
#include "sim/state/block.h"

namespace mdevsim::state {
namespace {

constexpr std::uint32_t kWordPages = 64;
// 2 MiB, which takes 50 us: with less the thread that helps would hardly be awake in time. What is
// looked at together takes a millisecond, so that waking it is little, and 2 KiB to remember.
constexpr std::uint32_t kTaskPages = 512;
constexpr std::uint32_t kTogetherPages = 32 * kTaskPages;

std::uint64_t look_at(ConstBytes memory, PageRun pages) {
  return zero_pages(memory.subspan(pages.offset(), pages.length()));
}

}  // namespace

std::uint64_t ZeroScan::zeros(ConstBytes memory, PageRun pages, std::uint32_t end,
                              Executor& executor) {
  const std::uint32_t count = pages.end - pages.first;
  CHECK(count >= 1 && count <= kWordPages);
  if (pages.first < seen_.first || pages.end > seen_.end) {
    const std::uint32_t together = std::min(end - pages.first, kTogetherPages);
    if (together < 2 * kTaskPages || executor.width() == 1) return look_at(memory, pages);
    look(memory, {pages.first, pages.first + together}, executor);
  }
  const std::uint32_t at = pages.first - seen_.first;
  const std::uint32_t shift = at % kWordPages;
  std::uint64_t zeros = zeros_[at / kWordPages] >> shift;
  if (shift != 0) zeros |= zeros_[at / kWordPages + 1] << (kWordPages - shift);
  return zeros & (~std::uint64_t{0} >> (kWordPages - count));
}

void ZeroScan::look(ConstBytes memory, PageRun pages, Executor& executor) {
  const std::uint32_t count = pages.end - pages.first;
  zeros_.assign(count / kWordPages + 2, 0);
  executor.run((count + kTaskPages - 1) / kTaskPages, [&](std::size_t task) {
    const auto task_first = pages.first + static_cast<std::uint32_t>(task) * kTaskPages;
    const std::uint32_t task_end = task_first + std::min(kTaskPages, pages.end - task_first);
    for (std::uint32_t first = task_first; first < task_end; first += kWordPages) {
      const PageRun word = {first, first + std::min(kWordPages, task_end - first)};
      zeros_[(first - pages.first) / kWordPages] = look_at(memory, word);
    }
  });
  seen_ = pages;
}

}  // namespace mdevsim::state
