// What mdevsim migrate tells: while it goes on, on a terminal; at its end, for people or as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "library/file_ends.h"

namespace mdevsim::cli {

struct MigrationFigures {
  std::string source;
  std::string target;
  FileMove move = {};
};

std::string to_text(const MigrationFigures& figures);
std::string to_json(const MigrationFigures& figures);

// A line on the terminal that changes.
class Progress final : public state::MoveObserver {
 public:
  bool on_progress(const state::MoveReport& so_far, std::uint64_t left_bytes) override;
  void clear();

 private:
  std::size_t length_ = 0;
  std::string line_;
};

}  // namespace mdevsim::cli
