// mdevsim trace: shows the requests that a running simulated host has answered. An ordinary client:
// it reads SYSROOT/kernel/mdevsim/trace, and chooses.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/sysroot.h"
#include "fusefs/fuse/observer.h"
#include "fusefs/launch/fd.h"
#include "scenarios/runner/trace_text.h"
#include "sim/base/errc.h"

namespace mdevsim::cli {
namespace po = boost::program_options;
namespace {

using Words = std::vector<std::string>;
using nlohmann::json;

struct Choice {
  std::string text;
  Words operations;
  Words results;
  std::vector<std::uint32_t> pids;
  Words commands;
  bool failed = false;
  bool as_json = false;
  bool follow = false;
};

// What requests can be, as the trace names them.
constexpr std::string_view kOperations[] = {
#define X(name) #name,
    MDEVSIM_OPERATIONS(X)
#undef X
};

Syntax syntax() {
  Syntax syntax;
  syntax.usage = "mdevsim trace [SYSROOT | --inside PID] [-f] [-k PATTERN] [OPTION...]";
  syntax.purpose =
      "Shows what a simulated host was asked, by whom, and what it answered. SYSROOT is the\n"
      "directory that the host is mounted on; without it, $MDEVSIM_SYS or /sys, which is right\n"
      "inside of mdevsim run.\n\n"
      "Ends with 0, 1 failed, 2 usage.";
  add_sysroot_options(syntax);
  syntax.options.add_options()("follow,f", "then wait for what comes, until the host is gone");
  syntax.options.add_options()("match,k", po::value<std::string>()->value_name("PATTERN"),
                               "only where the path or the text written matches: a shell pattern, "
                               "or a part of it");
  syntax.options.add_options()("operation", po::value<Words>()->value_name("NAME"),
                               "only these, such as write; may be given several times");
  syntax.options.add_options()("errno", po::value<Words>()->value_name("NAME"),
                               "only what was answered with this, such as ENOSPC, or OK; likewise");
  syntax.options.add_options()("failed", "only what was not answered with OK");
  syntax.options.add_options()("pid", po::value<Words>()->value_name("PID"),
                               "only what this process asked; likewise");
  syntax.options.add_options()("command", po::value<Words>()->value_name("NAME"),
                               "only what processes of this name asked; likewise");
  syntax.options.add_options()("json", "print the lines of JSON as they are");
  syntax.positional.add("sysroot", 1);
  return syntax;
}

template <typename Value>
std::vector<Value> list(const Arguments& given, const char* name) {
  return given.has(name) ? given.values[name].as<std::vector<Value>>() : std::vector<Value>();
}

// Those of the words that are numbers of processes.
std::vector<std::uint32_t> pids_of(const Words& words) {
  std::vector<std::uint32_t> pids;
  for (const std::string& word : words) {
    std::uint32_t pid = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), pid);
    if (error == std::errc{} && stop == word.data() + word.size()) pids.push_back(pid);
  }
  return pids;
}

template <typename Value>
bool is_chosen(const std::vector<Value>& wanted, const Value& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool matches(const std::string& pattern, const std::string& text) {
  return text.find(pattern) != std::string::npos ||
         ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

bool is_chosen(const Choice& choice, const json& request) {
  const std::string result = request.value("result", "");
  return is_chosen(choice.operations, request.value("op", std::string())) &&
         is_chosen(choice.results, result) && (!choice.failed || result != "OK") &&
         is_chosen(choice.pids, request.value("pid", 0U)) &&
         is_chosen(choice.commands, request.value("comm", std::string())) &&
         (choice.text.empty() || matches(choice.text, request.value("path", std::string())) ||
          matches(choice.text, request.value("text", std::string())));
}

void show(const Choice& choice, const std::string& line) {
  const json request = json::parse(line, nullptr, false);
  if (!request.is_object()) return;
  if (request.contains("lost")) {
    fmt::print(stderr, "mdevsim: {} requests were not read in time\n",
               request.value("lost", std::uint64_t{0}));
    return;
  }
  if (!is_chosen(choice, request)) return;
  fmt::print("{}\n", choice.as_json ? line : scenario::trace_text(line));
}

// Shows all whole lines, and keeps what is behind them.
void show_lines(const Choice& choice, std::string& text) {
  std::size_t from = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    show(choice, text.substr(from, end - from));
    from = end + 1;
  }
  text.erase(0, from);
}

std::string why_not(int error, const std::string& sysroot) {
  if (error == EOPNOTSUPP) {
    return fmt::format("the host at {} was started with --no-trace", sysroot);
  }
  return why_no_host(error, sysroot, "trace");
}

int failed(const std::string& why) {
  fmt::print(stderr, "mdevsim: error: {}\n", why);
  return kExitFailed;
}

// 0, or the errno that ended it. A host that goes away ends the trace.
int show_all(const Choice& choice, int trace) {
  std::array<char, 65'536> buffer;
  std::string text;
  for (;;) {
    const ssize_t count = ::read(trace, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == ENOTCONN || errno == ECONNABORTED ? 0 : errno;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    show_lines(choice, text);
    if (count > 0) continue;
    if (std::fflush(stdout) != 0) return errno;
    if (!choice.follow) return 0;
    pollfd more{trace, POLLIN, 0};
    if (::poll(&more, 1, -1) > 0 && (more.revents & POLLIN) == 0) return 0;
  }
}

}  // namespace

int trace_main(std::span<char*> args) {
  const Syntax expected = syntax();
  const Arguments given = parse_arguments(expected, args);
  if (given.exit_status) return *given.exit_status;
  const Choice choice{.text = given.text("match"),
                      .operations = list<std::string>(given, "operation"),
                      .results = list<std::string>(given, "errno"),
                      .pids = pids_of(list<std::string>(given, "pid")),
                      .commands = list<std::string>(given, "command"),
                      .failed = given.has("failed"),
                      .as_json = given.has("json"),
                      .follow = given.has("follow")};
  for (const std::string& name : choice.operations) {
    if (std::find(std::begin(kOperations), std::end(kOperations), name) == std::end(kOperations)) {
      return usage_error(expected, fmt::format("--operation {}: it is one of {}", name,
                                               fmt::join(kOperations, ", ")));
    }
  }
  if (choice.pids.size() != list<std::string>(given, "pid").size())
    return usage_error(expected, "--pid takes the number of a process");
  for (const std::string& name : choice.results) {
    if (name != "OK" && !errc_from_symbol(name)) {
      return usage_error(expected, "--errno " + name + ": no simulated host answers so");
    }
  }
  const Result<std::string> sysroot = sysroot_of(given);
  if (!sysroot) return failed(sysroot.error().why);
  const launch::Fd trace(
      ::open((*sysroot + "/kernel/mdevsim/trace").c_str(), O_RDONLY | O_CLOEXEC));
  const int error = trace.is_open() ? show_all(choice, trace.get()) : errno;
  return error == 0 ? kExitOk : failed(why_not(error, *sysroot));
}

}  // namespace mdevsim::cli
