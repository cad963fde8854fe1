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

// In which requests are alike that a patient program makes again and again.
constexpr const char* kSame[] = {"comm", "pid", "op", "path", "text", "result", "bytes"};

constexpr const char* kTimes = "times";  // ours: how often in a row

// What was written, if a person can read it: the stream of a device, say, is not for reading.
std::string written(const json& request) {
  const std::string text = request.value("text", "");
  const bool is_readable = std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\n' || c == '\t' || (c >= ' ' && c <= '~');
  });
  return text.empty() || !is_readable ? std::string() : ' ' + json_string(text);
}

std::string text_of(const json& request) {
  constexpr double kUsPerS = 1e6;
  const double time = request.value("time", 0.0);
  const auto seconds = static_cast<std::time_t>(time);
  const auto microseconds = static_cast<unsigned>((time - static_cast<double>(seconds)) * kUsPerS);
  const auto bytes = request.value("bytes", std::uint64_t{0});
  const int count = request.value(kTimes, 1);
  const std::string times = count > 1 ? fmt::format(" ({} times)", count) : std::string();
  return fmt::format("{:%H:%M:%S}.{:06} {}[{}] {} {}:{}{} = {}{}, {} us", fmt::localtime(seconds),
                     microseconds, request.value("comm", "?"), request.value("pid", 0U),
                     request.value("op", "?"), request.value("host", ""),
                     request.value("path", "?"), written(request), request.value("result", "?"),
                     bytes > 0 ? fmt::format(", {} bytes", bytes) : std::string(),
                     request.value("duration_ns", std::uint64_t{0}) / 1000) +
         times;
}

bool tells_something(const json& request) {
  const std::string operation = request.value("op", "");
  return request.value("result", "OK") != "OK" ||
         std::find(std::begin(kOrdinary), std::end(kOrdinary), operation) == std::end(kOrdinary);
}

bool is_request(const json& line) { return line.is_object() && line.contains("op"); }

bool is_alike(const json& a, const json& b) {
  return std::all_of(std::begin(kSame), std::end(kSame),
                     [&](const char* key) { return a.value(key, json()) == b.value(key, json()); });
}

// The last of one trace that tell something, in their order.
void add_last(std::string_view json_lines, double since, std::size_t lines_max,
              std::vector<json>& requests) {
  std::vector<json> found;
  while (!json_lines.empty() && found.size() < lines_max) {
    if (json_lines.back() == '\n') json_lines.remove_suffix(1);
    const std::size_t before = json_lines.rfind('\n');
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    json request = json::parse(json_lines.substr(begin), nullptr, false);
    json_lines = json_lines.substr(0, begin);
    if (!is_request(request) || !tells_something(request)) continue;
    if (request.value("time", 0.0) < since) break;
    if (!found.empty() && is_alike(found.back(), request)) {
      found.back()[kTimes] = found.back().value(kTimes, 1) + 1;
    } else {
      found.push_back(std::move(request));
    }
  }
  std::move(found.rbegin(), found.rend(), std::back_inserter(requests));
}

}  // namespace

std::string trace_text(std::string_view json_line) {
  const json request = json::parse(json_line, nullptr, false);
  return is_request(request) ? text_of(request) : std::string();
}

std::vector<std::string> last_requests(const std::vector<std::string>& traces, double since,
                                       std::size_t lines_max) {
  std::vector<json> requests;
  for (const std::string& trace : traces) add_last(trace, since, lines_max, requests);
  std::stable_sort(requests.begin(), requests.end(), [](const json& a, const json& b) {
    return a.value("time", 0.0) < b.value("time", 0.0);
  });
  std::vector<std::string> lines;
  for (std::size_t i = requests.size() - std::min(requests.size(), lines_max); i < requests.size();
       ++i)
    lines.push_back(text_of(requests[i]));
  return lines;
}

}  // namespace mdevsim::scenario
