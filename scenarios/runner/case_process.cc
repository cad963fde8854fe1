#include "scenarios/runner/case_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "fusefs/launch/exit_status.h"
#include "scenarios/runner/duration.h"
#include "scenarios/runner/perform.h"

namespace mdevsim::scenario {
namespace {

// A case ends by itself when its time is over, and tells more about it than we could; later than
// this it hangs.
constexpr std::int64_t kGraceMillis = 15'000;

enum class Record : std::int64_t { step = 1, result = 2 };

// A record with its length before it. The pipe's reader is never slow for long.
void send(int pipe, const WireWriter& record) {
  WireWriter framed;
  framed.text(record.bytes());
  std::string_view left = framed.bytes();
  while (!left.empty()) {
    const ssize_t count = ::write(pipe, left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // nobody is there to hear it
    left.remove_prefix(static_cast<std::size_t>(count));
  }
}

[[noreturn]] void be_case(const Case& one, const CaseOptions& options, int pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "mdevsim-case");
  ::setsid();  // a terminal's signals are for the runner
  ::signal(SIGPIPE, SIG_IGN);
  const launch::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(null.get(), fd);
  const auto begins = [&](const Step& step) {
    WireWriter record;
    record.number(static_cast<std::int64_t>(Record::step));
    record.text(step.name);
    record.text(place_of(one, step));
    record.text(step.action);
    send(pipe, record);
  };
  const CaseResult result = run_case(one, options, begins);
  WireWriter record;
  record.number(static_cast<std::int64_t>(Record::result));
  write(record, result);
  send(pipe, record);
  ::_exit(0);
}

}  // namespace

launch::Outcome<CaseProcess> CaseProcess::start(const Case& one, const CaseOptions& options,
                                                const sigset_t& mask) {
  launch::Pipe pipe = launch::make_pipe();
  if (!pipe.read_end.is_open()) return launch::failed(launch::with_errno("cannot make a pipe"));
  // Works as fork does: no thread, no stack of its own.
  constexpr unsigned long kFlags = SIGCHLD | CLONE_NEWPID | CLONE_NEWNS;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, kFlags, nullptr, nullptr, nullptr, 0));
  if (pid < 0) {
    return launch::machine_cannot(launch::with_errno("cannot make a PID namespace for a case"));
  }
  if (pid == 0) {
    pipe.read_end.close();
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    be_case(one, options, pipe.write_end.get());
  }
  return CaseProcess(one, pid, std::move(pipe.read_end));
}

CaseProcess::CaseProcess(const Case& one, pid_t pid, launch::Fd pipe)
    : case_(&one),
      pid_(pid),
      pipe_(std::move(pipe)),
      began_ms_(now_ms()),
      deadline_ms_(began_ms_ + one.timeout_ms + kGraceMillis) {}

bool CaseProcess::take() {
  std::array<char, 65536> part;
  const ssize_t count = ::read(pipe_.get(), part.data(), part.size());
  if (count < 0 && errno == EINTR) return false;
  if (count <= 0) return true;
  bytes_.append(part.data(), static_cast<std::size_t>(count));
  for (;;) {
    WireReader in(bytes_);
    const std::string record = in.text();
    if (!in.is_whole()) return false;
    bytes_.erase(0, sizeof(std::int64_t) + record.size());
    WireReader fields(record);
    if (static_cast<Record>(fields.number()) == Record::result) {
      result_ = read_result(fields);
    } else {
      step_ = fields.text();
      place_ = fields.text();
      action_ = fields.text();
    }
  }
}

void CaseProcess::kill() {
  was_killed_ = true;
  ::kill(pid_, SIGKILL);
}

CaseResult CaseProcess::result() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  if (result_ && !was_killed_) return std::move(*result_);
  CaseResult result;
  result.id = case_->id;
  result.file = case_->file;
  result.seed = case_->seed;
  if (!case_->has_own_timeout) result.timeout_ms = case_->timeout_ms;
  result.status = Status::failed;
  result.duration_ms = now_ms() - began_ms_;
  const std::string end = was_killed_ ? fmt::format("it hung and was killed after {}",
                                                    duration_text(result.duration_ms))
                                      : "its process " + launch::describe_end(status);
  result.failures.push_back({.step = step_.empty() ? "(start of the case)" : step_,
                             .place = place_.empty() ? case_->file : place_,
                             .action = action_,
                             .host = {},
                             .mismatches = {{"", "the case ends by itself", end}},
                             .trace = {}});
  return result;
}

}  // namespace mdevsim::scenario
