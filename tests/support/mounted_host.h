// A simulated host, really mounted, served by threads of the test itself. The mount namespace is
// the test's own.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fusefs/fuse/session.h"
#include "tests/support/sample_host.h"

namespace mdevsim::testing {

// Makes this process root of namespaces of its own. Once per process, before its first thread: not
// even root of the machine may mount where others see it.
inline void enter_own_namespaces() {
  static const bool entered = [] {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    CHECK(::unshare((uid == 0 ? 0 : CLONE_NEWUSER) | CLONE_NEWNS | CLONE_NEWNET) == 0);
    if (uid != 0) {
      std::ofstream("/proc/self/setgroups") << "deny";
      std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
      std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
    }
    CHECK(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    return true;
  }();
  CHECK(entered);
}

class MountedHost {
 public:
  struct Options {
    HostSpec spec = sample_host();
    fusefs::SendUevents send_uevents{};
    fusefs::Observer* observer = nullptr;
  };

  explicit MountedHost(Options options)
      : completion_({.overlay = overlay_,
                     .pollers = pollers_,
                     .observers = observers_,
                     .send_uevents = options.send_uevents}),
        tree_(one(build_world(options.spec)), completion_),
        adapter_{.tree = tree_,
                 .completion = completion_,
                 .overlay = overlay_,
                 .pollers = pollers_,
                 .observers = observers_,
                 .log = log_} {
    if (options.observer != nullptr) observers_.add(*options.observer);
    CHECK(::mkdtemp(directory_.data()) != nullptr);
    int ready[2];
    int lifeline[2];
    CHECK(::pipe2(ready, O_CLOEXEC) == 0 && ::pipe2(lifeline, O_CLOEXEC) == 0);
    lifeline_ = lifeline[1];
    auto session = fusefs::Session::open(
        adapter_, {.mountpoint = directory_, .ready_fd = ready[1], .lifeline_fd = lifeline[0]});
    if (!session) std::fprintf(stderr, "%s\n", session.error().why.c_str());
    CHECK(session.has_value());
    server_ =
        std::thread([this, lifeline_end = lifeline[0], session = std::move(*session)]() mutable {
          const auto end = session->run();
          CHECK(end.has_value());
          end_ = *end;
          session.reset();
          ::close(lifeline_end);
        });
    char byte = 0;
    CHECK(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
  }
  ~MountedHost() { stop(); }
  MountedHost(const MountedHost&) = delete;
  MountedHost& operator=(const MountedHost&) = delete;

  // Ends the session, which unmounts. The directory must be empty then, or it could not be removed.
  fusefs::SessionEnd stop() {
    if (server_.joinable()) {
      ::close(lifeline_);
      wait();
    }
    return end_;
  }
  // Waits until the session has ended for another reason.
  fusefs::SessionEnd wait() {
    server_.join();
    CHECK(::rmdir(directory_.c_str()) == 0);
    return end_;
  }

  const std::string& directory() const { return directory_; }
  std::string path(const std::string& below) const { return directory_ + "/" + below; }

 private:
  static std::vector<std::unique_ptr<World>> one(std::unique_ptr<World> world) {
    std::vector<std::unique_ptr<World>> worlds;
    worlds.push_back(std::move(world));
    return worlds;
  }

  fusefs::Log log_{fusefs::LogLevel::warning};
  fusefs::Overlay overlay_{fusefs::kOverlayLimits};
  fusefs::Pollers pollers_;
  fusefs::ObserverChain observers_;
  fusefs::Completion completion_;
  sysfs::Tree tree_;
  fusefs::Adapter adapter_;
  std::string directory_ = "/tmp/mdevsim-test-XXXXXX";
  int lifeline_ = -1;
  std::thread server_;
  fusefs::SessionEnd end_ = fusefs::SessionEnd::unmounted;
};

}  // namespace mdevsim::testing
