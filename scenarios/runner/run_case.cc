#include "scenarios/runner/run_case.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "fusefs/launch/mounting.h"
#include "scenarios/runner/actual.h"
#include "scenarios/runner/bound_step.h"
#include "scenarios/runner/case_hosts.h"
#include "scenarios/runner/case_log.h"
#include "scenarios/runner/duration.h"
#include "scenarios/runner/heard_events.h"
#include "scenarios/runner/perform.h"
#include "scenarios/runner/trace_text.h"

namespace mdevsim::scenario {
namespace {

using launch::Fd;
using launch::Pipe;

// How much longer than its own limit a step's process may take to tell that it has reached it.
constexpr std::int64_t kGraceMillis = 1000;
constexpr std::size_t kTraceLinesMax = 20;

// A step under way in a process of its own.
struct Running {
  Step step;
  std::size_t member = 0;  // of the parallel group
  pid_t pid = -1;
  Fd result;
  std::string bytes;
  std::int64_t deadline_ms = 0;
  bool is_too_late = false;
  std::string hindrance;  // of its process
};

class CaseRun {
 public:
  CaseRun(const Case& one, const CaseOptions& options,
          const std::function<void(const Step&)>& begins)
      : case_(one), options_(options), begins_(begins) {
    result_.id = one.id;
    result_.file = one.file;
    result_.seed = one.seed;
    if (!one.has_own_timeout) result_.timeout_ms = one.timeout_ms;
  }

  CaseResult run() {
    const std::int64_t begin = now_ms();
    deadline_ms_ = begin + case_.timeout_ms;
    limit_ = fmt::format("the {} of the case", duration_text(case_.timeout_ms));
    if (const std::string reason = skip_reason(case_.skip); !reason.empty()) {
      result_.status = Status::skipped;
      result_.reason = reason;
      return std::move(result_);
    }
    if (begin_hosts()) {
      log_begin_ = log_.end();
      begin_s_ = seconds_since_1970();
      run_sequence(case_.steps);
      begin_cleanup();
      for (const Step& step : case_.cleanup) run_step(step);
      keep_trace();
      if (!hosts_->stop()) fail_hosts("ended badly");
    }
    if (!result_.failures.empty()) {
      result_.status = Status::failed;
      result_.log = log_.since(log_begin_);
    }
    result_.duration_ms = now_ms() - begin;
    return std::move(result_);
  }

 private:
  static constexpr std::int64_t kCleanupMillis = 10'000;

  // ---- before and after the steps

  void begin_cleanup() {
    const std::int64_t least_ms = now_ms() + kCleanupMillis;
    if (deadline_ms_ >= least_ms) return;
    deadline_ms_ = least_ms;
    limit_ = fmt::format("the {} of the clean-up", duration_text(kCleanupMillis));
  }

  bool begin_hosts() {
    auto hosts = CaseHosts::start(case_, {.server = options_.server,
                                          .in_user_namespace = options_.in_user_namespace,
                                          .log_fd = log_.fd()});
    if (!hosts) {
      result_.machine_cannot = hosts.error().cause == launch::Failure::Cause::machine_cannot;
      std::string why = hosts.error().message;
      if (why.empty()) why = "the simulator refused to serve it";
      result_.failures.push_back({.step = "(start of the hosts)",
                                  .place = case_.file,
                                  .action = "start the simulated hosts",
                                  .host = {},
                                  .mismatches = {{"", "the hosts serve", why}},
                                  .trace = {}});
      return false;
    }
    hosts_.emplace(std::move(*hosts));
    return true;
  }

  void fail_hosts(std::string_view what) {
    result_.failures.push_back(
        {.step = "(end of the hosts)",
         .place = case_.file,
         .action = "stop the simulated hosts",
         .host = {},
         .mismatches = {{"", "the simulated hosts end well", fmt::format("one {}", what)}},
         .trace = {}});
  }

  std::string raw_trace(const CaseHosts::Host& host) const {
    return read_at(host.process.tree_fd(), "kernel/mdevsim/trace");
  }

  void keep_trace() {
    if (!options_.keeps_trace) return;
    for (const auto& [name, host] : hosts_->all()) result_.trace += raw_trace(*host);
  }

