#include "tests/oracle/probe/race.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "tests/clients/helper/commands.h"
#include "tests/oracle/probe/target.h"

namespace helper {
namespace {

// Child processes that end with this object.
class Children {
 public:
  Children() = default;
  ~Children() {
    for (const pid_t child : pids_) kill(child, SIGKILL);
    join();
  }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  void add(const std::function<void()>& act) {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      act();
      _exit(0);
    }
    if (child > 0) pids_.push_back(child);
  }

  void join() {
    for (const pid_t child : pids_) waitpid(child, nullptr, 0);
    pids_.clear();
  }

 private:
  std::vector<pid_t> pids_;
};

void take_a_processor() {
  for (std::atomic<unsigned> turns = 0;;) turns.fetch_add(1, std::memory_order_relaxed);
}

// Looks the instance up in eight processes and removes it. They do not wait until all are ready:
// the first may be done before the last begins.
void remove_by_many(const probe::Target& target, const std::string& uuid) {
  constexpr int kRemovers = 8;
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) return;
  probe::Fd reading(ends[0]);
  probe::Fd writing(ends[1]);
  Children removers;
  for (int i = 0; i < kRemovers; ++i) {
    removers.add([&] {
      writing.reset();
      char byte = 0;
      (void)probe::attempt([&] { return read(reading.get(), &byte, 1); });
      (void)target.remove(uuid);
    });
  }
  writing.reset();
  removers.join();
}

}  // namespace

int run_race(std::span<const std::string> arguments) {
  const bool same = arguments[0] == "same";
  const std::string create = arguments[1] + "/create";
  const probe::Tally tally = probe::race(std::atoi(arguments[2].c_str()), nullptr, [&](int i, int) {
    const unsigned number = same ? 1 : static_cast<unsigned>(i) + 1;
    return probe::write_file(create, probe::uuid_number(number)).code();
  });
  puts(tally.shown().c_str());
  return 0;
}

int run_removals(std::span<const std::string> arguments) {
  const probe::Target target{
      .sys = "/sys", .parent = arguments[0], .type = arguments[1], .other_type = ""};
  const std::string uuid = probe::uuid_number(1);
  const int rounds = std::atoi(arguments[2].c_str());
  Children busy;
  for (unsigned i = 0; i <= std::thread::hardware_concurrency(); ++i) busy.add(take_a_processor);
  int left = 0;
  for (int round = 0; round < rounds; ++round) {
    target.must_create(uuid);
    remove_by_many(target, uuid);
    left += probe::exists(target.instance(uuid)) ? 1 : 0;
  }
  printf("%d of %d\n", left, rounds);
  return 0;
}

}  // namespace helper
