// The observers of all requests, told before and after each. This is the one place where anything
// may hook in: logging, tracing, auditing. Without observers a request costs one comparison more.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
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

// The node of a lookup is the directory in which a name is looked up, and so on.
bool is_about_a_name(Operation operation);
// What fault rules call the operation; empty when none can name it.
std::string_view fault_name(Operation operation);

// The name that a request looks up, or the first of the bytes that it writes. In place: requests
// are copied, and most need no memory of their own for that.
class Detail {
 public:
  static constexpr std::size_t kBytesMax = 120;

  Detail() = default;
  Detail(std::string_view text);  // NOLINT: it is that text, cut
  operator std::string_view() const { return {bytes_.data(), size_}; }
  // How much of this object means anything.
  std::size_t used() const { return 1 + std::size_t{size_}; }

 private:
  std::uint8_t size_ = 0;
  std::array<char, kBytesMax> bytes_;  // only the first size_ mean anything
};

struct RequestFacts {
  Operation operation{};
  sysfs::NodeId node;
  std::uint32_t pid = 0;  // of the thread that asks; 0 when the kernel asks on its own behalf
  std::uint32_t uid = 0;
  std::chrono::steady_clock::time_point begin{};
  Detail detail;
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
