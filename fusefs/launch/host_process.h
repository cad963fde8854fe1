// A simulated host in namespaces of its own, kept by a process: its tree, its uevents, and, where
// programs are to run in it, its composed /sys. Whoever starts it reaches the tree through a
// descriptor, and sends children inside.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "fusefs/launch/failure.h"
#include "fusefs/launch/fd.h"
#include "fusefs/launch/uevent_listener.h"

namespace mdevsim::launch {

struct HostProcessOptions {
  std::string server;          // from find_server()
  int host_text_fd = -1;       // holds the host file; read from its present offset
  std::string host;            // empty: the file's only one
  bool has_uevents = false;    // in a network namespace of its own, with listeners
  bool runs_programs = false;  // they see it as their /sys; implies has_uevents
  bool in_user_namespace = false;
  int error_fd = 2;       // where it and its server say what is wrong
  std::string log_level;  // of the server; empty: its own default
};

class HostProcess {
 public:
  // Must be called in a process with one thread. /proc must be that of its PID namespace.
  static Outcome<HostProcess> start(const HostProcessOptions& options);

  HostProcess(HostProcess&& other) noexcept;
  HostProcess& operator=(HostProcess&&) = delete;
  ~HostProcess() { stop(); }

  // The root of the simulated tree, not mounted anywhere in this namespace: a directory for
  // openat(2), and a mount for move_mount(2).
  int tree_fd() const { return tree_.get(); }
  UeventListener& kernel_events() { return kernel_events_; }
  UeventListener& udev_events() { return udev_events_; }

  // Readable once the host is gone, against everybody's will.
  int end_fd() const { return connection_.get(); }

  // Moves this process, a child of the caller, into the host's namespaces.
  Done enter() const;

  // To be told the end of a child that somebody else's waitpid has seen.
  void take_end(pid_t pid, int status);

  // False when the host was gone before, or its server ended badly: it has told why.
  bool stop();

 private:
  HostProcess(pid_t pid, Fd connection, Fd namespaces)
      : pid_(pid), connection_(std::move(connection)), namespaces_(std::move(namespaces)) {}
  Done take_ready(const HostProcessOptions& options);

  pid_t pid_ = -1;
  bool has_ended_badly_ = false;
  Fd connection_;
  Fd namespaces_;  // the process, as setns takes it
  bool has_network_ = false;
  Fd tree_;
  UeventListener kernel_events_;
  UeventListener udev_events_;
};

}  // namespace mdevsim::launch
