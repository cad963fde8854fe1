// A page of HTML that needs no other file: a heat map of verdicts that tells why where one points.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/model/verdict.h"

namespace mdevsim::cli {

class HeatMap {
 public:
  // `hint` tells what rows and columns are.
  HeatMap(std::string title, std::string hint);

  // What a cell is about, beside its row. `about` is shown below its lines.
  void add_target(std::string_view name, std::string_view about);
  // A row whose cells are about the targets from that one on. Rows may differ in length.
  void add_row(std::string_view name, std::string_view about, std::size_t first_target);
  // Of the last row: the answer, and what is told of it, line by line.
  void add_cell(model::Answer answer, const std::vector<std::string>& lines);
  // The last cell is the one that is told first.
  void keep_cell();
  // Stands below the map as it is.
  void set_text(std::string text) { text_ = std::move(text); }

  std::string html() const;

 private:
  // Numbers what is said, so that each thing is in the page once.
  class Table {
   public:
    std::size_t add(const std::string& item);
    const std::string& items() const { return items_; }

   private:
    std::map<std::string, std::size_t> places_;
    std::string items_;
  };

  std::string title_;
  std::string hint_;
  std::string text_;
  std::string targets_;
  std::string rows_;  // the last one is open
  std::size_t row_count_ = 0;
  std::size_t cell_count_ = 0;  // of the last row
  std::string kept_ = "null";
  Table lines_;
  Table verdicts_;
};

}  // namespace mdevsim::cli
