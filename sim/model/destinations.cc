#include "sim/model/destinations.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "sim/base/limits.h"
#include "sim/model/configuration.h"
#include "sim/model/kind_rows.h"
#include "sim/model/model_name.h"

namespace mdevsim::model {
namespace {

// Less is better.
struct Rank {
  Answer answer;
  std::size_t steps;
  std::size_t first;  // destination of the kind, free or not

  friend bool operator<(const Rank& a, const Rank& b) {
    return std::tie(a.answer, a.steps, a.first) < std::tie(b.answer, b.steps, b.first);
  }
};

struct Kind {
  const Configuration* configuration;
  std::vector<std::uint32_t> destinations;  // in their order
  std::size_t first_free = 0;               // among them; their number when none is free
};

struct Found {
  Rank rank;
  std::size_t kind;
};

// Counts rows for the kinds of a block, one bit of each number in each plane.
class Counters {
 public:
  static constexpr std::size_t kBatch = 7;  // seven ones make a number of three bits

  // Counts to `most` at most.
  explicit Counters(std::size_t most)
      : planes_used_(std::max<std::size_t>(3, std::bit_width(most))) {}

  void add(const std::array<Block, kBatch>& ones) {
    const Sum first = sum(ones[0], ones[1], ones[2]);
    const Sum second = sum(ones[3], ones[4], ones[5]);
    const Sum low = sum(first.bit, second.bit, ones[6]);
    const Sum middle = sum(first.carry, second.carry, low.carry);
    Sum plane = sum(planes_[0], low.bit, Block{});
    planes_[0] = plane.bit;
    plane = sum(planes_[1], middle.bit, plane.carry);
    planes_[1] = plane.bit;
    plane = sum(planes_[2], middle.carry, plane.carry);
    planes_[2] = plane.bit;
    for (std::size_t i = 3; i < planes_used_; ++i) {
      plane = sum(planes_[i], plane.carry, Block{});
      planes_[i] = plane.bit;
    }
  }

  // Leaves those of the candidates that have the most; returns how many that is.
  std::size_t keep_most(Block& candidates) const {
    std::size_t count = 0;
    for (std::size_t i = planes_used_; i-- > 0;) {
      const Block more = candidates & planes_[i];
      if (!any(more)) continue;
      candidates = more;
      count |= std::size_t{1} << i;
    }
    return count;
  }

 private:
  struct Sum {
    Block bit;
    Block carry;
  };

  static Sum sum(const Block& a, const Block& b, const Block& c) {
    const Block half = a ^ b;
    return {half ^ c, (a & b) | (half & c)};
  }

  std::array<Block, std::bit_width(kParametersMax + kBatch)> planes_{};
  std::size_t planes_used_;
};

}  // namespace

class Destinations::Group {
 public:
  explicit Group(const DeviceModel& model) : model_(model) {}

  const DeviceModel& model() const { return model_; }
  std::size_t kinds() const { return kinds_.size(); }

  std::uint32_t add(const Configuration& configuration, std::uint32_t destination) {
    const auto [known, is_new] = kind_of_record_.emplace(&configuration, 0);
    if (is_new) {
      const std::string version =
          configuration.version ? std::to_string(*configuration.version) : std::string();
      const auto [same, is_first] =
          kind_of_text_.emplace(version + ":" + to_full_text(model_, configuration),
                                static_cast<std::uint32_t>(kinds_.size()));
      if (is_first) kinds_.push_back({&configuration, {}});
      known->second = same->second;
    }
    kinds_[known->second].destinations.push_back(destination);
    return known->second;
  }

  void build() {
    kind_of_record_.clear();
    kind_of_text_.clear();
    std::vector<const Configuration*> configurations;
    configurations.reserve(kinds_.size());
    for (const Kind& kind : kinds_) configurations.push_back(kind.configuration);
    store_.emplace(kinds_.size());
    for (std::size_t i = 0; i < model_.parameters().size(); ++i)
      parameters_.emplace_back(model_, i, configurations, *store_);
    free_.assign(store_->blocks(), Block{});
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) assign_bit(free_.data(), kind, true);
    everybody_ = store_->add(free_);
  }

  void update_free(std::uint32_t kind, const std::vector<bool>& is_free) {
    Kind& changed = kinds_[kind];
    changed.first_free = 0;
    while (changed.first_free < changed.destinations.size() &&
           !is_free[changed.destinations[changed.first_free]])
      ++changed.first_free;
    assign_bit(free_.data(), kind, changed.first_free < changed.destinations.size());
  }

  std::size_t destination_of(std::size_t kind) const {
    return kinds_[kind].destinations[kinds_[kind].first_free];
  }

  std::optional<Found> best(const Device& source) const {
    if (&source.model == &model_) return best_of_rows(source.configuration);
    if (without_scheme(source.model.name()) != without_scheme(model_.name())) return std::nullopt;
    return best_of_decisions(source);
  }

 private:
  using Rows = std::array<ValueRows, kParametersMax>;  // for each parameter's value in the source

  // Of rows; those of all kinds are left out, since they tell nothing.
  struct Offsets {
    std::array<std::uint32_t, kParametersMax + Counters::kBatch> list;
    std::size_t count = 0;
  };

  Found found(Answer answer, std::size_t steps, std::size_t kind) const {
    return {{answer, steps, kinds_[kind].destinations.front()}, kind};
  }

