#include "sim/model/catalog.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sim/model/model_name.h"

namespace mdevsim::model {
namespace {

std::string_view key_of(const DeviceModel& model) { return without_scheme(model.name()); }

}  // namespace

Result<Catalog> Catalog::build(std::vector<DeviceModel> models) {
  std::sort(models.begin(), models.end(),
            [](const DeviceModel& a, const DeviceModel& b) { return key_of(a) < key_of(b); });
  const auto twice = std::adjacent_find(
      models.begin(), models.end(),
      [](const DeviceModel& a, const DeviceModel& b) { return key_of(a) == key_of(b); });
  if (twice != models.end())
    return fail(Errc::exists, "there are two models " + std::string(key_of(*twice)));
  Catalog catalog;
  catalog.models_ = std::move(models);
  return catalog;
}

const DeviceModel* Catalog::find(std::string_view name) const {
  const std::string_view key = without_scheme(name);
  const auto found = std::lower_bound(
      models_.begin(), models_.end(), key,
      [](const DeviceModel& model, std::string_view wanted) { return key_of(model) < wanted; });
  return found == models_.end() || key_of(*found) != key ? nullptr : &*found;
}

}  // namespace mdevsim::model
