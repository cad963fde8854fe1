// mdevsim-bench: how much slower than necessary is it? Every row is a ratio to a floor measured in
// the same run.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/report.h"
#include "bench/sandbox.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

constexpr int kExitUsage = 2;

constexpr std::string_view kUsage =
    "usage: mdevsim-bench [--only REGEX] [--quick] [--out FILE] [--list]\n"
    "\n"
    "  --only REGEX   only the benchmarks whose name matches (see --list)\n"
    "  --quick        smaller trees and fewer rounds: below a minute, and less exact\n"
    "  --out FILE     also writes the rows to FILE, as JSON\n"
    "  --list         prints the benchmarks' names\n";

struct Options {
  std::string only;
  std::string out;
  bool quick = false;
  bool list = false;
};

bool parse(const std::vector<std::string>& arguments, Options& options) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (argument == "--quick") {
      options.quick = true;
    } else if (argument == "--list") {
      options.list = true;
    } else if (argument == "--only" && has_value) {
      options.only = arguments[++i];
    } else if (argument == "--out" && has_value) {
      options.out = arguments[++i];
    } else {
      return false;
    }
  }
  return true;
}

bool is_regex(const std::string& text) {
  try {
    const std::regex compiled(text);
    return true;
  } catch (const std::regex_error&) {
    return false;
  }
}

void list() {
  for (const Bench& bench : kBenches) fmt::print("{:<10} {}\n", bench.name, bench.what);
}

// The whole file anew after each benchmark, so that what was measured is kept when a later one
// fails.
void write_json(const Report& report, std::FILE* out) {
  if (out == nullptr) return;
  std::rewind(out);
  fmt::print(out, "{}", report.json());
  std::fflush(out);
}

int measure(const Options& options, const std::string& binaries, const std::string& scratch,
            std::FILE* out) {
  Report report;
  const Lab lab(binaries, scratch, options.quick, report);
  const std::regex only(options.only);
  fmt::print("{} CPUs; requests travel by {}\n", lab.cpus(), lab.transport());
  std::fflush(stdout);
  for (const Bench& bench : kBenches) {
    if (!std::regex_search(bench.name.begin(), bench.name.end(), only)) continue;
    bench.measure(lab);
    fmt::print("{}", report.next_lines());
    std::fflush(stdout);
    write_json(report, out);
  }
  fmt::print("{}", report.remarks());
  write_json(report, out);
  return 0;
}

// Internal: one operation on one path, measured in this very process (so that LD_PRELOAD tools see
// it); prints ns.
int measure_one_operation(const std::vector<std::string>& arguments) {
  if (arguments.size() != 4) return kExitUsage;
  const Operation operation = make_operation(arguments[1], arguments[2]);
  fmt::print("{}\n", operation_ns(operation, std::atoi(arguments[3].c_str())));
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "--client") return measure_one_operation(arguments);
  Options options;
  if (!parse(arguments, options)) {
    fmt::print(stderr, "{}", kUsage);
    return kExitUsage;
  }
  if (options.list) {
    list();
    return 0;
  }
  if (!is_regex(options.only)) {
    fmt::print(stderr, "mdevsim-bench: --only {}: not a regular expression\n", options.only);
    return kExitUsage;
  }
  std::FILE* out = nullptr;
  if (!options.out.empty() && (out = std::fopen(options.out.c_str(), "w")) == nullptr) {
    std::perror(options.out.c_str());
    return 1;
  }
  const std::string binaries = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return run_in_sandbox(
      [&](const std::string& scratch) { return measure(options, binaries, scratch, out); });
}

}  // namespace
}  // namespace mdevsim::bench

int main(int argc, char** argv) { return mdevsim::bench::run({argv + 1, argv + argc}); }
