#include "scenarios/runner/perform.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "fusefs/launch/exit_status.h"
#include "fusefs/launch/fd.h"
#include "sim/base/limits.h"

namespace mdevsim::scenario {
namespace {

using launch::Fd;

constexpr int kLookMillisMax = 20;

Actual read_file(const Step& step, int tree) {
  Actual actual;
  const Fd file(::openat(tree, step.path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 16384> part;
  while (file.is_open() && actual.output.size() < kCapturedBytesMax) {
    const ssize_t count = ::read(file.get(), part.data(), part.size());
    if (count == 0) return actual;
    if (count > 0) {
      actual.output.append(part.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      actual.error = errno;
      return actual;
    }
  }
  if (!file.is_open()) actual.error = errno;
  actual.is_cut = file.is_open();
  return actual;
}

Actual write_file(const Step& step, int tree) {
  Actual actual;
  const Fd file(::openat(tree, step.path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open() || ::write(file.get(), step.text.data(), step.text.size()) < 0)
    actual.error = errno;
  return actual;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Actual list_directory(const Step& step, int tree) {
  Actual actual;
  Fd fd(::openat(tree, step.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, CloseDirectory> directory(fd.is_open() ? ::fdopendir(fd.get())
                                                                    : nullptr);
  if (!directory) {
    actual.error = errno;
    return actual;
  }
  fd.release();
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") actual.names.push_back(name);
  }
  actual.error = errno;
  std::sort(actual.names.begin(), actual.names.end());
  actual.count = static_cast<std::uint32_t>(actual.names.size());
  return actual;
}

// One look at what is waited for.
bool has_come(const Step& step, int tree, Actual& seen) {
  seen = Actual{};
  if (step.gone) {
    const bool is_gone =
        ::faccessat(tree, step.path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
    if (!is_gone) seen.output = "it is there";
    return is_gone;
  }
  const bool has_content = !step.expect.output.is_empty() || !step.expect.error.empty();
  if (has_content) {
    seen = read_file(step, tree);
  } else if (::faccessat(tree, step.path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
    seen.error = errno;
  }
  return check(step, seen).empty();
}

// What a simulated file holds changes without a word to those who watch it, so we look again, and
// ever less often.
Actual wait_for(const Step& step, int tree, std::int64_t deadline_ms) {
  Actual seen;
  Step sought = step;
  sought.expect.reason = {};  // it is not ours to see
  for (int pause_ms = 1;; pause_ms = std::min(2 * pause_ms, kLookMillisMax)) {
    if (has_come(sought, tree, seen)) return seen;
    if (now_ms() >= deadline_ms) break;
    ::poll(nullptr, 0, pause_ms);
  }
  seen.timed_out = true;
  return seen;
}

// Output of the command, up to a limit.
struct Stream {
  Fd fd;
  std::string* text;
  bool is_cut = false;
};

void take(Stream& stream) {
  std::array<char, 16384> part;
  const ssize_t count = ::read(stream.fd.get(), part.data(), part.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count <= 0) return stream.fd.close();
  const auto size = static_cast<std::size_t>(count);
  const std::size_t room = kCapturedBytesMax - std::min(stream.text->size(), kCapturedBytesMax);
  stream.text->append(part.data(), std::min(room, size));
  stream.is_cut = stream.is_cut || size > room;
}

// What is there already; a daemon that was left in the background may keep its end open, and go on
// writing.
void drain(Stream& stream) {
  int left = 0;
  if (!stream.fd.is_open() || ::ioctl(stream.fd.get(), FIONREAD, &left) != 0) return;
  const std::size_t end = stream.text->size() + static_cast<std::size_t>(left);
  while (stream.fd.is_open() && !stream.is_cut && stream.text->size() < end) take(stream);
}

Fd input_of(const Step& step) {
  if (step.input.empty()) return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Fd input(::memfd_create("input", MFD_CLOEXEC));
  if (::write(input.get(), step.input.data(), step.input.size()) < 0) return Fd();
  ::lseek(input.get(), 0, SEEK_SET);
  return input;
}

[[noreturn]] void execute(const Step& step, const Place& place, int input, int output,
                          int diagnostics) {
  ::setpgid(0, 0);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(diagnostics, STDERR_FILENO);
  ::signal(SIGPIPE, SIG_DFL);
  const char* path = std::getenv("PATH");
  ::setenv("PATH", (place.programs + ":" + (path != nullptr ? path : "/usr/bin:/bin")).c_str(), 1);
  ::setenv("MDEVSIM_SYS", "/sys", 1);
  ::setenv("MDEVSIM_SEED", std::to_string(place.seed).c_str(), 1);
  ::setenv("SYSTEMD_DEVICE_VERIFY_SYSFS", "0", 1);
  for (const auto& [name, value] : step.environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> argv;
  for (const std::string& word : step.words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  const int error = errno;
  ::dprintf(STDERR_FILENO, "cannot run '%s': %s\n", argv[0], std::strerror(error));
  ::_exit(launch::exit_status_of_exec_errno(error));
}

Actual failed_to_start(std::string why) {
  Actual actual;
  actual.status = launch::kExitOwnFailure;
  actual.diagnostics = std::move(why);
  return actual;
}

Actual run_command(const Step& step, const Place& place, std::int64_t deadline_ms) {
  if (launch::Done there = place.go_there(); !there) return failed_to_start(there.error().message);
  if (::chdir(place.folder.c_str()) != 0) {
    return failed_to_start(launch::with_errno("cannot enter " + place.folder));
  }
  Actual actual;
  launch::Pipe output = launch::make_pipe();
  launch::Pipe diagnostics = launch::make_pipe();
  const Fd input = input_of(step);
  const pid_t pid = ::fork();
  if (pid == 0) {
    execute(step, place, input.get(), output.write_end.get(), diagnostics.write_end.get());
  }
  if (pid < 0) return failed_to_start(launch::with_errno("cannot start a process"));
  ::setpgid(pid, pid);
  output.write_end.close();
  diagnostics.write_end.close();
  Stream streams[] = {{std::move(output.read_end), &actual.output, false},
                      {std::move(diagnostics.read_end), &actual.diagnostics, false}};
  const Fd end(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  for (;;) {
    pollfd fds[] = {
        {end.get(), POLLIN, 0}, {streams[0].fd.get(), POLLIN, 0}, {streams[1].fd.get(), POLLIN, 0}};
    const std::int64_t left = std::max<std::int64_t>(deadline_ms - now_ms(), 0);
    const int ready = ::poll(fds, 3, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) break;
    if (fds[1].revents != 0) take(streams[0]);
    if (fds[2].revents != 0) take(streams[1]);
    if (fds[0].revents != 0) break;
    if (ready == 0) {
      actual.timed_out = true;
      ::kill(-pid, SIGKILL);
      break;
    }
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  for (Stream& stream : streams) {
    drain(stream);
    actual.is_cut = actual.is_cut || stream.is_cut;
  }
  if (!actual.timed_out) actual.status = launch::exit_status_of(status);
  return actual;
}

}  // namespace

std::int64_t now_ms() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

double seconds_since_1970() {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Actual perform(const Step& step, const Place& place, std::int64_t deadline_ms) {
  switch (step.verb) {
    case Verb::read:
      return read_file(step, place.tree_fd);
    case Verb::write:
      return write_file(step, place.tree_fd);
    case Verb::list:
      return list_directory(step, place.tree_fd);
    case Verb::wait:
      return wait_for(step, place.tree_fd, deadline_ms);
    case Verb::run:
      return run_command(step, place, deadline_ms);
    case Verb::event:
    case Verb::steps:
    case Verb::parallel:
      break;
  }
  return {};
}

std::string read_at(int directory_fd, const char* path) {
  std::string text;
  const Fd file(::openat(directory_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  std::array<char, 65536> part;
  while (file.is_open()) {
    const ssize_t count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace mdevsim::scenario
