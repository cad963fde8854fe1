#include "tests/oracle/probe/race.h"

#include <sys/wait.h>

#include "tests/oracle/probe/files.h"

namespace probe {
namespace {

struct Channel {
  Channel() {
    int ends[2] = {-1, -1};
    (void)attempt([&] { return pipe(ends); });
    reading = Fd(ends[0]);
    writing = Fd(ends[1]);
  }
  Fd reading;
  Fd writing;
};

std::string code_name(int code) {
  if (code >= 0) return text("ok(%d)", code);
  if (code <= -10000) return "open:" + errno_name(-code - 10000);
  return errno_name(-code);
}

}  // namespace

void Tally::add(const Tally& other) {
  for (const auto& [code, times] : other.counts_) add(code, times);
}

int Tally::successes() const {
  int sum = 0;
  for (const auto& [code, times] : counts_) sum += code >= 0 ? times : 0;
  return sum;
}

std::string Tally::shown() const {
  std::string result;
  for (const auto& [code, times] : counts_) {
    result += (result.empty() ? "" : " ") + code_name(code) + text("=%d", times);
  }
  return result;
}

Tally race(int processes, const std::function<int(int)>& prepare,
           const std::function<int(int, int)>& act) {
  Channel start;  // closed by the parent: the starting shot
  Channel ready;
  Channel results;
  for (int i = 0; i < processes; ++i) {
    if (fork() != 0) continue;
    start.writing.reset();
    const int prepared = prepare ? prepare(i) : 0;
    char byte = 'r';
    (void)attempt([&] { return write(ready.writing.get(), &byte, 1); });
    (void)attempt([&] { return read(start.reading.get(), &byte, 1); });
    const int code = act(i, prepared);
    (void)attempt([&] { return write(results.writing.get(), &code, sizeof code); });
    _exit(0);
  }
  char byte = 0;
  for (int i = 0; i < processes; ++i)
    (void)attempt([&] { return read(ready.reading.get(), &byte, 1); });
  start.writing.reset();

  Tally tally;
  for (int i = 0; i < processes; ++i) {
    int code = 0;
    if (read(results.reading.get(), &code, sizeof code) == sizeof code) tally.add(code);
  }
  while (wait(nullptr) > 0) continue;
  return tally;
}

}  // namespace probe
