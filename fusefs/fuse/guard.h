// Turns a function on a Request into a callback of libfuse, which is C: no exception may leave it.
#pragma once

#include <exception>
#include <utility>

#include "fusefs/fuse/request.h"

namespace mdevsim::fusefs {

// What an operation's log line calls "detail": the bytes that it writes, or the name that it is
// about.
inline std::string_view detail_of(const char* bytes, std::size_t size, off_t, fuse_file_info*) {
  return {bytes, size};
}
inline std::string_view detail_of() { return {}; }
template <typename... Rest>
std::string_view detail_of(const char* name, Rest...) {
  return name;
}
template <typename First, typename... Rest>
std::string_view detail_of(First, Rest...) {
  return {};
}

template <Operation kOperation, auto kBody>
struct Guard;

template <Operation kOperation, typename... Arguments, void (*kBody)(Request&, Arguments...)>
struct Guard<kOperation, kBody> {
  static void call(fuse_req_t raw, fuse_ino_t inode, Arguments... arguments) noexcept {
    Request request(kOperation, raw, inode, detail_of(arguments...));
    try {
      if (request.may_begin(kOperation, detail_of(arguments...))) kBody(request, arguments...);
    } catch (const std::exception& error) {
      request.adapter().log.error(std::string(operation_name(kOperation)) +
                                  " failed inside of mdevsim: " + error.what() +
                                  "; the client gets EIO");
      if (!request.done()) request.answer(Errc::io);
    }
  }
};

}  // namespace mdevsim::fusefs
