// mdevsim-server: serves the simulated sysfs of a host file. Started by mdevsim, or by hand.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/options.h"
#include "fusefs/fuse/session.h"
#include "fusefs/fuse/thread_pool.h"
#include "fusefs/uevent/sender.h"
#include "sim/base/limits.h"
#include "sim/config/host_files.h"
#include "sim/world/world.h"

namespace mdevsim::cli {
namespace {

namespace po = boost::program_options;

class ProcessClock : public Clock {
 public:
  std::int64_t uptime_ms() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 begin_)
        .count();
  }

 private:
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

struct ServerOptions {
  std::string host_file;
  std::string host;
  fusefs::SessionOptions session;
  uevent::Audience audience = uevent::Audience::none;
  std::chrono::milliseconds hold_reply{0};
  std::size_t trace_requests = 0;
  fusefs::LogLevel log_level = fusefs::LogLevel::warning;
};

Syntax server_syntax() {
  Syntax syntax;
  syntax.usage = "mdevsim-server HOSTFILE (--fuse-fd N | --mountpoint DIR) [OPTION...]";
  syntax.purpose =
      "Serves the sysfs of the host that HOSTFILE describes, until it is unmounted or told to end "
      "by SIGTERM, SIGINT or SIGHUP. mdevsim run and mdevsim mount start it.";
  syntax.options.add_options()("hostfile", po::value<std::string>())(
      "host", po::value<std::string>(), "serve this host of the file only")(
      "fuse-fd", po::value<int>(), "descriptor of an already mounted /dev/fuse")(
      "mountpoint", po::value<std::string>(), "directory to mount on")(
      "ready-fd", po::value<int>()->default_value(-1),
      "descriptor that gets one byte when it is mounted")(
      "lifeline-fd", po::value<int>()->default_value(-1),
      "descriptor at whose end the server ends")("events",
                                                 po::value<std::string>()->default_value("none"),
                                                 "who gets uevents: none, kernel, udev or both")(
      "allow-other", "let other users look at --mountpoint")(
      "hold-reply", po::value<unsigned>()->default_value(0),
      "milliseconds by which replies to changes are held back")(
      "trace", po::value<std::size_t>()->default_value(kTraceRequests)->value_name("N"),
      "how many requests the trace keeps; 0: requests are not traced")(
      "log-level", po::value<std::string>()->default_value("warning"),
      "error, warning, info or debug (every request)")(
      "foreground", "accepted for clarity: the server never puts itself into the background")(
      "version", "print the version and exit");
  syntax.positional.add("hostfile", 1);
  return syntax;
}

int print_version() {
  fmt::print("mdevsim-server {}, libfuse {}, transport {}\n", MDEVSIM_VERSION,
             fusefs::library_version(), fusefs::transport_text(fusefs::available_transport()));
  return kExitOk;
}

// The usage error's text; empty when the options are good.
std::string read_options(const Arguments& arguments, ServerOptions& options) {
  if (!arguments.has("hostfile")) return "HOSTFILE is missing";
  if (arguments.has("fuse-fd") == arguments.has("mountpoint")) {
    return "give either --fuse-fd or --mountpoint";
  }
  options.host_file = arguments.text("hostfile");
  options.host = arguments.text("host");
  options.session.mountpoint = arguments.text("mountpoint");
  if (arguments.has("fuse-fd")) {
    options.session.fuse_fd = arguments.values["fuse-fd"].as<int>();
    if (options.session.fuse_fd < 0) return "--fuse-fd must not be negative";
  }
  options.session.ready_fd = arguments.values["ready-fd"].as<int>();
  options.session.lifeline_fd = arguments.values["lifeline-fd"].as<int>();
  options.session.allow_other = arguments.has("allow-other");
  options.hold_reply = std::chrono::milliseconds(arguments.values["hold-reply"].as<unsigned>());
  const auto audience = uevent::audience_from_name(arguments.text("events"));
  if (!audience) return "--events is one of none, kernel, udev and both";
  options.audience = *audience;
  options.trace_requests = arguments.values["trace"].as<std::size_t>();
  if (options.trace_requests > kTraceRequestsMax) {
    return fmt::format("--trace is at most {}", kTraceRequestsMax);
  }
  const auto level = fusefs::log_level_from_name(arguments.text("log-level"));
  if (!level) return "--log-level is one of error, warning, info and debug";
  options.log_level = *level;
  return {};
}

// Keeps the one host that is asked for. An error is the text of a usage error.
std::string select_hosts(const ServerOptions& options, std::vector<HostSpec>& hosts) {
  std::string names;
  for (const HostSpec& host : hosts) names += (names.empty() ? "" : ", ") + host.name;
  if (options.host.empty()) {
    if (hosts.size() == 1 || options.session.fuse_fd < 0) return {};
    return fmt::format("{} describes several hosts; choose one with --host: {}", options.host_file,
                       names);
  }
  std::erase_if(hosts, [&](const HostSpec& host) { return host.name != options.host; });
  if (!hosts.empty()) return {};
  return fmt::format("{} has no host {}; it has: {}", options.host_file, options.host, names);
}

int exit_status_of(const Error& error) {
  const bool machine = error.code == Errc::access || error.code == Errc::no_device ||
                       error.code == Errc::not_permitted;
  return machine ? kExitMachineCannot : kExitFailed;
}

int report(fusefs::Log& log, const Error& error, int exit_status) {
  log.error(error.why);
  return exit_status;
}

// All that a server consists of, from the bottom up.
int serve(const ServerOptions& options, std::vector<std::unique_ptr<World>> worlds,
          fusefs::Log& log) {
  std::unique_ptr<uevent::Sender> sender;
  if (options.audience != uevent::Audience::none) {
    auto opened = uevent::Sender::open(options.audience);
    if (!opened) return report(log, opened.error(), exit_status_of(opened.error()));
    sender = std::move(*opened);
  }
  const auto send = [&sender, &log, told = false](
                        std::uint32_t, std::span<const sysfs::Uevent* const> events) mutable {
    const auto sent = sender->send(events);
    if (sent || told) return;
    told = true;  // the next ones will fail alike
    log.warning(fmt::format("uevents are lost, among them {}@{}: {}", events.front()->action,
                            events.front()->devpath, sent.error().why));
  };

  fusefs::RequestLog request_log(log);
  fusefs::ObserverChain observers;
  if (log.enabled(fusefs::LogLevel::debug)) observers.add(request_log);
  std::unique_ptr<fusefs::Trace> trace;
  if (options.trace_requests > 0) {
    trace = std::make_unique<fusefs::Trace>(options.trace_requests);
    observers.add(*trace);
  }
  fusefs::Overlay overlay(fusefs::kOverlayLimits);
  fusefs::Pollers pollers;
  fusefs::Completion completion({.overlay = overlay,
                                 .pollers = pollers,
                                 .observers = observers,
                                 .send_uevents = sender ? fusefs::SendUevents(send) : nullptr,
                                 .hold_reply = options.hold_reply});
  sysfs::Tree tree(std::move(worlds), completion);
  if (trace) trace->serve(tree, [&completion] { completion.requests_traced(); });
  fusefs::Adapter adapter{.tree = tree,
                          .completion = completion,
                          .overlay = overlay,
                          .pollers = pollers,
                          .observers = observers,
                          .log = log,
                          .trace = trace.get(),
                          .uid = ::geteuid(),
                          .gid = ::getegid()};
  std::timespec_get(&adapter.start, TIME_UTC);

  auto session = fusefs::Session::open(adapter, options.session);
  if (!session) return report(log, session.error(), exit_status_of(session.error()));
  const auto end = (*session)->run();
  if (!end) return report(log, end.error(), kExitFailed);
  return kExitOk;
}

int server_main(std::span<char*> args) {
  const Syntax syntax = server_syntax();
  const Arguments arguments = parse_arguments(syntax, args);
  if (arguments.exit_status) return *arguments.exit_status;
  if (arguments.has("version")) return print_version();
  ServerOptions options;
  std::string wrong = read_options(arguments, options);
  if (!wrong.empty()) return usage_error(syntax, wrong);

  config::Loaded loaded = config::load_host_file(options.host_file);
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
    fmt::print(stderr, "{}", config::render(diagnostic, ::isatty(STDERR_FILENO) == 1));
  }
  if (!loaded.configuration) return kExitInvalidFile;
  std::vector<HostSpec> hosts = std::move(loaded.configuration->hosts);
  wrong = select_hosts(options, hosts);
  if (!wrong.empty()) return usage_error(syntax, wrong);

  // systemd sets JOURNAL_STREAM for services whose standard error is the journal.
  fusefs::Log log(options.log_level, std::getenv("JOURNAL_STREAM") != nullptr);
  const ProcessClock clock;
  const auto threads = std::make_shared<fusefs::ThreadPool>();
  std::vector<std::unique_ptr<World>> worlds;
  for (const HostSpec& host : hosts) {
    auto world = World::build(host, clock, threads);
    if (!world) {
      log.error(fmt::format("{}: host {}: {}", options.host_file, host.name, world.error().why));
      return kExitInvalidFile;
    }
    worlds.push_back(std::move(*world));
  }
  return serve(options, std::move(worlds), log);
}

}  // namespace
}  // namespace mdevsim::cli

int main(int argc, char** argv) {
  mdevsim::fusefs::block_session_signals();
  return mdevsim::cli::server_main({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
}
