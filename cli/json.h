// What --json needs of JSON: text in quotes. The rest is written by hand where it is printed.
#pragma once

#include <string>
#include <string_view>

namespace mdevsim::cli {

// The text as a JSON string, quotes included; control characters are escaped.
std::string json_string(std::string_view text);

}  // namespace mdevsim::cli
