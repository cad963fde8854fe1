#include "fusefs/launch/compose.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "fusefs/launch/mounting.h"

namespace mdevsim::launch {
namespace {

constexpr char kSys[] = "/sys";
constexpr unsigned long kSysfsFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

// A tmpfs without limits reports no blocks and no files, as sysfs does.
constexpr char kScaffoldOptions[] = "size=0,nr_inodes=0,mode=0555";

}  // namespace

std::string Stage::path_of(const std::string& name) { return std::string(kSys) + "/" + name; }

Outcome<Stage> Stage::open() {
  Fd outer(::open(kSys, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!outer.is_open()) return failed(with_errno("cannot open /sys"));
  // Taken before the stage lies on it: a copy with everything mounted below would contain the
  // stage.
  Fd outer_tree(::open_tree(AT_FDCWD, kSys, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!outer_tree.is_open()) return failed(with_errno("cannot take up the real /sys"));
  std::string mountinfo = read_file("/proc/self/mountinfo");
  if (mountinfo.empty()) return machine_cannot("/proc is not mounted: mdevsim run needs it");
  if (::mount("mdevsim", kSys, "tmpfs", kSysfsFlags, kScaffoldOptions) != 0) {
    return machine_cannot(
        with_errno("cannot mount a tmpfs on /sys, although in a private mount "
                   "namespace (a security module may forbid it)"));
  }
  for (const char* name : {"simulated", "real", "composed"}) {
    if (::mkdir(path_of(name).c_str(), 0755) != 0) return failed(with_errno("cannot make a stage"));
  }
  return Stage(std::move(outer), std::move(outer_tree), mount_points_below(mountinfo, kSys));
}

Outcome<Fd> Stage::mount_simulated() {
  Fd fuse(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!fuse.is_open()) return machine_cannot(fuse_hint(errno));
  if (!mount_fuse(fuse.get(), path_of("simulated"))) {
    return machine_cannot(with_errno("cannot mount FUSE in this namespace"));
  }
  return fuse;
}

Done Stage::mount_real(bool private_network) {
  const std::string target = path_of("real");
  // Where the visible sysfs is read-only (a container's), a fresh one may only be mounted so too.
  for (const unsigned long flags : {kSysfsFlags, kSysfsFlags | MS_RDONLY}) {
    if (private_network && ::mount("sysfs", target.c_str(), "sysfs", flags, nullptr) == 0) {
      real_is_fresh_ = true;
      return {};
    }
  }
  if (::move_mount(outer_tree_.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return failed(with_errno("cannot mount the real /sys on the stage"));
  }
  return {};
}

Outcome<Listing> Stage::list_simulated(const ComposeOptions& options) const {
  const Fd root(::open(path_of("simulated").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) return failed(with_errno("cannot open the simulated sysfs"));
  return read_listing(root.get(), simulated_patterns(options));
}

Outcome<Listing> Stage::list_real() const {
  const Fd root(::open(path_of("real").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) return failed(with_errno("cannot open the real sysfs"));
  return read_listing(root.get(), real_patterns());
}

std::vector<std::string> Stage::mounted_in_outer() const { return mounted_; }

std::string Stage::source_path(const Step& step) const {
  switch (step.tree) {
    case Tree::simulated:
      return path_of("simulated/" + step.source);
    case Tree::real:
      return path_of("real/" + step.source);
    case Tree::outer:
      return fd_path(outer_.get()) + "/" + step.source;
    case Tree::none:
      break;
  }
  return step.source;
}

Done Stage::carry_out(const Step& step, int composed_fd) const {
  if (step.kind == StepKind::make_directory) {
    if (::mkdirat(composed_fd, step.target.c_str(), 0755) == 0) return {};
    return failed(with_errno("cannot make /sys/" + step.target));
  }
  if (step.kind == StepKind::make_link) {
    if (::symlinkat(step.source.c_str(), composed_fd, step.target.c_str()) == 0) return {};
    return failed(with_errno("cannot make the link /sys/" + step.target));
  }
  const bool is_new = step.tree != Tree::outer;  // those lie on what has been bound already
  const std::string target = path_of("composed/" + step.target);
  if (is_new && !make_placeholder(target, step.kind == StepKind::bind_directory)) {
    return failed(with_errno("cannot make /sys/" + step.target));
  }
  if (bind_tree(source_path(step), target, step.read_only)) return {};
  // The real machine goes on living: what it had when it was listed may have gone.
  if (errno == ENOENT && step.tree != Tree::simulated) {
    if (is_new) ::remove(target.c_str());
    return {};
  }
  return failed(with_errno("cannot bind /sys/" + step.target));
}

Done Stage::compose(std::span<const Step> plan) {
  const std::string composed = path_of("composed");
  if (::mount("sysfs", composed.c_str(), "tmpfs", kSysfsFlags, kScaffoldOptions) != 0) {
    return failed(with_errno("cannot mount the scaffold of /sys"));
  }
  const Fd composed_fd(::open(composed.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const Step& step : plan) {
    if (Done done = carry_out(step, composed_fd.get()); !done) return done;
  }
  if (!make_read_only(composed)) return failed(with_errno("cannot make /sys read-only"));
  return {};
}

Done Stage::finish() {
  const Fd tree(::open_tree(AT_FDCWD, path_of("composed").c_str(),
                            OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!tree.is_open()) return failed(with_errno("cannot take up the composed /sys"));
  if (::umount2(kSys, MNT_DETACH) != 0) return failed(with_errno("cannot drop the stage"));
  if (::move_mount(tree.get(), "", AT_FDCWD, kSys, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return failed(with_errno("cannot mount the composed /sys"));
  }
  return {};
}

std::vector<std::string> mount_points_below(std::string_view mountinfo, std::string_view root) {
  std::set<std::string> points;
  const std::string prefix = std::string(root) + "/";
  for (const std::string& point : mount_points(mountinfo)) {
    if (point.starts_with(prefix)) points.insert(point.substr(prefix.size()));
  }
  std::vector<std::string> topmost;
  for (const std::string& point : points) {
    const bool is_below = std::any_of(topmost.begin(), topmost.end(), [&](const std::string& top) {
      return point.starts_with(top + "/");
    });
    if (!is_below) topmost.push_back(point);
  }
  return topmost;
}

}  // namespace mdevsim::launch
