// The best of the types of one or of all hosts.
#pragma once

#include <optional>
#include <vector>

#include "cli/compat_side.h"
#include "cli/compat_verdict.h"

namespace mdevsim::cli {

struct Best {
  std::optional<std::size_t> type;  // its place; nothing: none is compatible and has room
  Choosing why;
};

// By the order of preference of model::Destinations. A type without an interface that could
// configure its devices has to be compatible as it is.
Best best_of(const std::vector<Side>& types, const Side& source);

}  // namespace mdevsim::cli
