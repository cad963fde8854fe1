#include "cli/device_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "sim/base/limits.h"

namespace mdevsim::cli {
namespace {

// What the server answered; what it cannot have answered is an I/O error.
tl::unexpected<Error> fail_with(int error, const std::string& what) {
  const auto code = static_cast<Errc>(error);
  return fail(errc_symbol(code) == "?" ? Errc::io : code,
              fmt::format("{}: {}", what, std::strerror(error)));
}

Result<void> write_once(int fd, std::string_view text, const std::string& what) {
  if (::write(fd, text.data(), text.size()) < 0) return fail_with(errno, what);
  return {};
}

}  // namespace

Result<std::unique_ptr<DeviceDirectory>> DeviceDirectory::open(const std::string& path) {
  launch::Fd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) {
    const int error = errno;
    return fail_with(error, fmt::format("{}: it is no simulated device, which are in "
                                        "SYSROOT/kernel/mdevsim/devices, named by uuid or PCI "
                                        "address",
                                        path));
  }
  if (::faccessat(directory.get(), "state", F_OK, 0) != 0) {
    return fail(Errc::not_tty,
                fmt::format("{}: there is no file `state`: it is no simulated device, or its model "
                            "does not say what state its devices have (mdevsim-host(5), `state`)",
                            path));
  }
  return std::unique_ptr<DeviceDirectory>(new DeviceDirectory(path, std::move(directory)));
}

Result<launch::Fd> DeviceDirectory::open_file(const char* name, int flags) const {
  launch::Fd fd(::openat(directory_.get(), name, flags | O_CLOEXEC));
  if (!fd.is_open()) return fail_with(errno, file(name));
  return fd;
}

Result<std::string> DeviceDirectory::read(const char* name) {
  TRY_SET(const launch::Fd fd, open_file(name, O_RDONLY));
  std::array<char, kStoreBytesMax> bytes;
  std::string text;
  for (;;) {
    const ssize_t got = ::read(fd.get(), bytes.data(), bytes.size());
    if (got < 0) return fail_with(errno, file(name));
    if (got == 0) return text;
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

Result<void> DeviceDirectory::write(const char* name, std::string_view text) {
  TRY_SET(const launch::Fd fd, open_file(name, O_WRONLY));
  return write_once(fd.get(), text, file(name));
}

Result<void> DeviceDirectory::fit(std::string_view identity) {
  TRY_SET(fit_, open_file("fit", O_RDWR));
  return write_once(fit_.get(), identity, file("fit"));
}

Result<void> DeviceDirectory::hold() {
  TRY_SET(state_, open_file("state", O_RDWR));
  return {};
}

Result<void> DeviceDirectory::set_state(std::string_view name) {
  return write_once(state_.get(), name, fmt::format("{}: {}", file("state"), name));
}

Result<void> DeviceDirectory::open_stream(Direction direction) {
  TRY_SET(data_, open_file("data", direction == Direction::from_device ? O_RDONLY : O_WRONLY));
  return {};
}

Result<std::size_t> DeviceDirectory::read_stream(state::Bytes out) {
  const ssize_t got = ::read(data_.get(), out.data(), out.size());
  if (got < 0) return fail_with(errno, file("data"));
  return static_cast<std::size_t>(got);
}

Result<void> DeviceDirectory::write_stream(state::ConstBytes bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(data_.get(), bytes.data(), bytes.size());
    if (put < 0) return fail_with(errno, file("data"));
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

Result<DeviceFiles::Address> DeviceDirectory::address() {
  struct stat status {};
  if (::fstat(directory_.get(), &status) != 0) return fail_with(errno, path_);
  return Address{.filesystem = status.st_dev, .number = status.st_ino};
}

}  // namespace mdevsim::cli