  std::optional<Found> best_of_rows(const Configuration& source) const {
    Rows rows;
    std::size_t lacking_in_all = 0;  // parameters that nobody has as the source does
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      rows[i] = parameters_[i].of(source.values[i]);
      if (rows[i].serves == store_->nobody()) ++lacking_in_all;
    }
    if (lacking_in_all == 0) {
      if (const auto best = as_they_are(rows)) return best;
    }
    return fewest_steps(rows, lacking_in_all);
  }

  Offsets offsets_of(std::uint32_t ValueRows::*row, const Rows& rows) const {
    Offsets offsets;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (rows[i].*row != everybody_) offsets.list[offsets.count++] = rows[i].*row;
    }
    return offsets;
  }

  // Leaves the kinds of a block that are in all of the rows.
  void keep(const Offsets& offsets, std::size_t at, Block& kinds) const {
    constexpr std::size_t kAtOnce = 8;
    Block left = kinds;
    for (std::size_t i = 0; i < offsets.count && any(left);) {
      const std::size_t stop = std::min(i + kAtOnce, offsets.count);
      for (; i < stop; ++i) left &= store_->row(offsets.list[i])[at];
    }
    kinds = left;
  }

  std::optional<Found> as_they_are(const Rows& rows) const {
    const Offsets serving = offsets_of(&ValueRows::serves, rows);
    const Offsets equal = offsets_of(&ValueRows::equals, rows);
    std::optional<Found> compatible;
    for (std::size_t at = 0; at < store_->blocks(); ++at) {
      Block kinds = free_[at];
      keep(serving, at, kinds);
      if (!any(kinds)) continue;
      Block identical = kinds;
      keep(equal, at, identical);
      if (any(identical))
        return found(Answer::identical, 0, at * kBlockBits + first_bit(identical));
      if (!compatible)
        compatible = found(Answer::compatible, 0, at * kBlockBits + first_bit(kinds));
    }
    return compatible;
  }

  // A step for each parameter that has not got what the source asks for: the kinds with the most
  // rows need the fewest.
  std::optional<Found> fewest_steps(const Rows& rows, std::size_t lacking_in_all) const {
    const Offsets possible = offsets_of(&ValueRows::can_have, rows);
    Offsets serving = offsets_of(&ValueRows::serves, rows);
    auto* const end =
        std::remove(serving.list.begin(), serving.list.begin() + serving.count, store_->nobody());
    serving.count = static_cast<std::size_t>(end - serving.list.begin());
    while (serving.count % Counters::kBatch != 0) serving.list[serving.count++] = everybody_;
    std::optional<Found> best;
    for (std::size_t at = 0; at < store_->blocks(); ++at) {
      Block kinds = free_[at];
      keep(possible, at, kinds);
      if (!any(kinds)) continue;
      Counters counters(serving.count);
      for (std::size_t i = 0; i < serving.count; i += Counters::kBatch) {
        const auto having = [&](std::size_t j) { return store_->row(serving.list[i + j])[at]; };
        counters.add({having(0), having(1), having(2), having(3), having(4), having(5), having(6)});
      }
      const std::size_t steps = lacking_in_all + serving.count - counters.keep_most(kinds);
      if (best && best->rank.steps <= steps) continue;
      best = found(Answer::configurable, steps, at * kBlockBits + first_bit(kinds));
    }
    return best;
  }

  // The source's model is another record of the same name: hosts may know different releases of it.
  std::optional<Found> best_of_decisions(const Device& source) const {
    std::optional<Found> best;
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
      if (kinds_[kind].first_free == kinds_[kind].destinations.size()) continue;
      const Verdict verdict = decide(source, {model_, *kinds_[kind].configuration});
      if (verdict.answer == Answer::incompatible) continue;
      const Found here = found(verdict.answer, verdict.steps.size(), kind);
      if (!best || here.rank < best->rank) best = here;
    }
    return best;
  }

  const DeviceModel& model_;
  std::vector<Kind> kinds_;  // in the order of their first destinations
  std::optional<RowStore> store_;
  std::vector<ParameterRows> parameters_;
  std::vector<Block> free_;
  std::uint32_t everybody_ = 0;  // the row of all kinds
  // Only while the list is read.
  std::unordered_map<const Configuration*, std::uint32_t> kind_of_record_;
  std::unordered_map<std::string, std::uint32_t> kind_of_text_;
};

Destinations::Destinations(const std::vector<Device>& devices) : is_free_(devices.size(), true) {
  std::unordered_map<const DeviceModel*, std::uint32_t> group_of;
  homes_.reserve(devices.size());
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const auto [group, is_new] =
        group_of.emplace(&devices[i].model, static_cast<std::uint32_t>(groups_.size()));
    if (is_new) groups_.push_back(std::make_unique<Group>(devices[i].model));
    homes_.push_back({group->second, groups_[group->second]->add(devices[i].configuration,
                                                                 static_cast<std::uint32_t>(i))});
  }
  for (const auto& group : groups_) group->build();
}

Destinations::Destinations(Destinations&&) noexcept = default;
Destinations& Destinations::operator=(Destinations&&) noexcept = default;
Destinations::~Destinations() = default;

void Destinations::set_free(std::size_t destination, bool is_free) {
  is_free_[destination] = is_free;
  groups_[homes_[destination].group]->update_free(homes_[destination].kind, is_free_);
}

std::optional<Choice> Destinations::best(const Device& source) const {
  const Group* from = nullptr;
  std::optional<Found> best;
  for (const auto& group : groups_) {
    const auto here = group->best(source);
    if (!here || (best && !(here->rank < best->rank))) continue;
    best = here;
    from = group.get();
  }
  if (!best) return std::nullopt;
  return Choice{from->destination_of(best->kind), best->rank.answer, best->rank.steps};
}

std::size_t Destinations::kinds() const {
  std::size_t count = 0;
  for (const auto& group : groups_) count += group->kinds();
  return count;
}

}  // namespace mdevsim::model
