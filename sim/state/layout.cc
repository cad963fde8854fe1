#include "sim/state/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/base/check.h"
#include "sim/base/limits.h"

namespace mdevsim::state {
namespace {

static_assert(kDeviceMemoryBytesMax / kPageBytes + kSectionsMax <=
              std::numeric_limits<std::uint32_t>::max());

bool is_there(const model::Device& device, const model::SectionSpec& section) {
  if (section.when.empty()) return true;
  const auto place = device.model.find_parameter(section.when);
  CHECK(place.has_value());  // the model's check saw to it
  return device.model.parameters()[*place].is_active(device.configuration.values[*place]);
}

}  // namespace

Result<Layout> Layout::of(const model::Device& device) {
  if (!device.model.state()) {
    return fail(Errc::not_tty,
                fmt::format("{}: the model says nothing of a state", device.model.name()));
  }
  Layout layout;
  for (const model::SectionSpec& section : device.model.state()->sections) {
    if (!is_there(device, section)) continue;
    layout.sections_.push_back(
        {section.name, section.bytes, 0, static_cast<std::uint32_t>(pages_of(section.bytes))});
  }
  std::sort(layout.sections_.begin(), layout.sections_.end(),
            [](const Section& a, const Section& b) { return a.name < b.name; });
  for (Section& section : layout.sections_) {
    section.first_page = layout.pages_;
    layout.pages_ += section.pages;
  }
  return layout;
}

const Section* Layout::find(std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(),
                                  [&](const Section& section) { return section.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

std::uint64_t Layout::state_bytes() const {
  std::uint64_t bytes = 0;
  for (const Section& section : sections_) bytes += section.bytes;
  return bytes;
}

}  // namespace mdevsim::state
