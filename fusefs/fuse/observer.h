// The observers of all requests, told before and after each. This is the one place where anything
// may hook in: logging, tracing, auditing. Without observers a request costs one comparison more.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fusefs/sysfs/node.h"
#include "sim/base/errc.h"

namespace mdevsim::fusefs {

#define MDEVSIM_OPERATIONS(X) \
  X(lookup)                   \
  X(getattr)                  \
  X(setattr)                  \
  X(readlink)                 \
  X(mknod)                    \
  X(mkdir)                    \
  X(unlink)                   \
  X(rmdir)                    \
  X(symlink)                  \
  X(rename)                   \
  X(link)                     \
  X(create)                   \
  X(open)                     \
  X(read)                     \
  X(write)                    \
  X(release)                  \
  X(fsync)                    \
  X(opendir)                  \
  X(readdir)                  \
  X(readdirplus)              \
  X(releasedir)               \
  X(fsyncdir) X(statfs) X(setxattr) X(getxattr) X(listxattr) X(removexattr) X(ioctl) X(poll)

enum class Operation : std::uint8_t {
#define X(name) name,
  MDEVSIM_OPERATIONS(X)
#undef X
};

std::string_view operation_name(Operation operation);

struct RequestFacts {
  Operation operation{};
  sysfs::NodeId node;
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
  std::chrono::steady_clock::time_point begin{};
  std::string
      detail;  // the name that is looked up, the bytes that are written; cut to kDetailBytesMax

  static constexpr std::size_t kDetailBytesMax = 128;

  // The caller's command name as /proc has it; "?" when the process is gone. Reads a file: ask only
  // when it is needed.
  std::string command() const;
};

struct Answer {
  Errc errc = Errc::ok;
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds duration{};
};

class Observer {
 public:
  virtual ~Observer() = default;
  // Called by the thread that handles the request.
  virtual void before(const RequestFacts& facts) = 0;
  // Called by the thread that answers it, before the answer leaves.
  virtual void after(const RequestFacts& facts, const Answer& answer) = 0;
};

// Filled before the session starts, constant while it runs.
class ObserverChain {
 public:
  void add(Observer& observer) { observers_.push_back(&observer); }
  bool empty() const { return observers_.empty(); }

  void before(const RequestFacts& facts) const {
    for (Observer* observer : observers_) observer->before(facts);
  }
  void after(const RequestFacts& facts, Errc errc, std::uint64_t bytes) const;

 private:
  std::vector<Observer*> observers_;
};

}  // namespace mdevsim::fusefs
