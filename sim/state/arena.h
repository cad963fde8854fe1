// Memory from the kernel.
#pragma once

#include <cstddef>

#include "sim/base/result.h"

namespace mdevsim::state {

// Bytes straight from the kernel, or from the heap where they are few (a mapping of its own costs
// the kernel more than 16 KiB are worth, and a process has only 65530).
class Arena {
 public:
  enum class Pages { huge, small };  // huge: asks for pages of 2 MiB (madvise)

  Arena() = default;
  // ENOMEM when the machine has none. Reads as zeros.
  static Result<Arena> map(std::size_t bytes, Pages pages);
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;
  ~Arena();

  // The size of an arena for so many bytes: whole pages, and huge ones where there are any.
  static std::size_t rounded(std::size_t bytes);

  std::byte* data() const { return data_; }
  std::size_t size() const { return bytes_; }  // at least what was asked for

 private:
  Arena(std::byte* data, std::size_t bytes) : data_(data), bytes_(bytes) {}

  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace mdevsim::state
