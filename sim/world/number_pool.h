// Numbers that the kernel hands out lowest first and takes back (ida): iommu groups, vfio devices,
// minors.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mdevsim {

class NumberPool {
 public:
  // The lowest number that is not taken.
  std::uint32_t take() {
    for (std::size_t word = first_maybe_free_; word < taken_.size(); ++word) {
      if (taken_[word] != ~std::uint64_t{0}) return mark(word, std::countr_one(taken_[word]));
      first_maybe_free_ = word + 1;
    }
    taken_.push_back(0);
    return mark(taken_.size() - 1, 0);
  }

  // Takes one particular number; false when it is taken already.
  bool take(std::uint32_t number) {
    const std::size_t word = number / 64;
    if (word >= taken_.size()) taken_.resize(word + 1);
    const std::uint64_t bit = std::uint64_t{1} << (number % 64);
    if ((taken_[word] & bit) != 0) return false;
    taken_[word] |= bit;
    return true;
  }

  void give_back(std::uint32_t number) {
    const std::size_t word = number / 64;
    taken_[word] &= ~(std::uint64_t{1} << (number % 64));
    if (word < first_maybe_free_) first_maybe_free_ = word;
  }

 private:
  std::uint32_t mark(std::size_t word, int bit) {
    taken_[word] |= std::uint64_t{1} << bit;
    return static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(bit);
  }

  std::vector<std::uint64_t> taken_;
  std::size_t first_maybe_free_ = 0;
};

}  // namespace mdevsim
