// The simulated hosts of a case that is under way.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fusefs/launch/host_process.h"
#include "scenarios/runner/perform.h"
#include "scenarios/runner/scenario.h"

namespace mdevsim::scenario {

// What a case asks of one host; what nobody asks for is not made.
struct HostUse {
  bool hears_events = false;
  bool runs_programs = false;
};

// How a case uses its hosts, by their names; and with the name "" whether commands run beside them.
std::map<std::string, HostUse> uses_of(const Case& one);

struct CaseHostsOptions {
  std::string server;  // from launch::find_server()
  bool in_user_namespace = false;
  int log_fd = 2;
};

class CaseHosts {
 public:
  // In a process that has mount and PID namespaces of its own.
  static launch::Outcome<CaseHosts> start(const Case& one, const CaseHostsOptions& options);

  struct Host {
    launch::HostProcess process;
    std::vector<launch::UeventFields> kernel_events;  // heard, and not yet asked for
    std::vector<launch::UeventFields> udev_events;
    bool has_lost_events = false;
  };
  // Null for the place beside all hosts.
  Host* find(const std::string& name);
  std::map<std::string, std::unique_ptr<Host>>& all() { return hosts_; }

  // Takes what the hosts' listeners have heard.
  void drain_events();

  // False when one ended badly; it has told so in the log.
  bool stop();

 private:
  std::map<std::string, std::unique_ptr<Host>> hosts_;
};

}  // namespace mdevsim::scenario
