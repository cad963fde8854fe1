// Which pages of a device's memory were written since somebody last asked.
//
// Whoever writes says so, after the write: mark(). That costs a fraction of a nanosecond; having
// the kernel find out (write protection, userfaultfd) costs a microsecond for each page. Whoever
// copies the pages asks first, then reads them: collect(). A page that is written while it is
// copied is marked behind that collect, so the next one has it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "sim/base/mutex.h"
#include "sim/state/bytes.h"

namespace mdevsim::state {

// Pages first, first + 1, … end - 1.
struct PageRun {
  std::uint32_t first = 0;
  std::uint32_t end = 0;

  std::size_t offset() const { return std::size_t{first} * kPageBytes; }
  std::size_t length() const { return std::size_t{end - first} * kPageBytes; }
  bool operator==(const PageRun&) const = default;
};

// Dirty pages, as runs in ascending order that do not touch one another. Meant to be kept and
// filled again: it allocates only when it never held as many.
class DirtyRuns {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  PageRun operator[](std::size_t i) const { return {edges_[2 * i], edges_[2 * i + 1]}; }
  std::uint64_t pages() const { return pages_; }

  class Iterator {
   public:
    Iterator(const DirtyRuns& runs, std::size_t i) : runs_(&runs), i_(i) {}
    PageRun operator*() const { return (*runs_)[i_]; }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return i_ != other.i_; }

   private:
    const DirtyRuns* runs_;
    std::size_t i_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size_}; }

 private:
  friend class RunBuilder;

  // Where the first run begins and ends, where the second does, and so on: that is how they are
  // found, a word of the log at once.
  std::unique_ptr<std::uint32_t[]> edges_;
  std::size_t capacity_ = 0;  // of edges_
  std::size_t size_ = 0;
  std::uint64_t pages_ = 0;
};

class DirtyLog {
 public:
  // For memory of so many bytes, at most kDeviceMemoryBytesMax. Nothing is dirty.
  explicit DirtyLog(std::size_t bytes);

  // The writer's part, after it wrote: any number of threads, also while another collects. Bytes
  // outside of the memory are a bug of the caller.
  void mark(std::size_t offset, std::size_t length) {
    const bool in_one_page = offset % kPageBytes + length <= kPageBytes;
    if (!in_one_page || !was_dirty(offset)) mark_clean(offset, length);
  }
  // The same for a write that is in one page, as that of a register is.
  void mark_one(std::size_t offset) {
    if (!was_dirty(offset)) mark_clean(offset, 1);
  }
  void mark_all() { mark_clean(0, bytes_); }

  // Takes the dirty pages: `out` has those of all marks that returned before, and they are clean
  // from now on. What is read of the pages afterwards is at least as new as those marks.
  void collect(DirtyRuns& out) EXCLUDES(mutex_);

  // How many pages a collect would take.
  std::uint64_t dirty_pages() const;
  bool dirty(std::size_t page) const;

  // Makes all clean.
  void forget() EXCLUDES(mutex_);

  std::size_t pages() const { return pages_of(bytes_); }

 private:
  using Word = std::atomic<std::uint64_t>;  // a bit a page
  struct FreeWords {
    void operator()(Word* words) const;
  };

  bool was_dirty(std::size_t offset) const {
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the write is before the look
    const std::size_t page = offset / kPageBytes;
    return ((look_[page / 64].load(std::memory_order_relaxed) >> (page % 64)) & 1) != 0;
  }
  void mark_clean(std::size_t offset, std::size_t length) EXCLUDES(mutex_);
  void settle() const;

  // Bits change under the mutex alone; mark() looks at them without. A page that is dirty already
  // is what most marks find, and a lock would cost as much as five writes. But then the processor
  // may look before the write has left its store buffer; settle() makes up for that.
  const std::size_t bytes_;
  const std::size_t word_count_;  // a multiple of 8: whole cache lines
  Mutex mutex_;
  const std::unique_ptr<Word[], FreeWords> words_;
  const std::unique_ptr<Word[], FreeWords> never_set_;  // where there is no settle()
  const Word* const look_;                              // one of the two
};

}  // namespace mdevsim::state
