// The benchmarks give up at the first thing that fails: a number measured past a failure means
// nothing.
#pragma once

#include <string_view>

namespace mdevsim::bench {

// Says what failed on which object, and why (errno); ends the process.
[[noreturn]] void fatal(std::string_view what, std::string_view object);

}  // namespace mdevsim::bench
