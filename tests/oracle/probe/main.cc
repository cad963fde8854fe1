// probe - records how a sysfs with mediated devices behaves, so that two of them can be compared
// line by line.
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <thread>

#include "tests/oracle/probe/sections.h"
#include "tests/oracle/probe/uevents.h"

namespace probe {
namespace {

constexpr const char* kUsage =
    "usage: probe SYSROOT PARENT TYPE [-o OTHERPARENT OTHERTYPE] [-s SECTION,...] [-w "
    "MILLISECONDS]\n"
    "       probe tree DIRECTORY...    dump directories\n"
    "       probe mon SECONDS          print kernel uevents\n"
    "SYSROOT is /sys or another root; PARENT is relative to it: devices/virtual/mtty/mtty; TYPE: "
    "mtty-2.\n"
    "-w says how long to wait for one more event. The parent must have no instances. Do not point "
    "this at a machine's\n"
    "own /sys: it changes modes, owners and extended attributes there.\n";

struct Section {
  const char* name;
  void (*run)(const Report&, const Target&);
  bool by_default;
};
constexpr Section kSections[] = {
    {"env", run_env, true},          {"tree0", run_tree_before, true},
    {"tree1", run_tree_after, true}, {"readdir", run_readdir, true},
    {"stat", run_stat, true},        {"read", run_read, true},
    {"create", run_create, true},    {"remove", run_remove, true},
    {"fileops", run_fileops, true},  {"special", run_special, true},
    {"held", run_held, true},        {"unpriv", run_unpriv, true},
    {"uevent", run_uevent, true},    {"inotify", run_inotify, true},
    {"bus", run_bus, true},          {"concurrent", run_concurrent, true},
    {"timing", run_timing, true},    {"mixrace", run_mixrace, false},
};

constexpr auto kSectionTimeout = std::chrono::seconds(180);

struct Request {
  Target target;
  std::string only;  // ",create,remove," or empty: all but the opt-in ones
};

int usage() {
  fputs(kUsage, stderr);
  return 2;
}

std::optional<std::string> resolved(const char* path) {
  char buffer[PATH_MAX];
  if (realpath(path, buffer) == nullptr) return std::nullopt;
  return buffer;
}

// The rest of the command line; false when it is not understood.
bool read_options(std::span<char*> words, Request& request) {
  while (!words.empty()) {
    const std::string option = words[0];
    if (option == "-o" && words.size() >= 3) {
      request.target.other_type =
          request.target.in_sys(words[1]) + std::string("/mdev_supported_types/") + words[2];
      words = words.subspan(3);
    } else if (option == "-s" && words.size() >= 2) {
      request.only = std::string(",") + words[1] + ",";
      words = words.subspan(2);
    } else if (option == "-w" && words.size() >= 2) {
      request.target.patience_ms = std::atoi(words[1]);
      words = words.subspan(2);
    } else {
      return false;
    }
  }
  return true;
}

// Waits for `pid`, at most kSectionTimeout; nothing when it did not end.
std::optional<int> wait_for(pid_t pid) {
  using Clock = std::chrono::steady_clock;
  for (const auto end = Clock::now() + kSectionTimeout; Clock::now() < end;) {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == pid) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return std::nullopt;
}

// A section runs in a process group of its own, so that a simulator that hangs is reported and does
// not hang the rest.
void run_section(const Section& section, const Target& target) {
  const Report out(section.name);
  const pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    section.run(out, target);
    _exit(0);
  }
  const std::optional<int> status = wait_for(pid);
  if (!status) {
    out.line("TIMEOUT", {-1, ETIMEDOUT},
             text("section did not finish in %lds", long{kSectionTimeout.count()}));
    kill(-pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  } else if (!WIFEXITED(*status)) {
    out.value("CRASH", -1, text("signal %d", WTERMSIG(*status)));
  }
  target.remove_all();
}

int run_sections(std::span<char*> words) {
  const std::optional<std::string> sys = resolved(words[0]);
  if (!sys) {
    perror(words[0]);
    return 2;
  }
  Request request;
  request.target.sys = *sys;
  request.target.parent = *sys + "/" + words[1];
  request.target.type = request.target.types() + "/" + words[2];
  if (!read_options(words.subspan(3), request)) return usage();
  for (const Section& section : kSections) {
    const bool asked =
        request.only.find(std::string(",") + section.name + ",") != std::string::npos;
    if (request.only.empty() ? section.by_default : asked) run_section(section, request.target);
  }
  return 0;
}

int run_dump(std::span<char*> directories) {
  const Report out("tree");
  for (const char* directory : directories) dump_tree(out, directory, directory, 8);
  return 0;
}

int run_monitor(const char* seconds) {
  using Clock = std::chrono::steady_clock;
  const Report out("mon");
  const UeventListener events(out, 250);
  puts("ready");
  fflush(stdout);
  const auto end = Clock::now() + std::chrono::duration<double>(std::atof(seconds));
  for (int burst = 0; Clock::now() < end;) {
    if (events.wait(50)) events.report_pending(out, text("%d", burst++));
  }
  return 0;
}

}  // namespace
}  // namespace probe

int main(int argc, char** argv) {
  umask(022);
  signal(SIGPIPE, SIG_IGN);
  const std::span<char*> words(argv + 1, argc > 0 ? static_cast<std::size_t>(argc - 1) : 0);
  const std::string mode = words.empty() ? "" : words[0];
  if (mode == "tree" && words.size() >= 2) return probe::run_dump(words.subspan(1));
  if (mode == "mon" && words.size() == 2) return probe::run_monitor(words[1]);
  if (words.size() < 3) return probe::usage();
  return probe::run_sections(words);
}
