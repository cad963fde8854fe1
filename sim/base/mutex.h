// A std::mutex that clang's thread safety analysis understands (it does not see through
// std::lock_guard of libstdc++).
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define MDEVSIM_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define MDEVSIM_THREAD_ATTRIBUTE(x)
#endif

#define CAPABILITY(x) MDEVSIM_THREAD_ATTRIBUTE(capability(x))
#define SCOPED_CAPABILITY MDEVSIM_THREAD_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(x) MDEVSIM_THREAD_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) MDEVSIM_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) MDEVSIM_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) MDEVSIM_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define EXCLUDES(...) MDEVSIM_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS MDEVSIM_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace mdevsim {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }
  std::mutex& native() { return mutex_; }  // for condition variables

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A std::condition_variable for it. (std::condition_variable_any has a mutex of its own, on which
// whoever is woken waits for the one who woke it.)
class Condition {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock lock(mutex.native(), std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  template <typename Clock, typename Duration>
  std::cv_status wait_until(Mutex& mutex, const std::chrono::time_point<Clock, Duration>& due)
      REQUIRES(mutex) {
    std::unique_lock lock(mutex.native(), std::adopt_lock);
    const std::cv_status status = condition_.wait_until(lock, due);
    lock.release();
    return status;
  }
  void notify_one() { condition_.notify_one(); }

 private:
  std::condition_variable condition_;
};

}  // namespace mdevsim
