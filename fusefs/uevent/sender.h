// Sends uevents into the network namespace it was made in. When send() returns, every receiver has
// the message in its socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fusefs/sysfs/notice.h"
#include "sim/base/result.h"

namespace mdevsim::uevent {

enum class Audience : std::uint8_t {
  none,
  kernel,  // who listens to the kernel, through the kernel's own broadcast
  udev,    // who listens to udevd
  both,
};

std::optional<Audience> audience_from_name(std::string_view name);

class Sender {
 public:
  // EPERM without the right to administer the network namespace.
  static Result<std::unique_ptr<Sender>> open(Audience audience);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // To be called by one thread. Both forms of one event carry the same SEQNUM.
  Result<std::uint64_t> send(const sysfs::Uevent& uevent);

 private:
  Sender(Audience audience, int socket, std::uint32_t port)
      : audience_(audience), socket_(socket), port_(port) {}

  // Has the kernel broadcast the payload; the SEQNUM that it gave it.
  Result<std::uint64_t> send_to_kernel_group(const std::string& payload);
  Result<std::uint64_t> await_broadcast(const std::string& payload, std::uint32_t request);
  Result<std::uint64_t> send_to_udev_group(const sysfs::Uevent& uevent, std::uint64_t seqnum);

  const Audience audience_;
  const int socket_;
  const std::uint32_t port_;
  std::uint32_t requests_ = 0;
  std::uint64_t last_seqnum_ = 0;
};

}  // namespace mdevsim::uevent