  std::string skip_reason(const SkipRule& rule) const {
    for (const std::string& reason : rule.reasons) return reason;
    if (rule.unless_root && (options_.in_user_namespace || ::geteuid() != 0))
      return "it needs root";
    for (const std::string& program : rule.programs) {
      if (launch::find_program(program).empty()) return program + " is not installed";
    }
    return {};
  }

  // ---- steps

  // Stops at the first step that fails.
  bool run_sequence(const std::vector<Step>& steps) {
    return std::all_of(steps.begin(), steps.end(),
                       [&](const Step& step) { return run_step(step); });
  }

  bool run_step(const Step& step) {
    if (!skip_reason(step.skip).empty()) return true;
    const bool has_limit = step.verb == Verb::steps || step.verb == Verb::parallel;
    if (has_limit && step.within_ms > 0) return run_within(step);
    return run_repeatedly(step);
  }

  // All repetitions of a group together have its time.
  bool run_within(const Step& step) {
    const auto before = std::pair(deadline_ms_, limit_);
    const std::int64_t end_ms = now_ms() + step.within_ms;
    if (end_ms < deadline_ms_) {
      deadline_ms_ = end_ms;
      limit_ = fmt::format("the {} of the group", duration_text(step.within_ms));
    }
    const bool is_met = run_repeatedly(step);
    std::tie(deadline_ms_, limit_) = before;
    return is_met;
  }

  bool run_repeatedly(const Step& step) {
    auto outer = step.counts ? saved_.extract("i") : Saved::node_type();
    bool is_met = true;
    for (std::uint32_t i = 0; i < step.repeat && is_met; ++i) {
      if (step.counts) saved_["i"] = std::to_string(i);
      is_met = run_once(step);
    }
    if (step.counts) saved_.erase("i");
    saved_.insert(std::move(outer));
    return is_met;
  }

  bool run_once(const Step& step) {
    switch (step.verb) {
      case Verb::steps:
        return run_sequence(step.steps);
      case Verb::parallel:
        return run_parallel(step);
      case Verb::event: {
        const Step bound = bound_step(step, saved_);
        begins_(bound);
        return judge(bound, wait_for_events(bound));
      }
      case Verb::read:
      case Verb::write:
      case Verb::list:
      case Verb::wait:
      case Verb::run:
        break;
    }
    std::vector<Running> running;
    Step bound = bound_step(step, saved_);
    bound.repeat = 1;  // this one time
    bound.counts = false;
    begins_(bound);
    const off_t log_begin = log_.end();
    running.push_back(start(std::move(bound), 0, -1));
    finish_all(running);
    const Actual actual = actual_of(running.front(), log_begin);
    if (!step.save.empty()) saved_[step.save] = without_newline(actual.output);
    return judge(running.front().step, actual);
  }

