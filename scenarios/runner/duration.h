// Spans of time as scenarios and options write them: "250ms", "5s", "2min".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mdevsim::scenario {

// Milliseconds; nothing when it is not such a text, or longer than a week.
std::optional<std::int64_t> parse_duration(std::string_view text);

// "31 ms", "2.4 s": for reports.
std::string duration_text(std::int64_t milliseconds);

}  // namespace mdevsim::scenario
