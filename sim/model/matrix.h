// Which versions of a model can take the state of which, for all pairs at once: a row of bits for
// each value of each parameter tells the targets that have nothing against it, and the rows of a
// source's values are ANDed. It says the same as decide(), which also tells the steps and reasons.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/model/device_model.h"

namespace mdevsim::model {

class VersionMatrix {
 public:
  explicit VersionMatrix(const DeviceModel& model);

  // The places of two versions in DeviceModel::versions(): whether the verdict on them is anything
  // but incompatible.
  bool is_compatible(std::size_t source, std::size_t target) const {
    return (bits_[source * words_ + target / 64] >> (target % 64) & 1U) != 0;
  }

  std::size_t size() const { return size_; }
  std::uint64_t count_compatible() const;

 private:
  using Row = std::uint64_t*;

  void admit(std::size_t first, std::size_t last, Row row) const;
  // The targets that can be as a source with this value is; the row is empty before.
  void fill_row(const DeviceModel& model, std::size_t parameter, const Value& value, Row row) const;

  std::size_t size_;
  std::size_t words_;                // of a row
  std::vector<std::uint64_t> bits_;  // a row for each source
};

}  // namespace mdevsim::model
