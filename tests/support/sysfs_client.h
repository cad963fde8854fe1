// A client of a tree without any file system: reads and writes files by their paths.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "fusefs/sysfs/tree.h"
#include "sim/base/check.h"
#include "tests/support/sample_host.h"

namespace mdevsim::testing {

class SysfsClient : public sysfs::BatchSink {
 public:
  explicit SysfsClient(const HostSpec& host) {
    std::vector<std::unique_ptr<World>> worlds;
    worlds.push_back(build_world(host));
    world_ = worlds.front().get();
    tree_ = std::make_unique<sysfs::Tree>(std::move(worlds), *this);
  }

  World& world() { return *world_; }
  sysfs::Tree& tree() { return *tree_; }
  // What the last writes told the completion thread.
  std::vector<sysfs::Batch> batches;
  // What the log would say of the last write.
  std::string why;

  // Follows names, not links.
  std::optional<sysfs::NodeId> find(const std::string& path) const {
    sysfs::NodeId at = tree_->root();
    std::istringstream parts(path);
    for (std::string part; std::getline(parts, part, '/');) {
      sysfs::Entry entry;
      if (tree_->lookup(at, part, entry) != Errc::ok) return std::nullopt;
      at = entry.node;
    }
    return at;
  }
  bool exists(const std::string& path) const { return find(path).has_value(); }

  sysfs::Stat stat(const std::string& path) const {
    sysfs::Stat out;
    const auto node = find(path);
    if (!node || tree_->stat(*node, out) != Errc::ok) out.alive = false;
    return out;
  }
  // The permission bits; 0 for what is not there.
  unsigned mode(const std::string& path) const {
    const sysfs::Stat found = stat(path);
    return found.alive ? found.mode : 0U;
  }

  // A text without its newline; the errno's name where it cannot be read.
  std::string read(const std::string& path) const {
    const auto node = find(path);
    if (!node) return "ENOENT";
    std::string out;
    const Errc errc = stat(path).file == sysfs::FileKind::binary
                          ? tree_->read(*node, 0, std::size_t{1} << 20, {}, out)
                          : tree_->show(*node, out);
    if (errc != Errc::ok) return std::string(errc_symbol(errc));
    if (out.ends_with('\n')) out.pop_back();
    return out;
  }

  // As a shell's redirection: ENOENT for no file, EACCES for one that is read-only.
  Errc write(const std::string& path, const std::string& text) {
    const auto node = find(path);
    if (!node) return Errc::no_entry;
    if ((mode(path) & 0222U) == 0) return Errc::access;
    batches.clear();
    const sysfs::Stored stored = tree_->store(*node, text, 0, {}, {1, text.size()});
    why = stored.why;
    if (stored.answered) return stored.errc;
    CHECK(!batches.empty() && !batches.back().completions.empty());
    return batches.back().completions.back().errc;
  }

  // The names in a directory, sorted.
  std::vector<std::string> names(const std::string& path) const {
    std::vector<sysfs::DirectoryEntry> entries;
    if (const auto node = find(path)) tree_->list(*node, entries);
    std::vector<std::string> out;
    for (const sysfs::DirectoryEntry& entry : entries) out.push_back(entry.name);
    std::sort(out.begin(), out.end());
    return out;
  }

  // Names that a change told the kernel to ask for again.
  std::vector<std::string> expired() const {
    std::vector<std::string> out;
    for (const sysfs::Batch& batch : batches) {
      for (const sysfs::Notice& notice : batch.notices) {
        if (const auto* gone = std::get_if<sysfs::ExpireEntry>(&notice)) out.push_back(gone->name);
      }
    }
    return out;
  }

 private:
  void post(sysfs::Batch batch) override { batches.push_back(std::move(batch)); }

  std::unique_ptr<sysfs::Tree> tree_;
  World* world_ = nullptr;
};

}  // namespace mdevsim::testing
