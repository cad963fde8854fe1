// Sends uevents into the network namespace it was made in. When send() returns, every receiver has
// the message in its socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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

  // Sends in order, to the kernel's listeners first, then to udevd's. Both forms of one event carry
  // the same SEQNUM. Gives back the last. An event that cannot be sent does not keep the others
  // back; the error is the first. To be called by one thread.
  Result<std::uint64_t> send(std::span<const sysfs::Uevent* const> uevents);

 private:
  Sender(Audience audience, int socket, std::uint32_t port)
      : audience_(audience), socket_(socket), port_(port) {}

  // One event on its way.
  struct Outgoing {
    const sysfs::Uevent* uevent = nullptr;
    std::string payload;
    std::uint32_t request = 0;
    std::uint64_t seqnum = 0;
  };
  // As many as go in one system call.
  static constexpr std::size_t kTogether = 16;

  Result<std::uint64_t> send_together(std::span<const sysfs::Uevent* const> uevents);
  // Has the kernel broadcast the payloads, and learns the SEQNUMs that it gave them.
  Result<std::size_t> send_to_kernel_group(std::span<Outgoing> events);
  Result<std::size_t> await_broadcasts(std::span<Outgoing> events);
  Result<std::size_t> send_to_udev_group(std::span<const Outgoing> events);

  const Audience audience_;
  const int socket_;
  const std::uint32_t port_;
  std::uint32_t requests_ = 0;
  std::uint64_t last_seqnum_ = 0;
};

}  // namespace mdevsim::uevent
