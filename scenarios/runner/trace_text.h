// The trace of a simulated host (JSON lines, see mdevsim-trace(1)) for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mdevsim::scenario {

// One request: `12:34:56.781806 bash[1165] write alpha:/bus/pci/rescan "1" = OK, 1 bytes, 113 us`.
// Empty when it is none.
std::string trace_text(std::string_view json_line);

// The last `lines_max` requests that tell something, of one trace or of several together: without
// lookups and their like that went well, and without those before `since`, in seconds since 1970.
// One that is asked again and again is told once.
std::vector<std::string> last_requests(const std::vector<std::string>& traces, double since,
                                       std::size_t lines_max);

}  // namespace mdevsim::scenario
