// mdevsim mount: the bare tree of a simulated host on a directory.
#include "fusefs/launch/mount.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/options.h"

namespace mdevsim::cli {
namespace po = boost::program_options;
namespace {

Syntax syntax() {
  Syntax syntax;
  syntax.usage =
      "mdevsim mount HOSTFILE DIR [--host NAME] [--foreground] [--events [WHICH]] [--allow-other]";
  syntax.purpose =
      "Mounts the simulated tree alone: DIR is the host's /sys, or with several hosts in the\n"
      "file DIR/NAME is. Returns once it is mounted; fusermount3 -u DIR unmounts it.\n\n"
      "Ends with 0, 1 failed, 2 usage, 3 invalid file, 4 this machine or user cannot.";
  syntax.options.add_options()("hostfile", po::value<std::string>());
  syntax.options.add_options()("dir", po::value<std::string>());
  syntax.options.add_options()("host", po::value<std::string>()->value_name("NAME"),
                               "only this host of the file; DIR is its /sys");
  syntax.options.add_options()("foreground,f",
                               "return only when it is unmounted; tells systemd when it is ready");
  syntax.options.add_options()(
      "events",
      po::value<std::string>()->value_name("WHICH")->default_value("none")->implicit_value("udev"),
      "send uevents to this network namespace: none, kernel, udev or both; "
      "a real udevd acts on them");
  syntax.options.add_options()("allow-other", "let other users look at it");
  syntax.options.add_options()("no-trace", "do not keep the last requests for mdevsim trace");
  syntax.options.add_options()("log-level", po::value<std::string>()->value_name("LEVEL"),
                               "how much the simulator tells on stderr");
  syntax.positional.add("hostfile", 1).add("dir", 1);
  syntax.required = {"hostfile", "dir"};
  return syntax;
}

constexpr const char* kAudiences[] = {"none", "kernel", "udev", "both"};

bool is_audience(const std::string& word) {
  return std::find(std::begin(kAudiences), std::end(kAudiences), word) != std::end(kAudiences);
}

// `--events` may stand alone, and then Boost takes a following word for an argument of its own:
// `--events both` becomes
// `--events=both`.
std::vector<std::string> with_events_joined(std::span<char*> args) {
  std::vector<std::string> words;
  for (const char* word : args) {
    if (!words.empty() && words.back() == "--events" && is_audience(word)) {
      words.back() += std::string("=") + word;
    } else {
      words.emplace_back(word);
    }
  }
  return words;
}

int exit_status(launch::Failure::Cause cause) {
  switch (cause) {
    case launch::Failure::Cause::usage:
      return kExitUsage;
    case launch::Failure::Cause::invalid_file:
      return kExitInvalidFile;
    case launch::Failure::Cause::machine_cannot:
      return kExitMachineCannot;
    case launch::Failure::Cause::failed:
      break;
  }
  return kExitFailed;
}

}  // namespace

int mount_main(std::span<char*> args) {
  const Syntax expected = syntax();
  std::vector<std::string> words = with_events_joined(args);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  const Arguments given = parse_arguments(expected, pointers);
  if (given.exit_status) return *given.exit_status;
  if (!is_audience(given.text("events"))) {
    return usage_error(expected,
                       "--events " + given.text("events") + ": it is none, kernel, udev or both");
  }
  launch::MountOptions options;
  options.host_file = given.text("hostfile");
  options.directory = given.text("dir");
  options.host = given.text("host");
  options.events = given.text("events");
  options.log_level = given.text("log-level");
  options.trace = !given.has("no-trace");
  options.allow_other = given.has("allow-other");
  options.foreground = given.has("foreground");
  const launch::Done done = launch::mount_tree(options);
  if (done) return kExitOk;
  launch::print(done.error());
  return exit_status(done.error().cause);
}

}  // namespace mdevsim::cli
