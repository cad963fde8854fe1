// Processes that are started together and do one thing at the same time.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace probe {

// How often each result came: WriteOutcome::code() to a count.
class Tally {
 public:
  void add(int code, int times = 1) { counts_[code] += times; }
  void add(const Tally& other);
  [[nodiscard]] int successes() const;
  [[nodiscard]] std::string shown() const;  // "ok(36)=1 EEXIST=15"

 private:
  std::map<int, int, std::greater<>> counts_;
};

// Runs `prepare(i)` in each of `processes` processes, then, when all are ready, `act(i, prepared)`
// in all of them.
Tally race(int processes, const std::function<int(int)>& prepare,
           const std::function<int(int, int)>& act);

}  // namespace probe
