// A case in a process of its own, which is init of a PID namespace and has a mount namespace: when
// it ends, or we end, the kernel ends everything that it has started, and with the processes go the
// namespaces and their mounts.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "fusefs/launch/failure.h"
#include "fusefs/launch/fd.h"
#include "scenarios/runner/run_case.h"

namespace mdevsim::scenario {

class CaseProcess {
 public:
  // `mask` is the signal mask of the commands. The caller has one thread, and a private mount
  // namespace in which it is root.
  static launch::Outcome<CaseProcess> start(const Case& one, const CaseOptions& options,
                                            const sigset_t& mask);

  // Readable when there is something for `take`.
  int fd() const { return pipe_.get(); }
  std::int64_t deadline_ms() const { return deadline_ms_; }

  // Takes what it tells; true once it has ended.
  bool take();

  // Ends it and everything below it.
  void kill();

  // After its end.
  CaseResult result();

 private:
  CaseProcess(const Case& one, pid_t pid, launch::Fd pipe);

  const Case* case_;
  pid_t pid_;
  launch::Fd pipe_;
  std::string bytes_;  // records that are not complete yet
  std::int64_t began_ms_;
  std::int64_t deadline_ms_;
  std::string step_;  // that it was in when it was last heard of
  std::string place_;
  std::string action_;
  bool was_killed_ = false;
  std::optional<CaseResult> result_;
};

}  // namespace mdevsim::scenario
