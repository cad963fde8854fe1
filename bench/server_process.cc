#include "bench/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "bench/fatal.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr long kFuseMagic = 0x65735546;
constexpr std::uint64_t kStartNsMax = 20'000'000'000;
constexpr std::uint64_t kStopNsMax = 5'000'000'000;
constexpr unsigned kPollUs = 200;

cpu_set_t cpu_set_of(const Cpus& cpus) {
  static const cpu_set_t all = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  if (cpus.empty()) return all;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
  return set;
}

bool is_fuse_mount(const std::string& path) {
  struct statfs what {};
  return statfs(path.c_str(), &what) == 0 && what.f_type == kFuseMagic;
}

[[noreturn]] void execute(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // execv's signature, not its doing
  }
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  fatal("cannot start the server", command[0]);
}

bool ends_within(pid_t pid, std::uint64_t limit_ns) {
  const std::uint64_t start = monotonic_ns();
  while (waitpid(pid, nullptr, WNOHANG) == 0) {
    if (monotonic_ns() - start > limit_ns) return false;
    usleep(kPollUs);
  }
  return true;
}

}  // namespace

void pin_to(const Cpus& cpus) {
  const cpu_set_t set = cpu_set_of(cpus);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    fatal("cannot choose the CPU", "sched_setaffinity");
}

void unpin() { pin_to({}); }

pid_t spawn(const std::vector<std::string>& command, const Cpus& cpus) {
  const pid_t pid = fork();
  if (pid < 0) fatal("cannot start", command[0]);
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pin_to(cpus);
  execute(command);
}

void stop_server(pid_t pid, const std::string& mountpoint) {
  umount2(mountpoint.c_str(), MNT_DETACH);
  kill(pid, SIGTERM);
  if (ends_within(pid, kStopNsMax)) return;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

ServerProcess::ServerProcess(const std::vector<std::string>& command, std::string mountpoint,
                             const Cpus& cpus)
    : mountpoint_(std::move(mountpoint)) {
  std::filesystem::create_directories(mountpoint_);
  pid_ = spawn(command, cpus);
  const std::uint64_t start = monotonic_ns();
  while (!is_fuse_mount(mountpoint_)) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0)
      fatal("the server ended before it mounted", command[0]);
    if (monotonic_ns() - start > kStartNsMax) {
      errno = ETIMEDOUT;
      fatal("the server did not mount", mountpoint_);
    }
    usleep(kPollUs);
  }
}

ServerProcess::~ServerProcess() { stop_server(pid_, mountpoint_); }

void ServerProcess::move_to(const Cpus& cpus) const {
  const cpu_set_t set = cpu_set_of(cpus);
  for (const auto& thread :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_))) {
    const pid_t id = std::stoi(thread.path().filename());
    if (sched_setaffinity(id, sizeof set, &set) != 0 && errno != ESRCH)
      fatal("cannot choose the CPU of thread", thread.path().string());
  }
}

std::uint64_t ServerProcess::memory_bytes() const {
  std::ifstream status(fmt::format("/proc/{}/status", pid_));
  std::string key;
  while (status >> key) {
    std::uint64_t kib = 0;
    if (key == "RssAnon:" && status >> kib) return kib * 1024;
    std::getline(status, key);
  }
  fatal("cannot read RssAnon of", fmt::format("process {}", pid_));
}

std::uint64_t ServerProcess::cpu_ticks() const {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid_));
  std::string line;
  std::getline(stat, line);
  constexpr int kUserTimeBehindName = 12;  // proc(5): field 14, the name is field 2
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string field;
  for (int i = 0; i < kUserTimeBehindName - 1; ++i) fields >> field;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  if (!(fields >> user >> system))
    fatal("cannot read the processor time of", fmt::format("process {}", pid_));
  return user + system;
}

std::uint64_t ServerProcess::cpu_ns() const {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0)
    fatal("cannot read the processor time of", fmt::format("process {}", pid_));
  constexpr std::uint64_t kNsPerS = 1'000'000'000;
  return static_cast<std::uint64_t>(time.tv_sec) * kNsPerS +
         static_cast<std::uint64_t>(time.tv_nsec);
}

void ServerProcess::make_kernel_forget() const {
  // A remount shrinks the dentry cache of this one filesystem; FUSE drops an inode with its last
  // entry.
  if (mount(nullptr, mountpoint_.c_str(), nullptr, MS_REMOUNT, nullptr) != 0)
    fatal("cannot remount", mountpoint_);
}

}  // namespace mdevsim::bench
