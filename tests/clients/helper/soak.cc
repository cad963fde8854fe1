// The soak: processes that create, remove, read, walk and notify at the same time on one parent, as
// long as asked. Each knows which errnos it may get. A bystander looks whether one of them sleeps
// uninterruptibly for more than a second.
#include <dirent.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <thread>
#include <vector>

#include "tests/clients/helper/commands.h"
#include "tests/oracle/probe/target.h"

namespace helper {
namespace {

using Clock = std::chrono::steady_clock;
using probe::Target;

constexpr unsigned kUuids = 24;  // more than fit, so that creators meet a full parent as well

// What one process did; the first errno that it must not get ends it.
struct Worker {
  Target target;
  unsigned seed;
  long operations = 0;

  unsigned next() { return seed = seed * 1103515245U + 12345U; }
  std::string some_uuid() { return probe::uuid_number(1 + (next() >> 16) % kUuids); }

  void expect(const char* what, const probe::Outcome& outcome, std::initializer_list<int> allowed) {
    ++operations;
    if (!outcome.failed()) return;
    for (const int error : allowed) {
      if (outcome.error == error) return;
    }
    printf("%s: unexpected %s\n", what, probe::errno_name(outcome.error).c_str());
    fflush(stdout);
    _exit(1);
  }
};

void create_one(Worker& worker) {
  worker.expect("create", worker.target.create(worker.some_uuid()), {EEXIST, ENOSPC, EUSERS});
}

void remove_one(Worker& worker) {
  worker.expect("remove", worker.target.remove(worker.some_uuid()), {ENOENT, ENODEV});
}

probe::Outcome read_outcome(const std::string& path) {
  const probe::Fd fd(path, O_RDONLY);
  if (!fd.ok()) return {-1, errno};
  char buffer[4096];
  return probe::attempt([&] { return read(fd.get(), buffer, sizeof buffer); });
}

void read_some(Worker& worker) {
  worker.expect("read of a type", read_outcome(worker.target.in_type("available_instances")), {});
  const std::string uuid = worker.some_uuid();
  worker.expect("read of an instance", read_outcome(worker.target.in_instance(uuid, "uevent")),
                {ENOENT, ENODEV});
  worker.expect("read behind a link",
                read_outcome(worker.target.in_instance(uuid, "mdev_type/name")), {ENOENT, ENODEV});
}

void walk(Worker& worker, const std::string& directory, int depth) {
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return worker.expect("opendir", {-1, errno}, {ENOENT, ENODEV});
  std::vector<std::string> below;
  while (const dirent* entry = readdir(stream)) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      below.emplace_back(directory + "/" + entry->d_name);
    ++worker.operations;
  }
  closedir(stream);
  for (const std::string& path : below) {
    if (depth > 0) walk(worker, path, depth - 1);
  }
}

void walk_all(Worker& worker) { walk(worker, worker.target.parent, 4); }

void notify_one(Worker& worker) {
  worker.expect(
      "uevent",
      probe::write_file(worker.target.in_instance(worker.some_uuid(), "uevent"), "change"),
      {ENOENT, ENODEV});
}

struct Job {
  const char* name;
  void (*step)(Worker&);
  int processes;
};
constexpr Job kJobs[] = {
    {"create", create_one, 3}, {"remove", remove_one, 3}, {"read", read_some, 3},
    {"walk", walk_all, 2},     {"notify", notify_one, 1},
};

struct Running {
  const Job* job;
  pid_t pid;
};

std::vector<Running> start(const Target& target, std::chrono::seconds duration, int results) {
  std::vector<Running> started;
  unsigned seed = 1;
  for (const Job& job : kJobs) {
    for (int i = 0; i < job.processes; ++i) {
      ++seed;
      const pid_t pid = fork();
      if (pid != 0) {
        started.push_back({&job, pid});
        continue;
      }
      Worker worker{target, seed};
      for (const auto end = Clock::now() + duration; Clock::now() < end;) job.step(worker);
      const long done = worker.operations;
      _exit(write(results, &done, sizeof done) == sizeof done ? 0 : 1);
    }
  }
  return started;
}

// The letter of /proc/PID/stat; 0 when the process is gone.
char state_of(pid_t pid) {
  const std::string status = probe::read_small("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t behind_name = status.rfind(") ");
  return behind_name == std::string::npos ? '\0' : status[behind_name + 2];
}

// Waits for all; the number of those that failed or slept uninterruptibly for too long.
int wait_for(const std::vector<Running>& started, std::chrono::seconds asleep_max) {
  std::map<pid_t, Clock::time_point> asleep_since;
  std::size_t ended = 0;
  int failures = 0;
  while (ended < started.size()) {
    int status = 0;
    while (waitpid(-1, &status, WNOHANG) > 0) {
      ++ended;
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ++failures;
    }
    for (const Running& running : started) {
      if (state_of(running.pid) != 'D') {
        asleep_since.erase(running.pid);
        continue;
      }
      const auto [since, first] = asleep_since.try_emplace(running.pid, Clock::now());
      if (first || Clock::now() - since->second < asleep_max) continue;
      printf("%s: asleep, and not to be interrupted, for more than %ld s\n", running.job->name,
             long{asleep_max.count()});
      since->second = Clock::time_point::max() - std::chrono::hours(1);  // said once
      ++failures;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return failures;
}

}  // namespace

int run_soak(std::span<const std::string> arguments) {
  const std::chrono::seconds duration(std::atol(arguments[0].c_str()));
  const std::chrono::seconds asleep_max(std::atol(arguments[3].c_str()));
  Target target;
  target.sys = "/sys";
  target.parent = arguments[1];
  target.type = target.types() + "/" + arguments[2];
  const long capacity = target.available();

  int results[2];
  if (pipe(results) != 0) return 1;
  const int failures = wait_for(start(target, duration, results[1]), asleep_max);
  close(results[1]);
  long operations = 0;
  for (long done = 0; read(results[0], &done, sizeof done) == sizeof done;) operations += done;

  target.remove_all();
  const std::string state = target.state();
  printf("%ld operations, %d failures, afterwards %s\n", operations, failures, state.c_str());
  const bool nothing_left = state == probe::text("avail=%ld ndevices=0", capacity);
  return failures == 0 && nothing_left && operations > 0 ? 0 : 1;
}

}  // namespace helper
