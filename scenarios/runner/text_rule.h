// Whether a text is what it should be.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scenarios/runner/scenario.h"

namespace mdevsim::scenario {

struct Mismatch {
  std::string what{};      // "standard output", "errno"; empty where there is but one thing
  std::string expected{};  // may have several lines
  std::string actual{};
};

// Nothing when the text is as the rule says.
std::optional<Mismatch> check_text(const TextRule& rule, std::string_view text);

// Why a regular expression is none; empty when it is one.
std::string regex_fault(const std::string& regex);

// Whether `text` is as the pattern says, in which each `*` stands for any part.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace mdevsim::scenario
