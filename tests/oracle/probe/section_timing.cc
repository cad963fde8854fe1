// timing: medians, as remarks only. Figures of one machine are no figures of another.
#include <sys/syscall.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

using Clock = std::chrono::steady_clock;

long nanoseconds_of(const std::function<void()>& operation) {
  const auto begin = Clock::now();
  operation();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

void remark_median(const Report& out, const std::string& id, std::vector<long> samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](std::size_t percent) { return samples[samples.size() * percent / 100]; };
  out.remark(
      id, at(50),
      text("median_ns p10=%ld p90=%ld p99=%ld n=%zu", at(10), at(90), at(99), samples.size()));
}

void remark_time(const Report& out, const std::string& id, int times,
                 const std::function<void()>& operation) {
  std::vector<long> samples;
  for (int i = 0; i < times; ++i) samples.push_back(nanoseconds_of(operation));
  remark_median(out, id, std::move(samples));
}

void remark_reads(const Report& out, const Target& target) {
  const std::string name = target.in_type("name");
  const std::string available = target.in_type("available_instances");
  char buffer[4096];
  const Fd fd(name, O_RDONLY);
  remark_time(out, "pread name (open fd)", 2000,
              [&] { (void)attempt([&] { return pread(fd.get(), buffer, sizeof buffer, 0); }); });
  remark_time(out, "open+read+close name", 2000, [&] { (void)read_small(name); });
  remark_time(out, "open+read+close available_instances", 2000,
              [&] { (void)read_small(available); });
  remark_time(out, "open+read+close /proc/version (compare)", 1000,
              [] { (void)read_small("/proc/version"); });
}

void remark_create_and_remove(const Report& out, const Target& target) {
  constexpr int kTimes = 200;
  std::vector<long> created;
  std::vector<long> removed;
  for (int i = 0; i < kTimes; ++i) {
    created.push_back(nanoseconds_of([&] { target.must_create(uuid_number(1)); }));
    removed.push_back(nanoseconds_of([&] { target.must_remove(uuid_number(1)); }));
  }
  remark_median(out, "create (open+write+close)", std::move(created));
  remark_median(out, "remove (open+write+close)", std::move(removed));
}

}  // namespace

void run_timing(const Report& out, const Target& target) {
  remark_time(out, "clock_only", 2000, [] {});
  remark_time(out, "getppid", 2000, [] { (void)syscall(SYS_getppid); });
  remark_reads(out, target);
  remark_time(out, "lstat name", 2000, [&] { (void)exists(target.in_type("name")); });
  remark_time(out, "lstat missing (ENOENT)", 2000,
              [&] { (void)exists(target.in_type("missing")); });
  remark_time(out, "readdir type", 500, [&] { (void)count_in(target.type); });
  remark_time(out, "failed create (EINVAL)", 1000, [&] { target.must_create("junk"); });
  remark_create_and_remove(out, target);
  target.remove_all();
}

}  // namespace probe
