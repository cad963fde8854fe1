#include "scenarios/runner/trace_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "sim/base/json.h"

namespace mdevsim::scenario {
namespace {

using nlohmann::json;

// What goes with every use of a file, and says something only when it fails.
constexpr std::string_view kOrdinary[] = {"lookup",  "getattr",    "open",   "release",
                                          "opendir", "releasedir", "access", "readlink"};

std::string text_of(const json& request) {
  constexpr double kUsPerS = 1e6;
  const double time = request.value("time", 0.0);
  const auto seconds = static_cast<std::time_t>(time);
  const auto microseconds = static_cast<unsigned>((time - static_cast<double>(seconds)) * kUsPerS);
  const std::string text = request.value("text", "");
  const auto bytes = request.value("bytes", std::uint64_t{0});
  return fmt::format("{:%H:%M:%S}.{:06} {}[{}] {} {}:{}{} = {}{}, {} us", fmt::localtime(seconds),
                     microseconds, request.value("comm", "?"), request.value("pid", 0U),
                     request.value("op", "?"), request.value("host", ""),
                     request.value("path", "?"), text.empty() ? "" : ' ' + json_string(text),
                     request.value("result", "?"),
                     bytes > 0 ? fmt::format(", {} bytes", bytes) : std::string(),
                     request.value("duration_ns", std::uint64_t{0}) / 1000);
}

bool tells_something(const json& request) {
  const std::string operation = request.value("op", "");
  return request.value("result", "OK") != "OK" ||
         std::find(std::begin(kOrdinary), std::end(kOrdinary), operation) == std::end(kOrdinary);
}

bool is_request(const json& line) { return line.is_object() && line.contains("op"); }

}  // namespace

std::string trace_text(std::string_view json_line) {
  const json request = json::parse(json_line, nullptr, false);
  return is_request(request) ? text_of(request) : std::string();
}

std::vector<std::string> last_requests(std::string_view json_lines, std::size_t lines_max) {
  std::vector<std::string> lines;
  while (!json_lines.empty() && lines.size() < lines_max) {
    if (json_lines.back() == '\n') json_lines.remove_suffix(1);
    const std::size_t before = json_lines.rfind('\n');
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const json request = json::parse(json_lines.substr(begin), nullptr, false);
    if (is_request(request) && tells_something(request)) lines.push_back(text_of(request));
    json_lines = json_lines.substr(0, begin);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace mdevsim::scenario