  static std::string without_newline(std::string text) {
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  // All members, and all their copies, begin at the same moment: they are there and wait for it.
  bool run_parallel(const Step& group) {
    begins_(group);
    const off_t log_begin = log_.end();
    Pipe line = launch::make_pipe();
    std::vector<Running> running;
    for (std::size_t member = 0; member < group.steps.size(); ++member) {
      const Step& step = group.steps[member];
      if (!skip_reason(step.skip).empty()) continue;
      for (std::uint32_t copy = 0; copy < step.copies; ++copy) {
        saved_["copy"] = std::to_string(copy);
        running.push_back(start(bound_step(step, saved_), member, line.read_end.get(), &line));
      }
    }
    line.read_end.close();
    line.write_end.close();
    finish_all(running);
    bool is_met = true;
    for (std::size_t member = 0; member < group.steps.size(); ++member) {
      is_met = judge_member(group.steps[member], member, running, log_begin) && is_met;
    }
    return is_met;
  }

  bool judge_member(const Step& step, std::size_t member, std::vector<Running>& running,
                    off_t log_begin) {
    std::vector<Actual> copies;
    bool is_met = true;
    for (Running& one : running) {
      if (one.member != member) continue;
      if (is_group(one.step)) {
        is_met = take_failures(one) && is_met;
        continue;
      }
      copies.push_back(actual_of(one, log_begin));
      if (step.expect.outcomes.empty()) is_met = judge(one.step, copies.back()) && is_met;
    }
    if (step.expect.outcomes.empty() || copies.empty()) return is_met;
    auto mismatches = check_outcomes(step, copies);
    if (mismatches.empty()) return is_met;
    fail_step(step, std::move(mismatches));
    return false;
  }

  static bool is_group(const Step& step) {
    return step.verb == Verb::steps || step.verb == Verb::parallel || step.counts;
  }

  // ---- processes of steps

  Running start(Step step, std::size_t member, int start_line, Pipe* line = nullptr) {
    Pipe pipe = launch::make_pipe();
    Running running;
    running.member = member;
    running.deadline_ms = std::min(now_ms() + step.within_ms, deadline_ms_);
    if (!pipe.read_end.is_open()) {
      running.hindrance = launch::with_errno("no pipe could be made for it");
      running.step = std::move(step);
      return running;
    }
    running.pid = ::fork();
    if (running.pid == 0) {
      pipe.read_end.close();
      if (line != nullptr) line->write_end.close();
      char byte = 0;
      if (start_line >= 0 && ::read(start_line, &byte, 1) != 0) ::_exit(1);
      be_step(step, pipe.write_end.get(), running.deadline_ms);
    }
    if (running.pid < 0) running.hindrance = launch::with_errno("no process could be made for it");
    running.step = std::move(step);
    if (is_group(running.step)) running.deadline_ms = deadline_ms_;
    running.result = std::move(pipe.read_end);
    return running;
  }

  [[noreturn]] void be_step(const Step& step, int result_fd, std::int64_t deadline_ms) {
    ::prctl(PR_SET_NAME, "mdevsim-step");
    ::setpgid(0, 0);
    WireWriter out;
    if (is_group(step)) {
      result_.failures.clear();
      run_step(step);
      out.list(result_.failures, [](WireWriter& to, const Failure& f) { write(to, f); });
    } else {
      write(out, perform(step, place_for(step), deadline_ms));
    }
    std::string_view left = out.bytes();
    while (!left.empty()) {
      const ssize_t count = ::write(result_fd, left.data(), left.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      left.remove_prefix(static_cast<std::size_t>(count));
    }
    ::_exit(0);
  }

  Place place_for(const Step& step) {
    CaseHosts::Host* host = hosts_->find(step.host);
    Place place;
    place.folder = case_.folder.front() == '/' ? case_.folder
                                               : options_.working_directory + "/" + case_.folder;
    place.programs = options_.programs;
    place.seed = case_.seed;
    place.go_there = [] { return launch::Done{}; };
    if (host == nullptr) return place;
    place.tree_fd = host->process.tree_fd();
    place.go_there = [host] { return host->process.enter(); };
    return place;
  }

  // Waits until every process has told its result, or is too late to. Meanwhile events are heard
  // and orphans of commands are collected.
  void finish_all(std::vector<Running>& running) {
    for (;;) {
      std::vector<pollfd> fds;
      std::int64_t next_ms = std::numeric_limits<std::int64_t>::max();
      for (const Running& one : running) {
        if (!one.result.is_open()) continue;
        fds.push_back({one.result.get(), POLLIN, 0});
        next_ms = std::min(next_ms, latest_ms(one));
      }
      if (fds.empty()) break;
      wait_ms(fds, next_ms);
      std::size_t at = 0;
      for (Running& one : running) {
        if (!one.result.is_open()) continue;
        if (fds[at++].revents != 0) take(one);
        if (one.result.is_open() && now_ms() >= latest_ms(one)) give_up(one);
      }
    }
    collect();
  }

  // As init of the case's processes we get what their parents left behind.
  void collect() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      for (const auto& [name, host] : hosts_->all()) host->process.take_end(pid, status);
    }
  }

  static std::int64_t latest_ms(const Running& one) { return one.deadline_ms + kGraceMillis; }

