#include "fusefs/launch/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "fusefs/launch/exit_status.h"

namespace mdevsim::launch {
namespace {

constexpr int kStopMillisMax = 10'000;
constexpr int kStopMillisMaxWrapped = 120'000;  // valgrind looks for leaks at the end

std::string directory_of_this_executable() {
  std::array<char, PATH_MAX> path;
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return ".";
  const std::string text(path.data(), static_cast<std::size_t>(length));
  return text.substr(0, text.rfind('/'));
}

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// In the child. Only async-signal-safe calls are needed, but the process has one thread anyway.
[[noreturn]] void execute(std::vector<std::string>& words, int error_fd, int input_fd,
                          std::array<int, 3> kept) {
  ::setsid();  // a terminal's signals are for the command
  ::dup2(input_fd, STDIN_FILENO);
  ::dup2(error_fd, STDERR_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  for (const int fd : kept) {
    if (fd >= 0) ::fcntl(fd, F_SETFD, 0);
  }
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  ::dprintf(STDERR_FILENO, "mdevsim: error: cannot run the server %s: %s\n", argv[0],
            std::strerror(errno));
  ::_exit(1);
}

// The process' id once it has ended, as waitpid gives it; 0 when it has not within that time.
int wait_for_millis(pid_t pid, int millis, int& status) {
  const Fd end(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{end.get(), POLLIN, 0};
  while (::poll(&ended, 1, millis) < 0 && errno == EINTR) {
  }
  return ::waitpid(pid, &status, WNOHANG);
}

}  // namespace

Outcome<std::string> find_server() {
  const std::string chosen = environment("MDEVSIM_SERVER");
  if (!chosen.empty()) return chosen;
  const std::string here = directory_of_this_executable();
  const std::string beside = here + "/mdevsim-server";
  const std::string installed = here + "/../libexec/mdevsim/mdevsim-server";
  for (const std::string& path : {beside, installed}) {
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return failed("the server is neither " + beside + " nor " + installed +
                "; install mdevsim whole, or name the server in MDEVSIM_SERVER");
}

std::vector<std::string> server_arguments(const std::string& server, const std::string& wrapper,
                                          const ServerOptions& options, int ready_fd,
                                          int lifeline_fd) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < wrapper.size();) {
    const std::size_t space = std::min(wrapper.find(' ', at), wrapper.size());
    if (space > at) words.push_back(wrapper.substr(at, space - at));
    at = space + 1;
  }
  const auto add = [&words](const char* option, const std::string& value) {
    if (value.empty()) return;
    words.emplace_back(option);
    words.push_back(value);
  };
  const auto number = [](int fd) { return fd >= 0 ? std::to_string(fd) : std::string(); };
  words.push_back(server);
  words.push_back(options.host_file);
  add("--host", options.host);
  add("--fuse-fd", number(options.fuse_fd));
  add("--mountpoint", options.mount_point);
  add("--ready-fd", number(ready_fd));
  add("--lifeline-fd", number(lifeline_fd));
  add("--events", options.events);
  add("--log-level", options.log_level);
  if (!options.trace) add("--trace", "0");
  if (options.allow_other) words.emplace_back("--allow-other");
  if (options.foreground) words.emplace_back("--foreground");
  return words;
}

Outcome<ServerProcess> ServerProcess::start(const ServerOptions& options, int error_fd,
                                            bool ends_with_us) {
  auto server = options.program.empty() ? find_server() : Outcome<std::string>(options.program);
  if (!server) return tl::unexpected(server.error());
  Pipe ready = make_pipe();
  Pipe lifeline = make_pipe();
  if (!ready.read_end.is_open() || !lifeline.read_end.is_open()) {
    return failed(with_errno("cannot make a pipe"));
  }
  const int lifeline_fd = ends_with_us ? lifeline.read_end.get() : -1;
  std::vector<std::string> words = server_arguments(*server, environment("MDEVSIM_SERVER_WRAPPER"),
                                                    options, ready.write_end.get(), lifeline_fd);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return failed(with_errno("cannot start the server"));
  if (pid == 0) {
    if (ends_with_us) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
    }
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const int stdin_fd = options.host_file == "-" ? STDIN_FILENO : null.get();
    execute(words, error_fd, options.input_fd >= 0 ? options.input_fd : stdin_fd,
            {options.fuse_fd, ready.write_end.get(), lifeline_fd});
  }
  return ServerProcess(pid, std::move(ready.read_end), std::move(lifeline.write_end));
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      ready_(std::move(other.ready_)),
      lifeline_(std::move(other.lifeline_)) {}

ServerProcess::~ServerProcess() { stop(); }

Done ServerProcess::wait_until_ready() {
  char byte = 0;
  ssize_t count = 0;
  do {
    count = ::read(ready_.get(), &byte, 1);
  } while (count < 0 && errno == EINTR);
  ready_.close();
  if (count == 1) return {};
  int status = 0;
  if (::waitpid(pid_, &status, 0) == pid_) pid_ = -1;
  return tl::unexpected(failure_of_server(status));
}

void ServerProcess::has_ended() { pid_ = -1; }

int ServerProcess::stop() {
  if (pid_ <= 0) return 0;
  const bool is_wrapped = *environment("MDEVSIM_SERVER_WRAPPER") != '\0';
  int status = 0;
  lifeline_.close();
  ::kill(pid_, SIGTERM);
  if (wait_for_millis(pid_, is_wrapped ? kStopMillisMaxWrapped : kStopMillisMax, status) == 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  return status;
}

void ServerProcess::release() { pid_ = -1; }

Failure failure_of_server(int wait_status) {
  if (!WIFEXITED(wait_status)) {
    return {Failure::Cause::failed, "the server " + describe_end(wait_status) + " while starting"};
  }
  switch (WEXITSTATUS(wait_status)) {
    case 0:
      return {Failure::Cause::failed, "the server ended before it served"};
    case 2:
      return {Failure::Cause::usage, ""};
    case 3:
      return {Failure::Cause::invalid_file, ""};
    case 4:
      return {Failure::Cause::machine_cannot, ""};
    default:
      return {Failure::Cause::failed, ""};
  }
}

}  // namespace mdevsim::launch
