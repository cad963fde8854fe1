#include "bench/client_ops.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <new>
#include <utility>

#include "bench/fatal.h"
#include "bench/statistics.h"
#include "sim/base/check.h"

namespace mdevsim::bench {
namespace {

using Buffer = std::array<char, 4096>;

int open_or_fail(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) fatal("cannot open", path);
  return file;
}

void open_read_close(const std::string& path) {
  Buffer buffer;
  const int file = open_or_fail(path, O_RDONLY);
  if (read(file, buffer.data(), buffer.size()) < 0) fatal("cannot read", path);
  close(file);
}

void read_at_start(int file) {
  Buffer buffer;
  if (pread(file, buffer.data(), buffer.size(), 0) < 0) fatal("cannot read", "the open file");
}

void write_at_start(int file) {
  if (pwrite(file, "1\n", 2, 0) != 2) fatal("cannot write", "the open file");
}

void stat_existing(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) fatal("cannot stat", path);
}

void stat_missing(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) fatal("should not exist", path);
}

void list_directory(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) fatal("cannot list", path);
  while (readdir(directory) != nullptr) {
  }
  closedir(directory);
}

// Memory that forked processes see together; never given back, since a measurement's process ends
// soon.
template <typename T>
T& shared() {
  void* memory =
      mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fatal("cannot map", "shared memory");
  return *new (memory) T();
}

pid_t start_client(const Cpus& cpus, const std::function<void()>& body) {
  const pid_t pid = fork();
  if (pid < 0) fatal("cannot start", "a client");
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pin_to(cpus);
  body();
  _exit(0);
}

void wait_for_client(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || status != 0) {
    errno = ECHILD;
    fatal("a client failed", fmt::format("wait status {:#x}", status));
  }
}

}  // namespace

Operation make_operation(std::string_view name, const std::string& path) {
  if (name == "open-read-close") return [path] { open_read_close(path); };
  if (name == "stat") return [path] { stat_existing(path); };
  if (name == "missing") return [path] { stat_missing(path); };
  if (name == "list") return [path] { list_directory(path); };
  if (name == "read") return [file = open_or_fail(path, O_RDONLY)] { read_at_start(file); };
  if (name == "write") return [file = open_or_fail(path, O_WRONLY)] { write_at_start(file); };
  errno = EINVAL;
  fatal("no such operation", name);
}

double in_client(const Cpus& cpus, const std::function<double()>& body) {
  auto& result = shared<double>();
  wait_for_client(start_client(cpus, [&] { result = body(); }));
  const double value = result;
  munmap(&result, sizeof result);
  return value;
}

double operation_ns(const Operation& operation, int count) {
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(count));
  std::uint64_t before = monotonic_ns();
  for (int i = 0; i < count; ++i) {
    operation();
    const std::uint64_t after = monotonic_ns();
    times.push_back(static_cast<double>(after - before));
    before = after;
  }
  return median(std::move(times));
}

double operations_per_s(int clients, int duration_ms,
                        const std::function<Operation(int client)>& make) {
  struct Board {
    std::atomic<int> ready{0};
    std::atomic<bool> go{false};
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> operations{0};
  };
  Board& board = shared<Board>();
  std::vector<pid_t> pids;
  for (int client = 0; client < clients; ++client) {
    pids.push_back(start_client({}, [&, client] {
      const Operation operation = make(client);
      operation();
      ++board.ready;
      while (!board.go) usleep(100);
      std::uint64_t operations = 0;
      for (; !board.stop; ++operations) operation();
      board.operations += operations;
    }));
  }
  while (board.ready < clients) usleep(100);
  const std::uint64_t start = monotonic_ns();
  board.go = true;
  usleep(static_cast<useconds_t>(duration_ms) * 1000);
  board.stop = true;
  const double seconds = static_cast<double>(monotonic_ns() - start) / 1e9;
  for (const pid_t pid : pids) wait_for_client(pid);
  const double rate = static_cast<double>(board.operations.load()) / seconds;
  munmap(&board, sizeof board);
  return rate;
}

