#include "library/walk.h"

#include <deque>
#include <string>

namespace mdevsim {
namespace {

constexpr unsigned kLinksMax = 40;  // as the kernel's

// The names of a path, put before those that are still to be walked.
void prepend(std::string_view path, std::deque<std::string>& names) {
  std::deque<std::string> first;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (!name.empty() && name != ".") first.emplace_back(name);
  }
  names.insert(names.begin(), first.begin(), first.end());
}

class Walk {
 public:
  Walk(const sysfs::Tree& tree, std::string_view path) : tree_(tree), path_(path) {
    prepend(path, names_);
  }

  Result<sysfs::Entry> run(LastLink last) {
    directory_ = tree_.root();
    sysfs::Entry at{.node = directory_, .stat = {}};
    while (!names_.empty()) {
      const std::string name = std::move(names_.front());
      names_.pop_front();
      if (at.stat.type != sysfs::NodeType::directory) return refuse(Errc::not_directory);
      directory_ = at.node;
      if (name == "..") {
        at.node = tree_.parent_of(directory_);
        continue;
      }
      if (tree_.lookup(directory_, name, at) != Errc::ok) return refuse(Errc::no_entry);
      if (at.stat.type != sysfs::NodeType::link) continue;
      if (names_.empty() && last == LastLink::kept) return at;
      if (const Errc errc = follow(at.node); errc != Errc::ok) return refuse(errc);
      at = {.node = directory_, .stat = {}};
    }
    return at;
  }

 private:
  Errc follow(sysfs::NodeId link) {
    if (++links_ > kLinksMax) return Errc::invalid;
    std::string text;
    if (const Errc errc = tree_.readlink(link, text); errc != Errc::ok) return errc;
    prepend(text, names_);
    return Errc::ok;
  }

  tl::unexpected<Error> refuse(Errc errc) const { return fail(errc, std::string(path_)); }

  const sysfs::Tree& tree_;
  const std::string_view path_;
  std::deque<std::string> names_;
  sysfs::NodeId directory_;
  unsigned links_ = 0;
};

}  // namespace

Result<sysfs::Entry> walk(const sysfs::Tree& tree, std::string_view path, LastLink last) {
  return Walk(tree, path).run(last);
}

}  // namespace mdevsim
