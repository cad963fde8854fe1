#include "scenarios/runner/duration.h"

#include <fmt/format.h>

#include <charconv>

namespace mdevsim::scenario {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}};
constexpr std::int64_t kMillisecondsMax = std::int64_t{7} * 24 * 3'600'000;

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  const std::string_view name(stop, static_cast<std::size_t>(text.data() + text.size() - stop));
  for (const Unit& unit : kUnits) {
    if (name != unit.name) continue;
    if (number > kMillisecondsMax / unit.milliseconds) return std::nullopt;
    return number * unit.milliseconds;
  }
  return std::nullopt;
}

std::string duration_text(std::int64_t milliseconds) {
  if (milliseconds < 1000) return fmt::format("{} ms", milliseconds);
  return fmt::format("{:.1f} s", static_cast<double>(milliseconds) / 1000);
}

}  // namespace mdevsim::scenario
