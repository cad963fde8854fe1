// The trace: every request with who made it and what it got, kept in a ring and read as lines of
// JSON through /sys/kernel/mdevsim/trace.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "fusefs/fuse/command_names.h"
#include "fusefs/fuse/observer.h"
#include "fusefs/fuse/trace_ring.h"

namespace mdevsim::sysfs {
class Tree;
}

namespace mdevsim::fusefs {

// Where one open file is in the trace.
class TraceCursor {
 public:
  // As a file that is just opened: at the oldest request.
  void reset() { *this = TraceCursor(); }

 private:
  friend class Trace;
  std::uint64_t next_ = 0;     // the number of the next record to look at
  bool started_ = false;       // what went before the first read is not missed
  std::string line_;           // the line that is being read,
  std::size_t line_from_ = 0;  // from here on
};

class Trace : public Observer {
 public:
  // The tree names the nodes; it must outlive the trace, but may be told later: see serve().
  explicit Trace(std::size_t requests);

  // Whose nodes the requests are about, and what is to be done when somebody who polls the trace is
  // to be woken. Called before the first request.
  void serve(const sysfs::Tree& tree, std::function<void()> wake);

  void before(const RequestFacts&) override {}
  void after(const RequestFacts& facts, const Answer& answer) override;

  // Up to `size` bytes of the lines about a host's requests; nothing when there are no more yet.
  void read(std::uint32_t host, TraceCursor& cursor, std::size_t size, std::string& out) const;
  // Whether a read would find something. If not, `wake` is called at the next request (of any
  // host).
  bool is_readable(std::uint32_t host, TraceCursor& cursor);

 private:
  bool fill(std::uint32_t host, TraceCursor& cursor) const;
  void append_line(std::uint64_t number, const TraceRecord& record, std::string& out) const;

  TraceRing ring_;
  CommandNames commands_;
  const std::int64_t epoch_ns_;  // what to add to the steady clock to get the time of day
  const sysfs::Tree* tree_ = nullptr;
  std::function<void()> wake_;
  std::atomic<bool> is_awaited_ = false;
};

}  // namespace mdevsim::fusefs
