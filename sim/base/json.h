// Text as JSON. What else JSON needs is written by hand where it is printed.
#pragma once

#include <string>
#include <string_view>

namespace mdevsim {

// Appends the text as a JSON string, quotes included. Control characters are escaped; bytes that
// are no UTF-8 become U+FFFD, so that what is written is JSON whatever the bytes are.
void append_json_string(std::string& out, std::string_view text);

std::string json_string(std::string_view text);

}  // namespace mdevsim
