#include "sim/world/spec.h"

#include <algorithm>
#include <numeric>

namespace mdevsim {

void index_types(ParentSpec& parent) {
  parent.types_by_id.resize(parent.types.size());
  std::iota(parent.types_by_id.begin(), parent.types_by_id.end(), 0U);
  std::sort(
      parent.types_by_id.begin(), parent.types_by_id.end(),
      [&](std::uint32_t a, std::uint32_t b) { return parent.types[a].id < parent.types[b].id; });
}

std::optional<std::uint32_t> find_type(const ParentSpec& parent, std::string_view id) {
  const auto at = std::lower_bound(parent.types_by_id.begin(), parent.types_by_id.end(), id,
                                   [&](std::uint32_t index, std::string_view wanted) {
                                     return parent.types[index].id < wanted;
                                   });
  if (at == parent.types_by_id.end() || parent.types[*at].id != id) return std::nullopt;
  return *at;
}

}  // namespace mdevsim
