#include "fusefs/launch/subid.h"

#include <charconv>

namespace mdevsim::launch {
namespace {

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return value;
}

// Cuts `text` at the first `separator`; the part before it is the result.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

}  // namespace

std::optional<SubidRange> find_subid_range(std::string_view text, std::string_view user,
                                           std::uint32_t id) {
  std::optional<SubidRange> best;
  const std::string number = std::to_string(id);
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view owner = take_until(line, ':');
    const auto first = parse_number(take_until(line, ':'));
    const auto count = parse_number(line);
    if (owner.empty() || (owner != user && owner != number)) continue;
    if (!first || !count || *count == 0 || *first == 0) continue;
    if (!best || best->count < *count) best = SubidRange{*first, *count};
  }
  return best;
}

std::string id_map_arguments(std::uint32_t id, const SubidRange& range) {
  return "0 " + std::to_string(id) + " 1 1 " + std::to_string(range.first) + " " +
         std::to_string(range.count);
}

}  // namespace mdevsim::launch
