// A FUSE server that runs for as long as the object lives.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mdevsim::bench {

// On which CPUs something runs; empty: wherever the scheduler puts it.
using Cpus = std::vector<int>;

// The calling thread, and what it starts, stays on these CPUs.
void pin_to(const Cpus& cpus);
// Undoes pin_to: all CPUs that the process started with.
void unpin();

// Starts a command on these CPUs; it ends with us at the latest.
pid_t spawn(const std::vector<std::string>& command, const Cpus& cpus);
// Unmounts and ends a server that spawn() started.
void stop_server(pid_t pid, const std::string& mountpoint);

class ServerProcess {
 public:
  // Starts `command`, which mounts a FUSE filesystem at `mountpoint` (made when missing), and waits
  // until it is there.
  ServerProcess(const std::vector<std::string>& command, std::string mountpoint, const Cpus& cpus);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& mountpoint() const { return mountpoint_; }
  pid_t pid() const { return pid_; }

  // All its threads, present and future ones, move there.
  void move_to(const Cpus& cpus) const;
  // Memory of its own (RssAnon), in bytes.
  std::uint64_t memory_bytes() const;
  // Processor time used so far.
  std::uint64_t cpu_ticks() const;
  std::uint64_t cpu_ns() const;
  // The kernel drops every entry and inode of the mount that nobody uses, and tells the server to
  // forget them.
  void make_kernel_forget() const;

 private:
  std::string mountpoint_;
  pid_t pid_ = -1;
};

}  // namespace mdevsim::bench
