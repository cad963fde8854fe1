#include "bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>

namespace mdevsim::bench {
namespace {

// Three significant digits, and no digit lost before the point.
std::string short_number(double number) {
  const double size = std::abs(number);
  if (size >= 100 || number == 0) return fmt::format("{:.0f}", number);
  if (size >= 10) return fmt::format("{:.1f}", number);
  if (size >= 0.1) return fmt::format("{:.2f}", number);
  return fmt::format("{:.2g}", number);
}

std::string short_number(const std::optional<double>& number) {
  return number ? short_number(*number) : "-";
}

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_number(const std::optional<double>& number) {
  return number && std::isfinite(*number) ? fmt::format("{:.6g}", *number) : "null";
}

std::string json_bool(const std::optional<bool>& value) {
  if (!value) return "null";
  return *value ? "true" : "false";
}

}  // namespace

std::optional<double> Row::ratio() const {
  if (!floor || *floor == 0) return {};
  return value / *floor;
}

std::optional<bool> Row::met() const {
  if (!goal) return {};
  const std::optional<double> number = goal->of == Goal::Of::ratio ? ratio() : value;
  if (!number) return false;
  return goal->bound == Goal::Bound::at_most ? *number <= goal->number : *number >= goal->number;
}

std::string to_string(const Goal& goal) {
  return fmt::format("{} {} {}", goal.of == Goal::Of::ratio ? "ratio" : "value",
                     goal.bound == Goal::Bound::at_most ? "<=" : ">=", short_number(goal.number));
}

void Report::add(Row row) { rows_.push_back(std::move(row)); }

void Report::add(std::string name, std::string unit, Pair pair, std::optional<Goal> goal) {
  add({std::move(name), std::move(unit), pair.value, pair.floor, goal});
}

void Report::add(std::string name, std::string unit, double value, std::optional<Goal> goal) {
  add({std::move(name), std::move(unit), value, {}, goal});
}

void Report::remark(std::string text) { remarks_.push_back(std::move(text)); }

std::string Report::table() const {
  std::size_t width = 4;
  for (const Row& row : rows_) width = std::max(width, row.name.size());
  std::string out = fmt::format("{:<{}} {:>9} {:>9} {:<8} {:>6}  {:<14} {}\n", "name", width,
                                "value", "floor", "unit", "ratio", "goal", "met");
  for (const Row& row : rows_) {
    const std::optional<bool> met = row.met();
    std::string line = fmt::format(
        "{:<{}} {:>9} {:>9} {:<8} {:>6}  {:<14} {}", row.name, width, short_number(row.value),
        short_number(row.floor), row.unit, row.ratio() ? fmt::format("{:.2f}", *row.ratio()) : "-",
        row.goal ? to_string(*row.goal) : "-", met ? (*met ? "yes" : "NO") : "-");
    out += line + '\n';
  }
  for (const std::string& text : remarks_) out += fmt::format("note: {}\n", text);
  return out;
}

std::string Report::json() const {
  std::string out = "[";
  for (const Row& row : rows_) {
    out += &row == &rows_.front() ? "\n" : ",\n";
    out += fmt::format(
        R"(  {{"name": {}, "value": {}, "floor": {}, "unit": {}, "ratio": {}, "goal": {}, "met": {}}})",
        json_string(row.name), json_number(row.value), json_number(row.floor),
        json_string(row.unit), json_number(row.ratio()),
        row.goal ? json_string(to_string(*row.goal)) : "null", json_bool(row.met()));
  }
  return out + "\n]\n";
}

}  // namespace mdevsim::bench
