// Carries out the plan of mounts in this process' private mount namespace. Everything is prepared
// on a stage, a tmpfs mounted over /sys; at the end the composed tree takes the stage's place and
// the stage, with all that is mounted on it, is gone from the namespace. Nothing is ever created
// outside of it.
#pragma once

#include <span>
#include <string>

#include "fusefs/launch/failure.h"
#include "fusefs/launch/fd.h"
#include "fusefs/launch/plan.h"

namespace mdevsim::launch {

class Stage {
 public:
  // Needs a private mount namespace.
  static Outcome<Stage> open();

  // Mounts the simulated sysfs on the stage; what is returned is the server's end.
  Outcome<Fd> mount_simulated();

  // Mounts the real sysfs on the stage: a fresh one that shows this network namespace, else the
  // outer one.
  Done mount_real(bool private_network);
  bool real_shows_this_network() const { return real_is_fresh_; }

  Outcome<Listing> list_simulated(const ComposeOptions& options) const;
  Outcome<Listing> list_real() const;
  std::vector<std::string> mounted_in_outer() const;

  // Makes the composed tree of the plan, read-only at its split levels.
  Done compose(std::span<const Step> plan);

  // Puts the composed tree on /sys and drops the stage.
  Done finish();

  // A directory of the stage on which other private directories can be prepared
  // (private_directories.h).
  static std::string path_of(const std::string& name);

 private:
  Stage(Fd outer, Fd outer_tree, std::vector<std::string> mounted)
      : outer_(std::move(outer)),
        outer_tree_(std::move(outer_tree)),
        mounted_(std::move(mounted)) {}
  std::string source_path(const Step& step) const;
  Done carry_out(const Step& step, int composed_fd) const;

  Fd outer_;       // the sysfs below the stage
  Fd outer_tree_;  // a copy of it, not mounted anywhere
  std::vector<std::string> mounted_;
  bool real_is_fresh_ = false;
};

// The topmost mount points below `root` ("/sys"), relative to it, from the text of
// /proc/self/mountinfo.
std::vector<std::string> mount_points_below(std::string_view mountinfo, std::string_view root);

}  // namespace mdevsim::launch
