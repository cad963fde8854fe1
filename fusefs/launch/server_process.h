// The server, a process of its own: found, started, waited for, ended.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "fusefs/launch/failure.h"
#include "fusefs/launch/fd.h"

namespace mdevsim::launch {

struct ServerOptions {
  std::string program;    // from find_server(); empty: look for it now
  std::string host_file;  // "-": what `input_fd` holds, or else our standard input
  int input_fd = -1;
  std::string host;         // empty: the file's only one
  int fuse_fd = -1;         // an already mounted /dev/fuse …
  std::string mount_point;  // … or where the server mounts by itself
  std::string events = "none";
  std::string log_level;
  bool trace = true;
  bool allow_other = false;
  bool foreground = true;
};

// $MDEVSIM_SERVER, else mdevsim-server beside this executable, else in ../libexec/mdevsim. To be
// asked before a mount namespace is left: if it goes, this executable may lie on a mount that has
// no path any more.
Outcome<std::string> find_server();

// The command line; `wrapper` ($MDEVSIM_SERVER_WRAPPER) is put before it, split at spaces. Zero or
// negative descriptors are left out.
std::vector<std::string> server_arguments(const std::string& server, const std::string& wrapper,
                                          const ServerOptions& options, int ready_fd,
                                          int lifeline_fd);

class ServerProcess {
 public:
  // `error_fd` becomes the server's stderr. With `ends_with_us` the kernel kills it when this
  // process dies; without, it is to outlive us.
  static Outcome<ServerProcess> start(const ServerOptions& options, int error_fd,
                                      bool ends_with_us);

  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;
  ~ServerProcess();  // stops it, unless it was released

  pid_t pid() const { return pid_; }
  int ready_fd() const { return ready_.get(); }

  // Returns when it serves. When it ended instead: why, by its exit status; it has told the details
  // itself.
  Done wait_until_ready();

  // To be told that somebody else's waitpid has seen its end.
  void has_ended();
  bool is_running() const { return pid_ > 0; }

  // Asks it to end, waits, and insists. The wait status; 0 when it was not running.
  int stop();

  // From now on it lives without us.
  void release();

 private:
  ServerProcess(pid_t pid, Fd ready, Fd lifeline)
      : pid_(pid), ready_(std::move(ready)), lifeline_(std::move(lifeline)) {}

  pid_t pid_ = -1;
  Fd ready_;
  Fd lifeline_;  // the server ends when the last copy of this end is closed
};

// What the server's early end means.
Failure failure_of_server(int wait_status);

}  // namespace mdevsim::launch
