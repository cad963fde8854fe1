#include "fusefs/fuse/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/tree.h"
#include "sim/base/json.h"

namespace mdevsim::fusefs {
namespace {

constexpr std::int64_t kNsPerUs = 1000;
constexpr std::int64_t kUsPerS = 1'000'000;

std::int64_t nanoseconds(std::chrono::nanoseconds duration) { return duration.count(); }

std::int64_t steady_to_day_ns() {
  return nanoseconds(std::chrono::system_clock::now().time_since_epoch()) -
         nanoseconds(std::chrono::steady_clock::now().time_since_epoch());
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
  out += ",\"";
  out += key;
  out += "\":";
  append_json_string(out, value);
}

}  // namespace

Trace::Trace(std::size_t requests) : ring_(requests), epoch_ns_(steady_to_day_ns()) {}

void Trace::serve(const sysfs::Tree& tree, std::function<void()> wake) {
  tree_ = &tree;
  wake_ = std::move(wake);
}

void Trace::after(const RequestFacts& facts, const Answer& answer) {
  // Reading the trace leaves no trace, or it would never end.
  if (sysfs::is_request_log(facts.node)) return;
  TraceRecord record;
  record.node = facts.node;
  record.begin_ns = nanoseconds(facts.begin.time_since_epoch());
  record.duration_ns = static_cast<std::uint64_t>(nanoseconds(answer.duration));
  record.bytes = answer.bytes;
  record.pid = facts.pid;
  record.uid = facts.uid;
  record.errc = answer.errc;
  record.operation = facts.operation;
  record.command = commands_.of(facts.pid, facts.begin);
  record.detail = facts.detail;
  ring_.append(record);
  if (is_awaited_.load(std::memory_order_seq_cst) && is_awaited_.exchange(false)) wake_();
}

void Trace::append_line(std::uint64_t number, const TraceRecord& record, std::string& out) const {
  const std::int64_t time_us = (record.begin_ns + epoch_ns_) / kNsPerUs;
  fmt::format_to(std::back_inserter(out), "{{\"seq\":{},\"time\":{}.{:06}", number,
                 time_us / kUsPerS, time_us % kUsPerS);
  std::string path;
  tree_->path(record.node, path);
  std::string_view detail = record.detail;
  if (is_about_a_name(record.operation)) {
    if (!path.ends_with('/')) path += '/';
    path += detail;
    detail = {};
  }
  append_text(out, "host", tree_->host_name(record.node));
  fmt::format_to(std::back_inserter(out), ",\"pid\":{},\"uid\":{}", record.pid, record.uid);
  append_text(out, "comm", record.command);
  append_text(out, "op", operation_name(record.operation));
  append_text(out, "path", path);
  if (!detail.empty()) append_text(out, "text", detail);
  append_text(out, "result", errc_symbol(record.errc));
  fmt::format_to(std::back_inserter(out), ",\"bytes\":{},\"duration_ns\":{}}}\n", record.bytes,
                 record.duration_ns);
}

// Makes the next line, unless there is still one. False when there is none yet.
bool Trace::fill(std::uint32_t host, TraceCursor& cursor) const {
  if (cursor.line_from_ < cursor.line_.size()) return true;
  cursor.line_.clear();
  cursor.line_from_ = 0;
  if (!std::exchange(cursor.started_, true)) cursor.next_ = ring_.begin();
  while (cursor.next_ < ring_.end()) {
    TraceRecord record;
    const TraceRing::Got got = ring_.get(cursor.next_, record);
    if (got == TraceRing::Got::not_yet) return false;
    if (got == TraceRing::Got::overwritten) {
      const std::uint64_t next = std::max(ring_.begin(), cursor.next_ + 1);
      fmt::format_to(std::back_inserter(cursor.line_), "{{\"lost\":{}}}\n", next - cursor.next_);
      cursor.next_ = next;
      return true;
    }
    const std::uint64_t number = cursor.next_++;
    if (record.node.host() != host) continue;
    append_line(number, record, cursor.line_);
    return true;
  }
  return false;
}

void Trace::read(std::uint32_t host, TraceCursor& cursor, std::size_t size,
                 std::string& out) const {
  const std::size_t end = out.size() + size;
  while (out.size() < end && fill(host, cursor)) {
    const std::size_t taken = std::min(end - out.size(), cursor.line_.size() - cursor.line_from_);
    out.append(cursor.line_, cursor.line_from_, taken);
    cursor.line_from_ += taken;
  }
}

bool Trace::is_readable(std::uint32_t host, TraceCursor& cursor) {
  // Said before the look: see TraceRing::append.
  is_awaited_.store(true, std::memory_order_seq_cst);
  return fill(host, cursor);
}

}  // namespace mdevsim::fusefs
