#include "bench/report.h"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <iterator>
#include <string_view>
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

constexpr int kNameWidth = 94;

std::string line(std::string_view name, std::string_view value, std::string_view floor,
                 std::string_view unit, std::string_view ratio, std::string_view goal,
                 std::string_view met) {
  return fmt::format("{:<{}} {:>8} {:>8} {:<6} {:>5}  {:<13} {}\n", name, kNameWidth, value, floor,
                     unit, ratio, goal, met);
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

std::string Report::next_lines() {
  std::string out;
  if (printed_ == 0) out = line("name", "value", "floor", "unit", "ratio", "goal", "met");
  for (; printed_ < rows_.size(); ++printed_) {
    const Row& row = rows_[printed_];
    const std::optional<bool> met = row.met();
    out += line(row.name, short_number(row.value), short_number(row.floor), row.unit,
                row.ratio() ? fmt::format("{:.2f}", *row.ratio()) : "-",
                row.goal ? to_string(*row.goal) : "-", met ? (*met ? "yes" : "NO") : "-");
  }
  return out;
}

std::string Report::remarks() const {
  std::string out;
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