  void wait_ms(std::vector<pollfd>& fds, std::int64_t until_ms) {
    add_listeners(fds);
    const std::int64_t left = std::clamp<std::int64_t>(until_ms - now_ms(), 0, 60'000);
    ::poll(fds.data(), fds.size(), static_cast<int>(left));
    hosts_->drain_events();
    collect();
  }

  void add_listeners(std::vector<pollfd>& fds) {
    for (const auto& [name, host] : hosts_->all()) {
      fds.push_back({host->process.kernel_events().fd(), POLLIN, 0});
      fds.push_back({host->process.udev_events().fd(), POLLIN, 0});
    }
  }

  static void take(Running& one) {
    std::array<char, 65536> part;
    const ssize_t count = ::read(one.result.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) return;
    if (count > 0) {
      one.bytes.append(part.data(), static_cast<std::size_t>(count));
    } else {
      one.result.close();
    }
  }

  // It hangs in a request that nobody answers; it goes when the host goes.
  static void give_up(Running& one) {
    if (one.pid > 0) ::kill(-one.pid, SIGKILL);
    one.is_too_late = true;
    one.bytes.clear();
    one.result.close();
  }

  Actual actual_of(const Running& one, off_t log_begin) const {
    WireReader in(one.bytes);
    Actual actual = read_actual(in);
    if (!in.is_whole()) {
      actual = {};
      actual.timed_out = one.is_too_late;
      if (!one.is_too_late) actual.hindrance = "its process was killed";
    }
    if (!one.hindrance.empty()) actual.hindrance = one.hindrance;
    if (one.deadline_ms >= deadline_ms_) actual.limit = limit_;
    if (!one.step.expect.reason.is_empty()) actual.log = log_.since(log_begin);
    return actual;
  }

  bool take_failures(const Running& one) {
    WireReader in(one.bytes);
    std::vector<Failure> failures;
    in.list([&](WireReader& from) { failures.push_back(read_failure(from)); });
    if (!in.is_whole()) {
      fail_step(one.step, {{"time", "an end", "it had not ended when the case's time was over"}});
      return false;
    }
    const bool is_met = failures.empty();
    for (Failure& failure : failures) result_.failures.push_back(std::move(failure));
    return is_met;
  }

  // ---- events

  Actual wait_for_events(const Step& step) {
    CaseHosts::Host& host = *hosts_->find(step.host);
    auto& heard = step.from_udev ? host.udev_events : host.kernel_events;
    const std::int64_t deadline = std::min(now_ms() + step.within_ms, deadline_ms_);
    hosts_->drain_events();
    while (count_events(heard, step) < step.expect.count.value_or(1) && now_ms() < deadline) {
      std::vector<pollfd> fds;
      wait_ms(fds, deadline);
    }
    Actual actual = take_events(heard, step);
    actual.has_lost_events = host.has_lost_events;
    return actual;
  }

  // ---- verdicts

  bool judge(const Step& step, const Actual& actual) {
    auto mismatches = check(step, actual);
    if (mismatches.empty()) return true;
    fail_step(step, std::move(mismatches));
    return false;
  }

  void fail_step(const Step& step, std::vector<Mismatch> mismatches) {
    Failure failure{.step = step.name,
                    .place = place_of(case_, step),
                    .action = step.action,
                    .host = step.host,
                    .mismatches = std::move(mismatches),
                    .trace = {}};
    // What they were asked while they were set up is no part of the case.
    std::vector<std::string> traces;
    for (const auto& [name, host] : hosts_->all()) {
      if (step.host.empty() || name == step.host) traces.push_back(raw_trace(*host));
    }
    failure.trace = last_requests(traces, begin_s_, kTraceLinesMax);
    failure.has_trace = true;
    result_.failures.push_back(std::move(failure));
  }

  const Case& case_;
  const CaseOptions& options_;
  const std::function<void(const Step&)>& begins_;
  std::int64_t deadline_ms_ = 0;
  std::string limit_;  // what that is, in words
  CaseLog log_;
  off_t log_begin_ = 0;  // what the hosts say while they start well is of no use
  double begin_s_ = 0;   // of the steps, since 1970
  std::optional<CaseHosts> hosts_;
  Saved saved_;
  CaseResult result_;
};

}  // namespace

CaseResult run_case(const Case& one, const CaseOptions& options,
                    const std::function<void(const Step& step)>& begins) {
  return CaseRun(one, options, begins).run();
}

std::string place_of(const Case& one, const Step& step) {
  return fmt::format("{}:{}:{}", one.file, step.where.line, step.where.column);
}

}  // namespace mdevsim::scenario
