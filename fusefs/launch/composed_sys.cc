#include "fusefs/launch/composed_sys.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "fusefs/launch/private_directories.h"

namespace mdevsim::launch {
namespace {

// The home and working directories: they stay reachable whatever is made private.
std::vector<std::string> own_directories() {
  std::vector<std::string> own;
  std::array<char, 4096> path;
  if (::getcwd(path.data(), path.size()) != nullptr) own.emplace_back(path.data());
  if (const char* home = std::getenv("HOME")) own.emplace_back(home);
  return own;
}

}  // namespace

Done compose_sys(Stage& stage, const ComposedSys& options, const Listing& real) {
  PlanInput input;
  input.options = options.compose;
  input.options.hide_network = options.private_network && !stage.real_shows_this_network();
  input.real = real;
  input.mounted = stage.mounted_in_outer();
  auto simulated = stage.list_simulated(input.options);
  if (!simulated) return tl::unexpected(simulated.error());
  input.simulated = std::move(*simulated);
  const auto plan = plan_composition(input);
  if (!plan) return tl::unexpected(plan.error());
  if (Done done = stage.compose(*plan); !done) return done;
  return make_private_directories(options.is_root, own_directories());
}

}  // namespace mdevsim::launch
