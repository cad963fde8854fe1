#include "sim/config/check_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sim/base/limits.h"

namespace mdevsim::config {

void check_buses(const std::vector<PlacedFunction>& functions, Report& report) {
  std::map<std::pair<std::uint16_t, std::uint8_t>, Region> bridges;
  for (const PlacedFunction& function : functions) {
    if (!function.spec.secondary_bus) continue;
    const PciAddress& at = function.spec.address;
    const std::uint8_t bus = *function.spec.secondary_bus;
    if (bus <= at.bus) {
      report.error(function.where,
                   fmt::format("the bridge is on bus {:02x} and leads to bus {:02x}", at.bus, bus),
                   "buses are numbered from the root: a bridge leads to a higher one");
      continue;
    }
    const auto [known, is_new] = bridges.emplace(std::pair(at.domain, bus), function.where);
    if (!is_new) {
      report.error(function.where,
                   fmt::format("another bridge leads to bus {:02x} already, at {}", bus,
                               report.place(known->second)),
                   "give each bridge a `secondary_bus` of its own");
    }
  }
}

void check_groups(const std::vector<PlacedFunction>& functions,
                  const std::vector<GroupDraft>& groups, Report& report) {
  // As the host will number them: a group that is not stated follows the highest so far.
  std::set<std::uint32_t> used;
  std::uint32_t next = 0;
  for (const PlacedFunction& function : functions) {
    const std::uint32_t number = function.spec.iommu_group.value_or(next);
    next = std::max(next, number + 1);
    used.insert(number);
  }
  std::map<std::uint32_t, Region> described;
  for (const GroupDraft& group : groups) {
    const auto [known, is_new] = described.emplace(group.spec.number, group.where);
    if (!is_new) {
      report.error(group.where,
                   fmt::format("iommu group {} is described already, at {}", group.spec.number,
                               report.place(known->second)),
                   "describe each group once");
    } else if (used.count(group.spec.number) == 0) {
      report.error(
          group.where, fmt::format("no function is in iommu group {}", group.spec.number),
          fmt::format("write iommu_group = {} in one, or remove this table", group.spec.number));
    }
  }
}

}  // namespace mdevsim::config
