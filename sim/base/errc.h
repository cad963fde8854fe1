// The closed table of errors that a client can be given. Only these values may leave the simulator:
// FUSE refuses errors of 512 and more, so the kernel-internal ENOTSUPP (524) is carried as
// EOPNOTSUPP.
#pragma once

#include <cerrno>
#include <optional>
#include <string_view>

namespace mdevsim {

// X(name, errno, one-line meaning)
#define MDEVSIM_ERRC_TABLE(X)                                                     \
  X(not_permitted, EPERM, "the kernel refuses this operation to everybody")       \
  X(no_entry, ENOENT, "no such file, device or type")                             \
  X(io, EIO, "the attribute has no such callback, or it failed")                  \
  X(bad_file, EBADF, "the stream is read from, not written to, or the other way") \
  X(cancelled, ECANCELED, "the migration was given up")                           \
  X(again, EAGAIN, "the object is not ready, or its driver deferred the probe")   \
  X(no_memory, ENOMEM, "a declared size limit is reached")                        \
  X(access, EACCES, "the mode bits of the attribute forbid it")                   \
  X(fault, EFAULT, "the stream's content was refused")                            \
  X(busy, EBUSY, "the device is in use or already bound")                         \
  X(exists, EEXIST, "the uuid, id or name is taken")                              \
  X(no_device, ENODEV, "the object is gone, or nothing matches")                  \
  X(not_directory, ENOTDIR, "a component of the path is not a directory")         \
  X(is_directory, EISDIR, "the operation needs a file")                           \
  X(invalid, EINVAL, "the bytes written are not what the attribute accepts")      \
  X(not_tty, ENOTTY, "the device does not offer this feature")                    \
  X(file_too_big, EFBIG, "the offset lies behind the end of a binary attribute")  \
  X(no_space, ENOSPC, "the driver's own capacity is exhausted")                   \
  X(illegal_seek, ESPIPE, "streams cannot be positioned")                         \
  X(range, ERANGE, "the number is outside of what the device supports")           \
  X(no_system_call, ENOSYS, "the operation does not exist here")                  \
  X(no_message, ENOMSG, "the temporary end of a pre-copy stream")                 \
  X(no_data, ENODATA, "no such extended attribute")                               \
  X(overflow, EOVERFLOW, "the value does not fit")                                \
  X(not_supported, EOPNOTSUPP, "not supported; also stands for ENOTSUPP (524)")   \
  X(users, EUSERS, "the mdev core's instance counter is exhausted")

enum class Errc : int {
  ok = 0,
#define X(name, number, meaning) name = number,
  MDEVSIM_ERRC_TABLE(X)
#undef X
};

// The symbol of <errno.h>, such as "ENOSPC"; "OK" for Errc::ok.
std::string_view errc_symbol(Errc code);

// One line for logs and documentation.
std::string_view errc_meaning(Errc code);

// The reverse of errc_symbol; nothing when the name is not in the table.
std::optional<Errc> errc_from_symbol(std::string_view symbol);

constexpr int errc_number(Errc code) { return static_cast<int>(code); }

}  // namespace mdevsim
