// Owns what the kernel holds only as a number: open files and open directories. They outlive a
// session that ends while files are open, and are used again instead of being freed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/base/mutex.h"

namespace mdevsim::fusefs {

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
