#include "library/tree_device.h"

#include <algorithm>
#include <cstddef>

#include "library/walk.h"
#include "sim/base/limits.h"

namespace mdevsim {
namespace {

Result<void> answer(Errc errc, const std::string& path) {
  if (errc == Errc::ok) return {};
  return fail(errc, path + ": " + std::string(errc_meaning(errc)));
}

}  // namespace

Result<std::unique_ptr<TreeDevice>> TreeDevice::open(sysfs::Tree& tree, std::string_view path) {
  TRY_SET(const sysfs::Entry entry, walk(tree, path, LastLink::followed));
  sysfs::Entry state;
  if (tree.lookup(entry.node, "state", state) != Errc::ok)
    return fail(Errc::not_tty, std::string(path) + ": it is no device that has a state");
  return std::unique_ptr<TreeDevice>(new TreeDevice(tree, std::string(path), entry.node));
}

TreeDevice::~TreeDevice() {
  tree_.released(data_, data_file_);
  tree_.released(state_, state_file_);
  tree_.released(fit_, fit_file_);
}

Result<sysfs::NodeId> TreeDevice::file(const char* name) const {
  sysfs::Entry entry;
  if (auto found = answer(tree_.lookup(directory_, name, entry), path_ + "/" + name); !found)
    return tl::unexpected(std::move(found).error());
  return entry.node;
}

Result<std::string> TreeDevice::read(const char* name) {
  TRY_SET(const sysfs::NodeId node, file(name));
  std::string text;
  if (auto shown = answer(tree_.show(node, text), path_ + "/" + name); !shown)
    return tl::unexpected(std::move(shown).error());
  return text;
}

// None of a device's files answers later.
Result<void> TreeDevice::store(sysfs::NodeId file, std::string_view text,
                               const sysfs::OpenedFile& opened) {
  const sysfs::Stored stored = tree_.store(file, text.substr(0, kStoreBytesMax), 0, {}, {}, opened);
  return answer(stored.answered ? stored.errc : Errc::ok, path_);
}

Result<void> TreeDevice::write(const char* name, std::string_view text) {
  TRY_SET(const sysfs::NodeId node, file(name));
  return store(node, text, {});
}

Result<void> TreeDevice::fit(std::string_view identity) {
  TRY_SET(fit_, file("fit"));
  auto opened =
      answer(tree_.opened(fit_, {}, {.read = true, .write = true}, fit_file_).errc, path_);
  if (!opened) return opened;
  return store(fit_, identity, fit_file_);
}

Result<void> TreeDevice::hold() {
  TRY_SET(state_, file("state"));
  return answer(tree_.opened(state_, {}, {.read = true, .write = true}, state_file_).errc, path_);
}

Result<void> TreeDevice::set_state(std::string_view name) {
  return store(state_, name, state_file_);
}

Result<void> TreeDevice::open_stream(Direction direction) {
  TRY_SET(data_, file("data"));
  const bool reads = direction == Direction::from_device;
  return answer(tree_.opened(data_, {}, {.read = reads, .write = !reads}, data_file_).errc,
                path_ + "/data");
}

Result<std::size_t> TreeDevice::read_stream(state::Bytes out) {
  std::size_t bytes = 0;
  auto read = data_file_.stream->read(out.size(), [&](auto pieces) {
    for (const state::ConstBytes piece : pieces) {
      std::copy(piece.begin(), piece.end(), out.begin() + static_cast<std::ptrdiff_t>(bytes));
      bytes += piece.size();
    }
  });
  if (!read) return tl::unexpected(std::move(read).error());
  return bytes;
}

Result<void> TreeDevice::write_stream(state::ConstBytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return data_file_.stream->write(text);
}

Result<DeviceFiles::Address> TreeDevice::address() {
  return Address{.filesystem = 0, .number = directory_.value()};
}

}  // namespace mdevsim
