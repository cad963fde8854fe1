// The part of udevd that clients of libudev notice. There is no udevd inside a run, but:
//  - libudev listens to the group of processed events only where /run/udev/control exists;
//  - `udevadm settle`, which libvirt calls once between creating a device and looking for it,
//    connects to that socket, sends a ping and waits until the peer closes. From systemd 258 on it
//    speaks Varlink instead, at /run/udev/io.systemd.Udev, and waits for the reply. As an ordinary
//    user it waits while /run/udev/queue exists.
// So that `create` itself can stay fast, the waiting is done here: a ping is answered once every
// listener of the network namespace has read the events sent to it, and a little later.
#pragma once

#include <poll.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fusefs/launch/failure.h"
#include "fusefs/launch/fd.h"

namespace mdevsim::launch {

// Whether a listener of the udev group, other than the one of `own_port`, has events that it has
// not read yet; from the text of /proc/net/netlink.
bool has_unread_events(std::string_view netlink_table, std::uint32_t own_port);

class UdevdRole {
 public:
  // Listens in this network and mount namespace, where /run/udev must be private.
  static Outcome<UdevdRole> open();

  // What to wait for: its descriptors are appended to `fds`; the result is the longest wait in ms,
  // -1 for ever.
  int prepare(std::vector<pollfd>& fds) const;

  // After any wait.
  void step();

 private:
  struct Ping {
    Fd connection;
    bool is_varlink = false;
    bool is_asked = false;  // the request has come, the answer is due
    std::int64_t since_ms = 0;
  };

  UdevdRole(Fd control, Fd varlink, Fd monitor, std::uint32_t port)
      : control_(std::move(control)),
        varlink_(std::move(varlink)),
        monitor_(std::move(monitor)),
        port_(port) {}
  void take_events(std::int64_t now);
  void accept_pings(const Fd& listener, bool is_varlink, std::int64_t now);
  void take_pings(std::int64_t now);
  void answer_pings(std::int64_t now);
  void show_queue(bool is_busy);

  Fd control_;
  Fd varlink_;
  Fd monitor_;
  std::uint32_t port_;
  std::vector<Ping> pings_;
  std::int64_t busy_at_ms_ = 0;  // when an event was last sent, or last seen unread
  bool queue_shown_ = false;
};

}  // namespace mdevsim::launch
