// A device of a tree in memory: its files without a mount.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "fusefs/sysfs/tree.h"
#include "library/file_ends.h"

namespace mdevsim {

class TreeDevice final : public DeviceFiles {
 public:
  // `path` as walk() takes it. ENOENT, ENOTDIR; ENOTTY for what is no device with a state.
  static Result<std::unique_ptr<TreeDevice>> open(sysfs::Tree& tree, std::string_view path);
  ~TreeDevice() override;
  TreeDevice(const TreeDevice&) = delete;
  TreeDevice& operator=(const TreeDevice&) = delete;

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
  TreeDevice(sysfs::Tree& tree, std::string path, sysfs::NodeId directory)
      : tree_(tree), path_(std::move(path)), directory_(directory) {}

  Result<sysfs::NodeId> file(const char* name) const;
  Result<void> store(sysfs::NodeId file, std::string_view text, const sysfs::OpenedFile& opened);

  sysfs::Tree& tree_;
  const std::string path_;
  const sysfs::NodeId directory_;
  sysfs::NodeId fit_;
  sysfs::OpenedFile fit_file_;
  sysfs::NodeId state_;
  sysfs::OpenedFile state_file_;
  sysfs::NodeId data_;
  sysfs::OpenedFile data_file_;
};

}  // namespace mdevsim
