// What can only be seen when all functions of a host are there: the tree of buses, and the iommu
// groups.
#pragma once

#include <vector>

#include "sim/config/diagnostic.h"
#include "sim/config/draft.h"
#include "sim/world/spec.h"

namespace mdevsim::config {

struct PlacedFunction {
  PciFunctionSpec spec;
  Region where;
};

// Bridges lead to a bus behind their own, and each bus has one bridge at most. A bus that no bridge
// leads to is a root bus.
void check_buses(const std::vector<PlacedFunction>& functions, Report& report);

// Every group that a host file describes has a function in it. The functions are sorted by address.
void check_groups(const std::vector<PlacedFunction>& functions,
                  const std::vector<GroupDraft>& groups, Report& report);

}  // namespace mdevsim::config
