#include "sim/model/matrix.h"

#include <algorithm>
#include <bit>

namespace mdevsim::model {
namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

// The places of the versions whose numbers are within the bounds: from first to before last.
struct Places {
  std::size_t first;
  std::size_t last;
};

Places places_of(const std::vector<Version>& versions, const Versions& bounds) {
  const auto first = std::partition_point(
      versions.begin(), versions.end(), [&](const Version& v) { return v.number < bounds.since; });
  const auto last = std::partition_point(
      first, versions.end(), [&](const Version& v) { return v.number <= bounds.until; });
  return {static_cast<std::size_t>(first - versions.begin()),
          static_cast<std::size_t>(last - versions.begin())};
}

}  // namespace

void VersionMatrix::admit(std::size_t first, std::size_t last, Row row) const {
  for (std::size_t bit = first; bit < last;) {
    const std::size_t count = std::min<std::size_t>(64 - bit % 64, last - bit);
    row[bit / 64] |= (count == 64 ? kAll : (std::uint64_t{1} << count) - 1) << (bit % 64);
    bit += count;
  }
}

void VersionMatrix::fill_row(const DeviceModel& model, std::size_t parameter, const Value& value,
                             Row row) const {
  const Parameter& record = model.parameters()[parameter];
  const std::vector<Version>& versions = model.versions();
  const Places has = places_of(versions, record.versions);
  if (!record.is_active(value)) {  // every target that has it off, or can, or has not got it
    if (record.off) return admit(0, size_, row);
    admit(0, has.first, row);
    return admit(has.last, size_, row);
  }
  if (record.allowed.empty()) return admit(has.first, has.last, row);
  for (const Allowed& item : record.allowed) {
    if (!item.contains(value)) continue;
    const Places allowed = places_of(versions, item.versions);
    admit(std::max(has.first, allowed.first), std::min(has.last, allowed.last), row);
  }
}

VersionMatrix::VersionMatrix(const DeviceModel& model)
    : size_(model.versions().size()), words_((size_ + 63) / 64), bits_(size_ * words_, 0) {
  for (std::size_t source = 0; source < size_; ++source) admit(0, size_, &bits_[source * words_]);
  const std::vector<std::uint64_t> everybody(bits_.begin(), bits_.begin() + std::ptrdiff_t(words_));
  std::vector<std::uint64_t> rows;
  std::vector<bool> excludes;  // somebody: the other rows, mostly many, need no AND
  for (std::size_t parameter = 0; parameter < model.parameters().size(); ++parameter) {
    const std::vector<Value>& values = model.distinct_values(parameter);
    rows.assign(values.size() * words_, 0);
    excludes.assign(values.size(), false);
    for (std::size_t i = 0; i < values.size(); ++i) {
      fill_row(model, parameter, values[i], &rows[i * words_]);
      excludes[i] = !std::equal(everybody.begin(), everybody.end(), &rows[i * words_]);
    }
    for (std::size_t source = 0; source < size_; ++source) {
      const std::uint32_t id = model.versions()[source].value_ids[parameter];
      if (!excludes[id]) continue;
      std::uint64_t* const bits = &bits_[source * words_];
      const std::uint64_t* const row = &rows[id * words_];
      for (std::size_t word = 0; word < words_; ++word) bits[word] &= row[word];
    }
  }
}

std::uint64_t VersionMatrix::count_compatible() const {
  std::uint64_t count = 0;
  for (const std::uint64_t word : bits_) count += static_cast<std::uint64_t>(std::popcount(word));
  return count;
}

}  // namespace mdevsim::model
