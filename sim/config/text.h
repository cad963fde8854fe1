// Strings of a host file that may hold the number of a repetition: "0000:{i:02x}:00.0".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/config/diagnostic.h"
#include "sim/config/source.h"

namespace mdevsim::config {

// The number of the repetition under way, from 0; nothing outside of every `repeat`.
using Index = std::optional<std::uint32_t>;

struct Text {
  Text() = default;
  Text(std::string text, Region place);

  std::string value;
  Region where;
  bool uses_index = false;
};

// Puts the number in the place of {i}, {i:03} or {i:02x}. Everything else in braces stays as it is.
// Reports a {i} outside of every `repeat`, or one that is written wrongly, and returns nothing.
std::optional<std::string> expand(const Text& text, Index index, Report& report);

// " (with i = 3)", for messages about a repeated table; empty when the text does not depend on it.
std::string with_index(const Text& text, Index index);

// Whether the text can be the name of a file or a directory of sysfs; else what is wrong with it,
// and what to write.
struct NameFault {
  std::string why;
  std::string help;
};
std::optional<NameFault> check_file_name(std::string_view name);

// "16MiB", "0x1000", "4096": bytes; nothing when it is not a size.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace mdevsim::config
