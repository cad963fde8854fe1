// The best destination the long way: a verdict on every one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sim/model/configuration.h"
#include "sim/model/destinations.h"

namespace mdevsim::testing {

// What Destinations::best() promises, from decide() alone.
inline std::optional<model::Choice> exhaustive_best(const model::Device& source,
                                                    const std::vector<model::Device>& destinations,
                                                    const std::vector<bool>& is_free) {
  using Key = std::tuple<const model::DeviceModel*, std::optional<std::uint32_t>, std::string>;
  std::map<Key, std::size_t> first_of;  // destination with that configuration
  std::optional<std::tuple<model::Answer, std::size_t, std::size_t, std::size_t>> best;
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    const auto& [model, configuration] = destinations[i];
    const std::size_t first =
        first_of
            .emplace(Key(&model, configuration.version, model::to_full_text(model, configuration)),
                     i)
            .first->second;
    if (!is_free[i]) continue;
    const model::Verdict verdict = model::decide(source, destinations[i]);
    if (verdict.answer == model::Answer::incompatible) continue;
    const auto here = std::tuple(verdict.answer, verdict.steps.size(), first, i);
    if (!best || here < *best) best = here;
  }
  if (!best) return std::nullopt;
  return model::Choice{std::get<3>(*best), std::get<0>(*best), std::get<1>(*best)};
}

}  // namespace mdevsim::testing
