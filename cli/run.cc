// mdevsim run: a command that sees the simulated host as its /sys.
#include "fusefs/launch/run.h"

#include <algorithm>
#include <cstring>

#include "cli/commands.h"
#include "cli/options.h"
#include "fusefs/launch/exit_status.h"

namespace mdevsim::cli {
namespace po = boost::program_options;
namespace {

Syntax syntax() {
  Syntax syntax;
  syntax.usage =
      "mdevsim run HOSTFILE [--host NAME] [--net private|host] [--with-real-devices] [--real-rw] "
      "[--events WHICH] -- COMMAND [ARGUMENT...]";
  syntax.purpose =
      "Runs COMMAND in namespaces of its own, in which /sys is that of the simulated host:\n"
      "its mediated devices and PCI functions are the simulated ones, everything else is real\n"
      "(and read-only, but for the cgroups). Needs no root. Nothing is left when it ends.\n\n"
      "Ends with COMMAND's exit status, or 128 + the signal that ended it; 125 when mdevsim\n"
      "itself failed, 126 when COMMAND cannot be executed, 127 when it is not found.\n"
      "COMMAND finds MDEVSIM_SYS=/sys and SYSTEMD_DEVICE_VERIFY_SYSFS=0 in its environment.";
  syntax.options.add_options()("hostfile", po::value<std::string>());
  syntax.options.add_options()("host", po::value<std::string>()->value_name("NAME"),
                               "which host of the file, when it has several");
  syntax.options.add_options()(
      "net", po::value<std::string>()->value_name("WHICH")->default_value("private"),
      "private: a network namespace of its own, where only COMMAND hears "
      "the uevents; host: this one");
  syntax.options.add_options()("with-real-devices",
                               "show the machine's PCI devices beside the simulated ones");
  syntax.options.add_options()("real-rw", "do not make the real parts of /sys read-only");
  syntax.options.add_options()(
      "events", po::value<std::string>()->value_name("WHICH"),
      "uevents to send: none, kernel, udev or both; by default both in a "
      "private network, none with --net host, where a real udevd would act "
      "on them and only udev may be chosen");
  syntax.options.add_options()("no-trace", "do not keep the last requests for mdevsim trace");
  syntax.options.add_options()("log-level", po::value<std::string>()->value_name("LEVEL"),
                               "how much the simulator tells on stderr");
  syntax.positional.add("hostfile", 1);
  syntax.required = {"hostfile"};
  return syntax;
}

// Its own failures end with 125, a wrong usage included, since every other status may be the
// command's.
int fail_usage(const Syntax& syntax, const std::string& text) {
  usage_error(syntax, text);
  return launch::kExitOwnFailure;
}

bool is_one_of(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return text == word; });
}

}  // namespace

int run_main(std::span<char*> args) {
  const auto dashes = std::find_if(args.begin(), args.end(),
                                   [](const char* word) { return std::strcmp(word, "--") == 0; });
  const auto before = static_cast<std::size_t>(dashes - args.begin());
  const Syntax expected = syntax();
  const Arguments given = parse_arguments(expected, args.first(before));
  if (given.exit_status) {
    return *given.exit_status == kExitOk ? kExitOk : launch::kExitOwnFailure;
  }
  launch::RunOptions options;
  if (dashes != args.end()) options.command.assign(dashes + 1, args.end());
  if (options.command.empty()) {
    return fail_usage(expected, "there is no command; it follows '--'");
  }
  const std::string net = given.text("net");
  if (!is_one_of(net, {"private", "host"})) {
    return fail_usage(expected, "--net " + net + ": it is private or host");
  }
  options.host_file = given.text("hostfile");
  options.host = given.text("host");
  options.private_network = net == "private";
  options.events = given.text("events");
  options.log_level = given.text("log-level");
  options.trace = !given.has("no-trace");
  options.compose.with_real_devices = given.has("with-real-devices");
  options.compose.real_writable = given.has("real-rw");
  if (!is_one_of(options.events, {"", "none", "kernel", "udev", "both"})) {
    return fail_usage(expected,
                      "--events " + options.events + ": it is none, kernel, udev or both");
  }
  if (!options.private_network && !is_one_of(options.events, {"", "none", "udev"})) {
    return fail_usage(expected,
                      "with --net host only --events udev or none is possible: a real "
                      "udevd would act on the kernel's");
  }
  return launch::run(options);
}

}  // namespace mdevsim::cli
