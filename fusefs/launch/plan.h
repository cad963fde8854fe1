// The composed /sys as data: which directories, links and binds make it up. Computed without
// touching the machine, so that it can be tested; compose.h carries it out.
//
// A few directories are split: they are made anew in a small tmpfs and filled entry by entry, from
// the simulated sysfs where it has one, else from the real one. Everything below is bound whole and
// therefore stays live. The set of entries of a split directory is fixed when the plan is made.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fusefs/launch/failure.h"
#include "fusefs/launch/listing.h"

namespace mdevsim::launch {

enum class StepKind {
  make_directory,
  make_link,       // `source` is the link's text
  bind_directory,  // with all that is mounted below it
  bind_file,
};

// Where a bind's source path is looked up.
enum class Tree {
  none,
  simulated,
  real,   // the sysfs that shows this network namespace, or the outer one
  outer,  // the sysfs from which the run was started, with what is mounted in it
};

struct Step {
  StepKind kind = StepKind::make_directory;
  Tree tree = Tree::none;
  std::string source;
  std::string target;  // relative to the composed root
  bool read_only = false;

  bool operator==(const Step&) const = default;
};

struct ComposeOptions {
  bool with_real_devices = false;
  bool real_writable = false;
  bool hide_network = false;  // the real tree shows another network namespace
};

// The directories whose listing the plan needs.
std::span<const std::string_view> simulated_patterns(const ComposeOptions& options);
std::span<const std::string_view> real_patterns();

struct PlanInput {
  Listing simulated;
  Listing real;
  std::vector<std::string> mounted;  // paths in the outer sysfs on which something is mounted
  ComposeOptions options;
};

// Fails when a PCI address exists both in the simulated and in the shown real tree.
Outcome<std::vector<Step>> plan_composition(const PlanInput& input);

// Where a link in `directory` points to, relative to the tree's root; "" when it leads out of it.
std::string resolve_link(std::string_view directory, std::string_view text);

}  // namespace mdevsim::launch
