// A device of a mounted tree, as an ordinary client has it: the files of the directory
// SYSROOT/kernel/mdevsim/devices/<id>.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "fusefs/launch/fd.h"
#include "library/file_ends.h"
#include "sim/base/result.h"

namespace mdevsim::cli {

class DeviceDirectory final : public DeviceFiles {
 public:
  // Errors tell the path and a way out.
  static Result<std::unique_ptr<DeviceDirectory>> open(const std::string& path);

  const std::string& path() const override { return path_; }
  Result<std::string> read(const char* name) override;
  Result<void> write(const char* name, std::string_view text) override;
  Result<void> fit(std::string_view identity) override;
  Result<void> hold() override;
  Result<void> set_state(std::string_view name) override;
  Result<void> open_stream(Direction direction) override;
  Result<std::size_t> read_stream(state::Bytes out) override;
  Result<void> write_stream(state::ConstBytes bytes) override;
  Result<Address> address() override;

 private:
  DeviceDirectory(std::string path, launch::Fd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}

  Result<launch::Fd> open_file(const char* name, int flags) const;
  std::string file(const char* name) const { return path_ + "/" + name; }

  const std::string path_;
  const launch::Fd directory_;
  launch::Fd fit_;
  launch::Fd state_;
  launch::Fd data_;
};

}  // namespace mdevsim::cli
