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
bool can_settle() {
  static const bool registered =
      syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  return registered;
}

std::size_t words_of(std::size_t pages) {
  const std::size_t words = (pages + 63) / 64;
  return std::max((words + kWordsPerLine - 1) / kWordsPerLine, std::size_t{1}) * kWordsPerLine;
}

// Zeros, at the beginning of a cache line.
std::atomic<std::uint64_t>* allocate_words(std::size_t count) {
  using Word = std::atomic<std::uint64_t>;
  void* memory = ::operator new (count * sizeof(Word), std::align_val_t{kLineBytes});
  auto* words = static_cast<Word*>(memory);
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
    : bytes_(bytes),
      word_count_(words_of(pages_of(bytes))),
      words_(allocate_words(word_count_)),
      never_set_(can_settle() ? nullptr : allocate_words(word_count_)),
      look_(can_settle() ? words_.get() : never_set_.get()) {
  CHECK(bytes <= kDeviceMemoryBytesMax);
}

void DirtyLog::mark_clean(std::size_t offset, std::size_t length) {
  CHECK(length <= bytes_ && offset <= bytes_ - length);
  if (length == 0) return;
  const std::size_t end = pages_of(offset + length);
  const MutexLock lock(mutex_);
  for (std::size_t page = offset / kPageBytes; page < end;) {
    const std::size_t word = page / 64;
    const std::size_t next = std::min(end, (word + 1) * 64);
    const std::uint64_t bits = bits_between(page % 64, next - word * 64);
    words_[word].store(words_[word].load(std::memory_order_relaxed) | bits,
                       std::memory_order_relaxed);
    page = next;
  }
}

// A writer that saw a bit set, and so did not lock, looked before the bit was taken. This barrier
// is behind the taking and reaches every running thread (one that does not run has passed one): it
// empties that writer's store buffer, so what it wrote before it looked is seen by whoever reads
// the page from now on.
void DirtyLog::settle() const {
  if (never_set_) return;
  CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
}

void DirtyLog::collect(DirtyRuns& out) {
  {
    const MutexLock lock(mutex_);
    take_runs({words_.get(), word_count_}, out);
  }
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
  CHECK(page < pages());
  return ((words_[page / 64].load(std::memory_order_relaxed) >> (page % 64)) & 1) != 0;
}

void DirtyLog::forget() {
  bool was_dirty = false;
  {
    const MutexLock lock(mutex_);
    for (std::size_t i = 0; i < word_count_; ++i) {
      was_dirty |= words_[i].load(std::memory_order_relaxed) != 0;
      words_[i].store(0, std::memory_order_relaxed);
    }
  }
  if (was_dirty) settle();
}

}  // namespace mdevsim::state
