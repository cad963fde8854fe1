// What the benchmarks say: rows, as a table for people and as JSON for machines.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bench/statistics.h"

namespace mdevsim::bench {

// A bound on a row's ratio to its floor, or on its value where there is no floor to compare to.
struct Goal {
  enum class Of { ratio, value };
  enum class Bound { at_most, at_least };

  Of of = Of::ratio;
  Bound bound = Bound::at_most;
  double number = 0;
};

constexpr Goal ratio_at_most(double number) {
  return {Goal::Of::ratio, Goal::Bound::at_most, number};
}
constexpr Goal ratio_at_least(double number) {
  return {Goal::Of::ratio, Goal::Bound::at_least, number};
}
constexpr Goal value_at_most(double number) {
  return {Goal::Of::value, Goal::Bound::at_most, number};
}
constexpr Goal value_at_least(double number) {
  return {Goal::Of::value, Goal::Bound::at_least, number};
}

struct Row {
  std::string name;
  std::string unit;
  double value = 0;
  std::optional<double> floor;
  std::optional<Goal> goal;

  std::optional<double> ratio() const;
  // Nothing when there is no goal.
  std::optional<bool> met() const;
};

// Such as "ratio <= 1.10".
std::string to_string(const Goal& goal);

class Report {
 public:
  void add(Row row);
  void add(std::string name, std::string unit, Pair pair, std::optional<Goal> goal = {});
  void add(std::string name, std::string unit, double value, std::optional<Goal> goal = {});
  // A remark below the table: what could not be measured here, and why.
  void remark(std::string text);

  // The table's lines since the last call, with the head before the first: printed as the
  // measurements go on.
  std::string next_lines();
  // What is said below the table.
  std::string remarks() const;
  std::string json() const;  // all rows so far

 private:
  std::vector<Row> rows_;
  std::vector<std::string> remarks_;
  std::size_t printed_ = 0;
};

}  // namespace mdevsim::bench
