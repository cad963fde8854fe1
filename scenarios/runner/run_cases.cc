#include "scenarios/runner/run_cases.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "fusefs/launch/fd.h"
#include "fusefs/launch/mounting.h"
#include "fusefs/launch/namespaces.h"
#include "fusefs/launch/server_process.h"
#include "scenarios/runner/case_process.h"
#include "scenarios/runner/perform.h"

namespace mdevsim::scenario {
namespace {

using launch::Fd;

std::string folder_of_this_program() {
  std::array<char, PATH_MAX> path;
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return ".";
  const std::string text(path.data(), static_cast<std::size_t>(length));
  return text.substr(0, text.rfind('/'));
}

std::string working_directory() {
  std::array<char, PATH_MAX> path;
  return ::getcwd(path.data(), path.size()) != nullptr ? path.data() : "/";
}

class Batch {
 public:
  Batch(const std::vector<Case>& cases, const CaseOptions& case_options, const RunOptions& options,
        Listener& listener)
      : cases_(cases), case_options_(case_options), options_(options), listener_(listener) {
    progress_.total = cases.size();
    sigset_t ends;
    ::sigemptyset(&ends);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&ends, signal);
    ::sigprocmask(SIG_BLOCK, &ends, &mask_before_);
    signals_ = Fd(::signalfd(-1, &ends, SFD_CLOEXEC));
  }
  ~Batch() { ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  launch::Outcome<bool> run() {
    while (!is_over()) {
      while (may_start()) {
        if (launch::Done started = start_next(); !started) return tl::unexpected(started.error());
      }
      if (!wait()) {
        for (const auto& one : running_) {
          one->kill();
          one->result();
        }
        return false;
      }
    }
    return true;
  }

 private:
  bool is_stopping() const { return options_.stops_at_failure && progress_.failed > 0; }
  bool is_over() const { return running_.empty() && (next_ == cases_.size() || is_stopping()); }
  bool may_start() const {
    return next_ < cases_.size() && running_.size() < options_.jobs && !is_stopping();
  }

  launch::Done start_next() {
    auto started = CaseProcess::start(cases_[next_], case_options_, mask_before_);
    if (!started) return tl::unexpected(started.error());
    progress_.running = cases_[next_].id;
    running_.push_back(std::make_unique<CaseProcess>(std::move(*started)));
    ++next_;
    listener_.progressed(progress_);
    return {};
  }

  // False when we are told to end.
  bool wait() {
    std::vector<pollfd> fds{{signals_.get(), POLLIN, 0}};
    std::int64_t next_ms = now_ms() + 60'000;
    for (const auto& one : running_) {
      fds.push_back({one->fd(), POLLIN, 0});
      next_ms = std::min(next_ms, one->deadline_ms());
    }
    const std::int64_t left = std::max<std::int64_t>(next_ms - now_ms(), 0);
    if (::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0 && errno != EINTR) return false;
    if (fds[0].revents != 0) {
      signalfd_siginfo signal = {};  // taken, or it would end us when it is not blocked any more
      return ::read(signals_.get(), &signal, sizeof(signal)) < 0;
    }
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (now_ms() >= running_[i]->deadline_ms()) running_[i]->kill();
      if (fds[i + 1].revents != 0 && running_[i]->take()) end(running_[i]);
    }
    std::erase(running_, nullptr);
    return true;
  }

  void end(std::unique_ptr<CaseProcess>& one) {
    const CaseResult result = one->result();
    one.reset();
    ++progress_.done;
    if (result.status == Status::failed) ++progress_.failed;
    listener_.ended(result);
    listener_.progressed(progress_);
  }

  const std::vector<Case>& cases_;
  const CaseOptions& case_options_;
  const RunOptions& options_;
  Listener& listener_;
  Progress progress_;
  sigset_t mask_before_ = {};
  Fd signals_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<CaseProcess>> running_;
};

}  // namespace

launch::Outcome<CaseRunner> CaseRunner::prepare() {
  CaseRunner runner;
  auto server = launch::find_server();
  if (!server) return tl::unexpected(server.error());
  runner.server_ = std::move(*server);
  runner.programs_ = folder_of_this_program();
  runner.working_directory_ = working_directory();
  // Inside of a new user namespace the answer would be less clear.
  if (!Fd(::open("/dev/fuse", O_RDWR | O_CLOEXEC)).is_open())
    return launch::machine_cannot(launch::fuse_hint(errno));
  const auto entered = launch::enter_namespaces({.private_network = false});
  if (!entered) return tl::unexpected(entered.error());
  runner.in_user_namespace_ = entered->has_user_namespace;
  return runner;
}

launch::Outcome<bool> CaseRunner::run(const std::vector<Case>& cases, const RunOptions& options,
                                      Listener& listener) const {
  const CaseOptions case_options{.server = server_,
                                 .programs = programs_,
                                 .working_directory = working_directory_,
                                 .in_user_namespace = in_user_namespace_,
                                 .keeps_trace = options.keeps_trace};
  return Batch(cases, case_options, options, listener).run();
}

}  // namespace mdevsim::scenario
