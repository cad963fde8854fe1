// Formatting for show functions.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

#include "sim/base/errc.h"

namespace mdevsim::sysfs {

// Appends the formatted text, and succeeds.
template <typename... Args>
Errc put(std::string& out, fmt::format_string<Args...> text, Args&&... args) {
  fmt::format_to(std::back_inserter(out), text, std::forward<Args>(args)...);
  return Errc::ok;
}

}  // namespace mdevsim::sysfs
