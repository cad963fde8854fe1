// Where a device can go: the best one of very many destinations, in less than a microsecond.
//
// Destinations with one and the same configuration are a kind; kinds are bits. For each value that
// a parameter of the source may have there are three rows of bits: the kinds that can be given it,
// those that have it as far as a guest can tell, and those that have exactly it. ANDing the rows of
// a source's values answers for all kinds at once. It says the same as decide(), which also tells
// the steps and reasons.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/model/verdict.h"

namespace mdevsim::model {

// The best destination, by its place in the list. decide() tells the rest.
struct Choice {
  std::size_t destination;
  Answer answer;      // anything but incompatible
  std::size_t steps;  // how many

  friend bool operator==(const Choice&, const Choice&) = default;
};

class Destinations {
 public:
  // All are free at first. Borrows the devices' models and configurations.
  explicit Destinations(const std::vector<Device>& devices);
  Destinations(Destinations&&) noexcept;
  Destinations& operator=(Destinations&&) noexcept;
  ~Destinations();

  // Only those that are free are chosen.
  void set_free(std::size_t destination, bool is_free);

  // The order of preference: identical, then compatible as it is, then after the fewest steps;
  // among those the configuration that the list mentions first; of those that have it the first.
  // Nothing when all are incompatible.
  std::optional<Choice> best(const Device& source) const;

  // How many configurations differ: what the time of best() depends on.
  std::size_t kinds() const;

 private:
  class Group;  // of the destinations of one model

  struct Home {
    std::uint32_t group;
    std::uint32_t kind;
  };

  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<Home> homes_;    // of each destination
  std::vector<bool> is_free_;  // each destination
};

}  // namespace mdevsim::model
