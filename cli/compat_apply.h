// `mdevsim compat --apply`: does what a verdict asks for, as a management stack would: by writes to
// the files of the target's interfaces, in sysfs.
#pragma once

#include <optional>
#include <string>

#include "cli/compat_side.h"
#include "cli/compat_verdict.h"

namespace mdevsim::cli {

// The writes in their order. When one fails, or the device is then not what the source needs, what
// was written is undone. Returns what is wrong, for people; empty: the device can take the state.
std::string apply_plan(const Side& source, const Side& target, const Plan& plan,
                       std::string_view uuid);

// A uuid for an instance to be created: random.
std::string random_uuid();

}  // namespace mdevsim::cli
