// From drafts to hosts: repeats, uniqueness, and what can only be seen when everything is side by
// side.
#pragma once

#include <memory>
#include <vector>

#include "sim/config/diagnostic.h"
#include "sim/config/draft.h"
#include "sim/world/spec.h"

namespace mdevsim::config {

// The hosts are of use only when the report has no errors. They keep the catalog alive.
std::vector<HostSpec> expand_hosts(const Drafts& drafts,
                                   const std::shared_ptr<const model::Catalog>& catalog,
                                   Report& report);

}  // namespace mdevsim::config
