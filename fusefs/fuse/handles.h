// Owns what the kernel holds only as a number: open files and open directories. They outlive a
// session that ends while files are open, and are used again instead of being freed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/base/mutex.h"

namespace mdevsim::fusefs {

// A field of a handle: set by the thread that opens, read by those that serve later requests, set
// again when the handle is used again. The kernel orders all these, but by nothing that the
// language (or ThreadSanitizer) could know of, so the field does as well. Its first reading makes
// the rest of the handle known to the reader.
template <typename T>
class Handed {
 public:
  Handed() = default;
  void operator=(T value) { value_.store(value, std::memory_order_release); }
  operator T() const { return value_.load(std::memory_order_acquire); }
  void clear() {
    if (T(*this) != T()) *this = T();  // reads first, and so knows the rest
  }

 private:
  std::atomic<T> value_{T()};
};

template <typename Handle>
class Handles {
 public:
  // The handle is as reset() leaves it.
  Handle* acquire() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (free_.empty()) {
      all_.push_back(std::make_unique<Handle>());
      free_.reserve(all_.capacity());  // so that release() needs no memory
      return all_.back().get();
    }
    Handle* handle = free_.back();
    free_.pop_back();
    return handle;
  }

  void release(Handle* handle) EXCLUDES(mutex_) {
    handle->reset();
    const MutexLock lock(mutex_);
    free_.push_back(handle);
  }

  static std::uint64_t number(Handle* handle) { return reinterpret_cast<std::uintptr_t>(handle); }
  static Handle* from_number(std::uint64_t number) { return reinterpret_cast<Handle*>(number); }

 private:
  Mutex mutex_;
  std::vector<std::unique_ptr<Handle>> all_ GUARDED_BY(mutex_);
  std::vector<Handle*> free_ GUARDED_BY(mutex_);
};

}  // namespace mdevsim::fusefs
