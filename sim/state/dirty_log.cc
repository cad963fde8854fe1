#include "sim/state/dirty_log.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/limits.h"
#include "sim/state/dirty_scan.h"

namespace mdevsim::state {
namespace {

constexpr std::size_t kWordsPerLine = 8;
constexpr std::size_t kLineBytes = 64;

static_assert(kDeviceMemoryBytesMax / kPageBytes <= UINT32_MAX);  // PageRun

// Lets settle() have all threads of this process pass a barrier; false when the kernel has no such
// thing (before 4.14, or forbidden).
bool register_barrier() {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

std::size_t words_of(std::size_t pages) {
  const std::size_t words = (pages + 63) / 64;
  return std::max((words + kWordsPerLine - 1) / kWordsPerLine, std::size_t{1}) * kWordsPerLine;
}

std::atomic<std::uint64_t>* allocate_words(std::size_t count) {
  using Word = std::atomic<std::uint64_t>;
  auto* words =
      static_cast<Word*>(::operator new (count * sizeof(Word), std::align_val_t{kLineBytes}));
  std::uninitialized_value_construct_n(words, count);
  return words;
}

// The bits [first, end) of a word.
std::uint64_t bits_between(std::size_t first, std::size_t end) {
  return (~std::uint64_t{0} << first) & (~std::uint64_t{0} >> (64 - end));
}

}  // namespace

void DirtyLog::FreeWords::operator()(Word* words) const {
  ::operator delete (words, std::align_val_t{kLineBytes});
}

DirtyLog::DirtyLog(std::size_t bytes)
    : pages_(pages_of(bytes)),
      word_count_(words_of(pages_)),
      looks_first_(register_barrier()),
      words_(allocate_words(word_count_)) {
  CHECK(bytes <= kDeviceMemoryBytesMax);
}

void DirtyLog::mark_pages(std::size_t first, std::size_t last) {
  CHECK(last < pages_);
  for (std::size_t page = first; page <= last;) {
    const std::size_t word = page / 64;
    const std::size_t end = std::min(last + 1, (word + 1) * 64);
    words_[word].fetch_or(bits_between(page % 64, end - word * 64), std::memory_order_seq_cst);
    page = end;
  }
}

void DirtyLog::mark_all() {
  if (pages_ != 0) mark_pages(0, pages_ - 1);
}

// The second half of mark_page(), at the expense of whoever collects. A writer that saw a bit set
// did so before it was taken here, or it would have seen none. The barrier empties that writer's
// store buffer, so what it wrote before it looked is seen by whoever reads the page from now on.
void DirtyLog::settle() const {
  if (looks_first_) CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
}

void DirtyLog::collect(DirtyRuns& out) {
  take_runs({words_.get(), word_count_}, out);
  if (!out.empty()) settle();
}

std::uint64_t DirtyLog::dirty_pages() const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < word_count_; ++i) {
    count += static_cast<std::uint64_t>(std::popcount(words_[i].load(std::memory_order_relaxed)));
  }
  return count;
}

bool DirtyLog::dirty(std::size_t page) const {
  return ((words_[page / 64].load(std::memory_order_relaxed) >> (page % 64)) & 1) != 0;
}

void DirtyLog::forget() {
  for (std::size_t i = 0; i < word_count_; ++i) words_[i].store(0, std::memory_order_seq_cst);
  settle();
}

}  // namespace mdevsim::state