namespace {

void walk_directory(int parent, const char* name, bool with_stat, std::uint64_t& nodes) {
  const int file = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) fatal("cannot open directory", name);
  DIR* directory = fdopendir(file);
  std::vector<std::string> subdirectories;
  while (const dirent* entry = readdir(directory)) {
    const std::string_view entry_name = entry->d_name;
    if (entry_name == "." || entry_name == "..") continue;
    ++nodes;
    struct stat status {};
    if (with_stat && fstatat(file, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
      fatal("cannot stat", entry_name);
    if (entry->d_type == DT_DIR) subdirectories.emplace_back(entry_name);
  }
  for (const std::string& subdirectory : subdirectories)
    walk_directory(file, subdirectory.c_str(), with_stat, nodes);
  closedir(directory);
}

}  // namespace

Walk walk(const std::string& path, bool with_stat) {
  Walk result{.nodes = 1};
  const std::uint64_t start = monotonic_ns();
  walk_directory(AT_FDCWD, path.c_str(), with_stat, result.nodes);
  result.seconds = static_cast<double>(monotonic_ns() - start) / 1e9;
  return result;
}

double ls_long_recursive_s(const std::string& path) { return command_s({"ls", "-lR", path}); }

double command_s(const std::vector<std::string>& command, const std::string& output) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // execvp's signature, not its doing
  }
  arguments.push_back(nullptr);
  const std::uint64_t start = monotonic_ns();
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0) fatal("cannot write", output);
    execvp(arguments[0], arguments.data());
    fatal("cannot run", command[0]);
  }
  wait_for_client(pid);
  return static_cast<double>(monotonic_ns() - start) / 1e9;
}

namespace {

constexpr std::uint64_t kVisibleNsMax = 10'000'000'000;

// A new one each time, also across measurements: the kernel remembers the old ones' names.
std::string next_uuid() {
  static std::atomic<std::uint64_t>& count = shared<std::atomic<std::uint64_t>>();
  return fmt::format("00000000-0000-4000-8000-{:012x}", ++count);
}

void write_whole(const std::string& path, std::string_view text) {
  const int file = open_or_fail(path, O_WRONLY);
  if (write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    fatal("cannot write", path);
  close(file);
}

struct CreateBoard {
  std::atomic<int> asked{0};    // the number of the instance that the watcher shall look for
  std::atomic<int> looking{0};  // the watcher has found that it is not there
  std::atomic<int> seen{0};
  std::atomic<std::uint64_t> seen_at_ns{0};
  std::array<char, 4096> path{};
};

void watch(CreateBoard& board, int count) {
  for (int number = 1; number <= count; ++number) {
    while (board.asked < number) {
    }
    struct stat status {};
    if (stat(board.path.data(), &status) == 0) fatal("exists already", board.path.data());
    board.looking = number;
    while (stat(board.path.data(), &status) != 0) {
      if (errno != ENOENT) fatal("cannot stat", board.path.data());
    }
    board.seen_at_ns = monotonic_ns();
    board.seen = number;
  }
}

void wait_until_equal(const std::atomic<int>& number, int expected) {
  const std::uint64_t start = monotonic_ns();
  while (number != expected) {
    sched_yield();
    if (monotonic_ns() - start > kVisibleNsMax) {
      errno = ETIMEDOUT;
      fatal("not seen by the other process", "the new instance");
    }
  }
}

double create_all(CreateBoard& board, const CreatePaths& paths, int count) {
  std::vector<double> times;
  const int create = open_or_fail(paths.create, O_WRONLY);
  for (int number = 1; number <= count; ++number) {
    const std::string uuid = next_uuid();
    const std::string instance = paths.directory + "/" + uuid;
    CHECK(instance.size() < board.path.size());
    instance.copy(board.path.data(), instance.size());
    board.path[instance.size()] = '\0';
    board.asked = number;
    wait_until_equal(board.looking, number);
    const std::uint64_t start = monotonic_ns();
    if (pwrite(create, uuid.data(), uuid.size(), 0) != static_cast<ssize_t>(uuid.size()))
      fatal("cannot create an instance by", paths.create);
    wait_until_equal(board.seen, number);
    times.push_back(static_cast<double>(board.seen_at_ns - start));
    write_whole(instance + "/remove", "1");
  }
  close(create);
  return median(std::move(times));
}

}  // namespace

double create_until_visible_ns(const CreatePaths& paths, int count) {
  auto& board = shared<CreateBoard>();
  next_uuid();  // its counter must exist before the writer is forked
  const pid_t watcher = start_client(paths.watcher, [&] { watch(board, count); });
  const double result = in_client(paths.writer, [&] { return create_all(board, paths, count); });
  wait_for_client(watcher);
  munmap(&board, sizeof board);
  return result;
}

}  // namespace mdevsim::bench
