// Which cases of many are run.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "scenarios/runner/scenario.h"

namespace mdevsim::scenario {

struct Shard {
  std::size_t number = 1;  // from 1
  std::size_t of = 1;
};

// "2/5"; nothing when it is not that, or out of range.
std::optional<Shard> parse_shard(std::string_view text);

// Each case is in one shard of those that are `of` many. Which one depends on its key alone: not on
// the other cases, the machine, or where the files lie.
bool is_in_shard(const Case& one, const Shard& shard);

// Keeps the cases whose id holds one of the texts (all, when there is none), and of these the
// shard's.
std::vector<Case> select(std::vector<Case> cases, const std::vector<std::string>& texts,
                         const Shard& shard);

// The scenario files that a file or folder stands for, sorted: of a folder those directly in it
// that are scenarios. An error is a sentence.
tl::expected<std::vector<std::string>, std::string> find_files(const std::string& path);

}  // namespace mdevsim::scenario
