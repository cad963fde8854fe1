// Hears uevents in this network namespace, and reads both of their formats: the kernel's own, and
// the one in which udev passes on what it has processed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fusefs/launch/failure.h"
#include "fusefs/launch/fd.h"

namespace mdevsim::launch {

enum class UeventGroup { kernel = 1, udev = 2 };

// ACTION, DEVPATH, SUBSYSTEM, SEQNUM and so on.
using UeventFields = std::map<std::string, std::string, std::less<>>;

// The fields of one message of either format; nothing when it is neither.
std::optional<UeventFields> parse_uevent(std::string_view message);

class UeventListener {
 public:
  UeventListener() = default;
  explicit UeventListener(Fd socket) : socket_(std::move(socket)) {}
  static Outcome<UeventListener> open(UeventGroup group);

  int fd() const { return socket_.get(); }
  bool is_open() const { return socket_.is_open(); }

  // What has come since the last call, without waiting. False when the socket's buffer ran over and
  // some are lost.
  bool receive(std::vector<UeventFields>& out);

 private:
  Fd socket_;
};

}  // namespace mdevsim::launch
