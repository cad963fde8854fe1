#include "sim/model/kind_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace mdevsim::model {
namespace {

constexpr std::size_t kBlockWords = kBlockBits / 64;
// What lies behind is searched.
constexpr std::uint64_t kNearNumbers = 4096;
constexpr std::size_t kNearTexts = 8;

// A number, and the one behind it.
void add_bounds(std::vector<std::int64_t>& bounds, std::int64_t first, std::int64_t last) {
  bounds.push_back(first);
  if (last != std::numeric_limits<std::int64_t>::max()) bounds.push_back(last + 1);
}

}  // namespace

// Makes the rows of one value after the other.
class RowMaker {
 public:
  RowMaker(const DeviceModel& model, std::size_t parameter,
           const std::vector<const Configuration*>& kinds, RowStore& store)
      : model_(model),
        parameter_(model.parameters()[parameter]),
        place_(parameter),
        kinds_(kinds),
        store_(store) {}

  ValueRows rows_of(const Value& asked) {
    const bool is_active = parameter_.is_active(asked);
    std::vector<Block> can_have(store_.blocks(), Block{});
    std::vector<Block> serves(store_.blocks(), Block{});
    std::vector<Block> equals(store_.blocks(), Block{});
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
      const Value& has = value(kind);
      const bool is_equal = has == asked;
      const bool is_served = is_active ? is_equal : !parameter_.is_active(has);
      if (is_equal) assign_bit(equals.data(), kind, true);
      if (is_served) assign_bit(serves.data(), kind, true);
      if (is_served || can_be(kind, asked, is_active)) assign_bit(can_have.data(), kind, true);
    }
    return {store_.add(can_have), store_.add(serves), store_.add(equals)};
  }

  std::size_t kinds() const { return kinds_.size(); }
  const Value& value(std::size_t kind) const { return kinds_[kind]->values[place_]; }

 private:
  bool can_be(std::size_t kind, const Value& asked, bool is_active) const {
    if (!is_active) return parameter_.off.has_value();
    return !value(kind).is_absent() && parameter_.accepts(asked, model_.version_of(*kinds_[kind]));
  }

  const DeviceModel& model_;
  const Parameter& parameter_;
  std::size_t place_;
  const std::vector<const Configuration*>& kinds_;
  RowStore& store_;
};

std::size_t first_bit(const Block& block) {
  std::size_t word = 0;
  while (block[word] == 0) ++word;
  return word * 64 + static_cast<std::size_t>(std::countr_zero(block[word]));
}

void assign_bit(Block* row, std::size_t bit, bool on) {
  const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
  const std::size_t word = bit % kBlockBits / 64;
  Block& block = row[bit / kBlockBits];
  block[word] = on ? block[word] | mask : block[word] & ~mask;
}

std::uint32_t RowStore::add(const std::vector<Block>& row) {
  std::vector<std::uint64_t> key(row.size() * kBlockWords);
  if (!row.empty()) std::memcpy(key.data(), row.data(), row.size() * sizeof(Block));
  const auto [found, is_new] =
      offsets_.emplace(std::move(key), static_cast<std::uint32_t>(rows_.size()));
  if (is_new) rows_.insert(rows_.end(), row.begin(), row.end());
  return found->second;
}

ParameterRows::ParameterRows(const DeviceModel& model, std::size_t parameter,
                             const std::vector<const Configuration*>& kinds, RowStore& store) {
  RowMaker maker(model, parameter, kinds, store);
  const Parameter& record = model.parameters()[parameter];
  absent_ = maker.rows_of(Value{});
  if (record.kind == ValueKind::boolean) {
    for (const bool on : {false, true}) booleans_[on ? 1 : 0] = maker.rows_of(Value::boolean(on));
  } else if (record.kind == ValueKind::integer) {
    number_segments(maker, record);
  } else {
    text_rows(maker, record);
  }
}

void ParameterRows::number_segments(RowMaker& maker, const Parameter& parameter) {
  bounds_.push_back(std::numeric_limits<std::int64_t>::min());
  for (const Allowed& item : parameter.allowed)
    add_bounds(bounds_, item.least.number, item.most.number);
  if (parameter.off) add_bounds(bounds_, parameter.off->number, parameter.off->number);
  for (std::size_t kind = 0; kind < maker.kinds(); ++kind) {
    const Value& has = maker.value(kind);
    if (!has.is_absent()) add_bounds(bounds_, has.number, has.number);
  }
  std::sort(bounds_.begin(), bounds_.end());
  bounds_.erase(std::unique(bounds_.begin(), bounds_.end()), bounds_.end());
  for (const std::int64_t bound : bounds_)
    segments_.push_back(maker.rows_of(Value::integer(bound)));
  if (bounds_.size() < 2) return;
  near_least_ = static_cast<std::uint64_t>(bounds_[1]);
  const std::uint64_t span = static_cast<std::uint64_t>(bounds_.back()) - near_least_ + 1;
  std::size_t segment = 1;
  for (std::uint64_t i = 0; i < std::min(span, kNearNumbers); ++i) {
    const auto number = static_cast<std::int64_t>(near_least_ + i);
    while (segment + 1 < bounds_.size() && bounds_[segment + 1] <= number) ++segment;
    near_.push_back(static_cast<std::uint16_t>(segment));
  }
}

void ParameterRows::text_rows(RowMaker& maker, const Parameter& parameter) {
  const auto add = [&](const Value& value) {
    const bool is_near = std::any_of(texts_.begin(), texts_.end(), [&](const TextRows& known) {
      return known.text == value.text;
    });
    if (value.is_absent() || is_near || rare_texts_.count(value.text) != 0) return;
    if (texts_.size() < kNearTexts) {
      texts_.push_back({value.text, maker.rows_of(value)});
    } else {
      rare_texts_[value.text] = maker.rows_of(value);
    }
  };
  for (std::size_t kind = 0; kind < maker.kinds(); ++kind) add(maker.value(kind));
  for (const Allowed& item : parameter.allowed) add(item.least);
  if (parameter.off) add(*parameter.off);
  add(Value::string({}));
  // No text has a comma, so this is one that was not mentioned.
  other_text_ = maker.rows_of(Value::string(","));
}

const ValueRows& ParameterRows::of_far_number(std::int64_t number) const {
  const auto next = std::upper_bound(bounds_.begin(), bounds_.end(), number);
  return segments_[static_cast<std::size_t>(next - bounds_.begin()) - 1];
}

const ValueRows& ParameterRows::of_rare_text(const std::string& text) const {
  const auto found = rare_texts_.find(text);
  return found == rare_texts_.end() ? other_text_ : found->second;
}

}  // namespace mdevsim::model
