// Runs many cases, several at a time, and hands their results over as they come.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fusefs/launch/failure.h"
#include "scenarios/runner/result.h"
#include "scenarios/runner/scenario.h"

namespace mdevsim::scenario {

struct RunOptions {
  std::size_t jobs = 1;
  bool keeps_trace = false;
  bool stops_at_failure = false;
};

struct Progress {
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t total = 0;
  std::string running;  // one of those under way
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual void ended(const CaseResult& result) = 0;
  virtual void progressed(const Progress& progress) = 0;
};

// A namespace of users, if needed, and one of mounts: entered once, inherited by all cases. To be
// called before `run_cases`, by a process with one thread.
class CaseRunner {
 public:
  static launch::Outcome<CaseRunner> prepare();

  // Ends early on SIGINT or SIGTERM; then what has not ended is not among the results, and the
  // result is false.
  launch::Outcome<bool> run(const std::vector<Case>& cases, const RunOptions& options,
                            Listener& listener) const;

 private:
  std::string server_;
  std::string programs_;
  std::string working_directory_;
  bool in_user_namespace_ = false;
};

}  // namespace mdevsim::scenario
