// All device models of a file: what can exist. Frozen, so it is shared without a lock.
#pragma once

#include <string_view>
#include <vector>

#include "sim/model/device_model.h"

namespace mdevsim::model {

class Catalog {
 public:
  Catalog() = default;
  // Errors: EEXIST when two models have the same name.
  static Result<Catalog> build(std::vector<DeviceModel> models);

  // With or without https://; null when there is none.
  const DeviceModel* find(std::string_view name) const;

  const std::vector<DeviceModel>& models() const { return models_; }  // sorted by name

 private:
  std::vector<DeviceModel> models_;
};

}  // namespace mdevsim::model
