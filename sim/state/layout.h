// Where what lies in the memory of a device: the sections that its configuration has, in canonical
// order, each at a page of its own. Two devices whose active parameters are the same have the same
// layout, whatever their versions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"
#include "sim/model/verdict.h"
#include "sim/state/bytes.h"

namespace mdevsim::state {

struct Section {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint32_t first_page = 0;  // in the device's memory
  std::uint32_t pages = 0;       // what the last one has behind `bytes` is zero

  std::size_t offset() const { return std::size_t{first_page} * kPageBytes; }
  friend bool operator==(const Section&, const Section&) = default;
};

class Layout {
 public:
  // ENOTTY for a model without state.
  static Result<Layout> of(const model::Device& device);

  const std::vector<Section>& sections() const { return sections_; }  // sorted by name
  const Section* find(std::string_view name) const;

  std::uint32_t pages() const { return pages_; }
  std::size_t memory_bytes() const { return std::size_t{pages_} * kPageBytes; }
  std::uint64_t state_bytes() const;  // without what fills up pages

  friend bool operator==(const Layout&, const Layout&) = default;

 private:
  std::vector<Section> sections_;
  std::uint32_t pages_ = 0;
};

}  // namespace mdevsim::state
