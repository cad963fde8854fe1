// A mounted filesystem and the threads that serve it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fusefs/fuse/adapter.h"
#include "fusefs/fuse/kernel.h"
#include "sim/base/result.h"

namespace mdevsim::fusefs {

struct SessionOptions {
  // Exactly one of the two: a descriptor of /dev/fuse that is mounted already, or a directory to
  // mount on.
  int fuse_fd = -1;
  std::string mountpoint;
  bool allow_other = false;  // for mountpoint: users other than the mounting one may look

  int ready_fd = -1;  // gets one byte, and is closed, once the kernel and the session have agreed
  int lifeline_fd = -1;  // the session ends when this reaches its end
};

enum class SessionEnd : std::uint8_t { unmounted, signal, lifeline };

// How requests travel between the kernel and this process: by reading /dev/fuse, or by FUSE over
// io_uring where everything that it takes is there.
struct Transport {
  bool library_is_safe = false;    // libfuse can be answered by another thread than a ring's own
  bool library_has_uring = false;  // it was built with liburing
  bool kernel_has_uring = false;   // /sys/module/fuse/parameters/enable_uring
  bool uring() const { return library_is_safe && library_has_uring && kernel_has_uring; }
};
Transport available_transport();
// "io_uring", or "/dev/fuse (...)" with the reason.
std::string transport_text(const Transport& transport);

// Of the libfuse that is in use: "3.14.0".
std::string library_version();

// Blocks the signals that end a session; to be called before any thread exists.
void block_session_signals();

class Session {
 public:
  // Mounts. Errors: EACCES, ENODEV where the machine cannot, EBUSY for a directory that is a mount
  // point already.
  static Result<std::unique_ptr<Session>> open(Adapter& adapter, const SessionOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Serves until the filesystem is unmounted, SIGTERM, SIGINT or SIGHUP arrives, or the lifeline
  // ends; then answers whatever still waits, and unmounts.
  Result<SessionEnd> run();

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mdevsim::fusefs
