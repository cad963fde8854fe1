#include "scenarios/runner/case_hosts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "fusefs/launch/fd.h"
#include "scenarios/runner/load.h"

namespace mdevsim::scenario {
namespace {

using launch::Done;
using launch::Fd;

void add_uses(const std::vector<Step>& steps, std::map<std::string, HostUse>& uses) {
  for (const Step& step : steps) {
    if (step.verb == Verb::run) uses[step.host].runs_programs = true;
    if (step.verb == Verb::event) uses[step.host].hears_events = true;
    add_uses(step.steps, uses);
  }
}

Fd text_file(const std::string& text) {
  Fd file(::memfd_create("host.toml", MFD_CLOEXEC));
  std::string_view left = text;
  while (file.is_open() && !left.empty()) {
    const ssize_t count = ::write(file.get(), left.data(), left.size());
    if (count <= 0) return Fd();
    left.remove_prefix(static_cast<std::size_t>(count));
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

// Beside all hosts, each one's /sys is a directory of ours: /sys/alpha, /sys/beta.
Done mount_side_by_side(const std::map<std::string, std::unique_ptr<CaseHosts::Host>>& hosts) {
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (::mount("mdevsim", "/sys", "tmpfs", kFlags, "mode=0755") != 0)
    return launch::failed(launch::with_errno("cannot mount a tmpfs for the hosts' trees"));
  for (const auto& [name, host] : hosts) {
    const std::string path = "/sys/" + name;
    if (::mkdir(path.c_str(), 0755) != 0 ||
        ::move_mount(host->process.tree_fd(), "", AT_FDCWD, path.c_str(),
                     MOVE_MOUNT_F_EMPTY_PATH) != 0) {
      return launch::failed(launch::with_errno("cannot mount the tree of host " + name));
    }
  }
  return {};
}

}  // namespace

std::map<std::string, HostUse> uses_of(const Case& one) {
  std::map<std::string, HostUse> uses;
  for (const std::string& host : one.hosts) uses[host];
  add_uses(one.steps, uses);
  add_uses(one.cleanup, uses);
  return uses;
}

launch::Outcome<CaseHosts> CaseHosts::start(const Case& one, const CaseHostsOptions& options) {
  CaseHosts hosts;
  const auto uses = uses_of(one);
  const bool needs_proc = std::any_of(uses.begin(), uses.end(), [](const auto& use) {
    return use.second.runs_programs || use.second.hears_events;
  });
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  // Without it the trace would name processes of the machine that have the same numbers.
  const bool has_proc = ::mount("proc", "/proc", "proc", kFlags, nullptr) == 0;
  if (needs_proc && !has_proc) {
    return launch::machine_cannot(
        launch::with_errno("cannot mount /proc for a case (in a container: parts of its /proc are "
                           "masked; run it with --security-opt unmask=ALL or --privileged)"));
  }
  const std::string host_text = text_for_simulators(one);
  for (const auto& [name, use] : uses) {
    if (name.empty()) continue;
    const Fd text = text_file(host_text);
    if (!text.is_open()) return launch::failed(launch::with_errno("cannot keep a host's text"));
    auto process = launch::HostProcess::start({.server = options.server,
                                               .host_text_fd = text.get(),
                                               .host = name,
                                               .has_uevents = use.hears_events,
                                               .runs_programs = use.runs_programs,
                                               .in_user_namespace = options.in_user_namespace,
                                               .error_fd = options.log_fd,
                                               // With the reason of every refusal.
                                               .log_level = "info"});
    if (!process) return tl::unexpected(process.error());
    hosts.hosts_.emplace(name, std::make_unique<Host>(Host{std::move(*process), {}, {}, false}));
  }
  const auto beside = uses.find("");
  if (beside != uses.end() && beside->second.runs_programs) {
    if (Done done = mount_side_by_side(hosts.hosts_); !done) return tl::unexpected(done.error());
  }
  return hosts;
}

CaseHosts::Host* CaseHosts::find(const std::string& name) {
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? nullptr : found->second.get();
}

void CaseHosts::drain_events() {
  for (auto& [name, host] : hosts_) {
    const auto take = [&host = *host](launch::UeventListener& from,
                                      std::vector<launch::UeventFields>& to) {
      if (from.is_open() && !from.receive(to)) host.has_lost_events = true;
    };
    take(host->process.kernel_events(), host->kernel_events);
    take(host->process.udev_events(), host->udev_events);
  }
}

bool CaseHosts::stop() {
  bool is_well = true;
  for (auto& [name, host] : hosts_) is_well = host->process.stop() && is_well;
  return is_well;
}

}  // namespace mdevsim::scenario
