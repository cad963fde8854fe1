// From drafts of device models to the catalog.
#pragma once

#include "sim/config/diagnostic.h"
#include "sim/config/draft.h"
#include "sim/model/catalog.h"

namespace mdevsim::config {

// The catalog is of use only when the report has no errors.
model::Catalog build_catalog(const Drafts& drafts, Report& report);

}  // namespace mdevsim::config
