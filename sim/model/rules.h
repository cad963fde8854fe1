// Why a value cannot be, in words: said alike of versions, of configurations and by the verdict.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/model/parameter.h"

namespace mdevsim::model {

// "version 2 has no such parameter: it is there since version 3"
std::string why_missing(const Parameter& parameter, std::uint32_t version);

// "96 is not allowed in version 2: it may be 0, 32 or 64-80"
std::string why_not_allowed(const Parameter& parameter, const Value& value, std::uint32_t version);

// "it needs `rss`, which is off"
std::string why_unmet(std::string_view required);

// For each parameter the places of those that it requires. All names are known.
std::vector<std::vector<std::uint32_t>> required_places(const std::vector<Parameter>& parameters);

// The places of all parameters, each behind those that it requires; shorter when they require one
// another in a circle.
std::vector<std::uint32_t> dependency_order(
    const std::vector<std::vector<std::uint32_t>>& required);

// The place of the first parameter that is required by `parameter` and not active beside it, or
// nothing. `values` has one value for each parameter.
std::optional<std::uint32_t> unmet_requirement(
    const std::vector<Parameter>& parameters,
    const std::vector<std::vector<std::uint32_t>>& required, const std::vector<Value>& values,
    std::size_t parameter);

}  // namespace mdevsim::model
