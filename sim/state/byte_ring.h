// Bytes that wait to be read, in their order, in a buffer of a fixed size that goes round.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/result.h"
#include "sim/state/arena.h"
#include "sim/state/bytes.h"

namespace mdevsim::state {

class ByteRing {
 public:
  ByteRing() = default;  // of no bytes
  // ENOMEM when the machine has not that much.
  static Result<ByteRing> create(std::size_t capacity, Arena::Pages pages) {
    TRY_SET(Arena memory, Arena::map(capacity, pages));
    return ByteRing(std::move(memory), capacity);
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // While it is empty: has the next bytes lie from there on, of the ring's memory, which begins
  // with a page.
  void begin_at(std::size_t place) {
    CHECK(empty() && place < capacity_);
    first_ = place;
  }

  // Where the next bytes go, as far as that is in one piece; push() says how many there are now.
  Bytes room() {
    const std::size_t at = place(size_);
    return {memory_.data() + at, std::min(capacity_ - size_, capacity_ - at)};
  }
  void push(std::size_t bytes) {
    CHECK(bytes <= capacity_ - size_);
    size_ += bytes;
  }

  // The first bytes, of those that there are; they stay until pop(). The second piece is empty
  // unless they go round.
  std::array<ConstBytes, 2> front(std::size_t bytes) const {
    CHECK(bytes <= size_);
    const std::size_t before_end = std::min(bytes, capacity_ - first_);
    return {ConstBytes(memory_.data() + first_, before_end),
            ConstBytes(memory_.data(), bytes - before_end)};
  }
  void pop(std::size_t bytes) {
    CHECK(bytes <= size_);
    first_ = place(bytes);
    size_ -= bytes;
  }

 private:
  ByteRing(Arena memory, std::size_t capacity) : memory_(std::move(memory)), capacity_(capacity) {}

  std::size_t place(std::size_t behind_first) const {
    const std::size_t at = first_ + behind_first;
    return at < capacity_ ? at : at - capacity_;
  }

  Arena memory_;
  std::size_t capacity_ = 0;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace mdevsim::state
