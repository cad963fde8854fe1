// concurrent: many processes at once: one uuid, more instances than there is room for, one instance
// removed by many.
#include <sys/wait.h>

#include <algorithm>
#include <chrono>

#include "tests/oracle/probe/race.h"
#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

constexpr int kRounds = 20;
constexpr int kCreators = 16;
constexpr int kRemovers = 8;

void report_same_uuid(const Report& out, const Target& target) {
  Tally all;
  int wrong_rounds = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Tally tally =
        race(kCreators, nullptr, [&](int, int) { return target.create(uuid_number(1)).code(); });
    wrong_rounds += tally.successes() == 1 ? 0 : 1;
    all.add(tally);
    target.remove_all();
  }
  out.value("same_uuid_16proc_20rounds: rounds with !=1 winner", wrong_rounds, all.shown());
}

void report_too_many(const Report& out, const Target& target) {
  constexpr long kProcessesMax = 60;
  const long available = target.available();
  const int processes = static_cast<int>(std::min(available + kCreators, kProcessesMax));
  const Tally tally = race(processes, nullptr, [&](int i, int) {
    return target.create(uuid_number(1000 + static_cast<unsigned>(i))).code();
  });
  out.value("different_uuids_avail+16: winners minus avail", tally.successes() - available,
            text("avail=%ld ", available) + tally.shown() + " " + target.state());
  target.remove_all();
  out.value("after", target.available());
}

// How many of the removers report success differs from run to run; that the instance goes does not.
void remark_removers(const Report& out, const Target& target, const std::string& id,
                     const std::function<int(int)>& prepare,
                     const std::function<int(int, int)>& act) {
  Tally all;
  int left_over = 0;
  for (int round = 0; round < kRounds; ++round) {
    target.must_create(uuid_number(1));
    all.add(race(kRemovers, prepare, act));
    left_over += exists(target.instance(uuid_number(1))) ? 1 : 0;
  }
  out.remark(id, left_over, all.shown());
}

void remark_removals(const Report& out, const Target& target) {
  const std::string uuid = uuid_number(1);
  remark_removers(
      out, target, "concurrent remove, fds preopened, 8proc x20",
      [&](int) { return open(target.in_instance(uuid, "remove").c_str(), O_WRONLY); },
      [](int, int fd) {
        const Outcome written = attempt([&] { return write(fd, "1", 1); });
        return written.failed() ? -written.error : static_cast<int>(written.value);
      });
  remark_removers(out, target, "concurrent open+remove, 8proc x20", nullptr,
                  [&](int, int) { return target.remove(uuid).code(); });
  target.remove_all();
  out.value("after_all", target.available(), target.state());
}

struct Sightings {
  long seen = 0;
  long without_type = 0;
  long not_in_type = 0;
  long without_driver = 0;
};

Sightings watch_instance(const Target& target, const std::string& uuid) {
  using Clock = std::chrono::steady_clock;
  const std::string instance = target.instance(uuid);
  const std::string type = target.in_instance(uuid, "mdev_type");
  const std::string in_type = target.in_type("devices/" + uuid);
  const std::string driver = target.in_instance(uuid, "driver");
  Sightings result;
  for (const auto end = Clock::now() + std::chrono::seconds(3); Clock::now() < end;) {
    const bool has_type = exists(type);
    const bool is_in_type = exists(in_type);
    const bool has_driver = exists(driver);
    if (!exists(instance)) continue;
    ++result.seen;
    result.without_type += has_type ? 0 : 1;
    result.not_in_type += is_in_type ? 0 : 1;
    result.without_driver += has_driver ? 0 : 1;
  }
  return result;
}

// The time between an instance's directory and its links, seen by a bystander while another process
// creates and removes.
void remark_window(const Report& out, const Target& target) {
  const std::string uuid = uuid_number(1);
  const pid_t watcher = fork();
  if (watcher == 0) {
    const Sightings sightings = watch_instance(target, uuid);
    out.remark("window: samples where U exists", sightings.seen,
               text("no_mdev_type=%ld not_in_type_devices=%ld no_driver=%ld (includes remove side)",
                    sightings.without_type, sightings.not_in_type, sightings.without_driver));
    _exit(0);
  }
  while (waitpid(watcher, nullptr, WNOHANG) == 0) {
    target.must_create(uuid);
    usleep(500);
    target.must_remove(uuid);
  }
  target.remove_all();
}

}  // namespace

void run_concurrent(const Report& out, const Target& target) {
  report_same_uuid(out, target);
  report_too_many(out, target);
  remark_removals(out, target);
  remark_window(out, target);
}

// Opt-in: on a real kernel this leaves an instance that cannot be removed any more.
void run_mixrace(const Report& out, const Target& target) {
  constexpr int kRoundsMax = 400;
  constexpr int kProcesses = 12;
  const std::string uuid = uuid_number(1);
  Tally all;
  int stuck = -1;
  for (int round = 0; round < kRoundsMax && stuck < 0; ++round) {
    all.add(race(kProcesses, nullptr, [&](int i, int) {
      return (i % 2 == 0 ? target.create(uuid) : target.remove(uuid)).code();
    }));
    if (exists(target.instance(uuid)) && !exists(target.in_instance(uuid, "remove"))) stuck = round;
  }
  out.remark("mixed create/remove of one uuid, 12 proc, until stuck", stuck, all.shown());
  if (stuck < 0) return target.remove_all();

  dump_tree(out, target.instance(uuid), "STUCK", 1);
  report_with_state(out, target, "create again", target.create(uuid));
  report_with_state(out, target, "remove again", target.remove(uuid));
  if (const std::string driver = target.driver_of(uuid); !driver.empty()) {
    report_write_state(out, target, "driver unbind", target.in_bus("drivers/" + driver + "/unbind"),
                       uuid);
    report_with_state(out, target, "create after unbind", target.create(uuid));
  }
}

}  // namespace probe
