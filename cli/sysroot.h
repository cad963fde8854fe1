// Where the running simulated host is that a command is about: its /sys.
#pragma once

#include <string>

#include "cli/options.h"
#include "sim/base/result.h"

namespace mdevsim::cli {

// Adds SYSROOT, which need not be given, and --inside PID.
void add_sysroot_options(Syntax& syntax);

// The directory: SYSROOT; else with --inside that process's /sys, whose namespaces are then this
// process's own; else $MDEVSIM_SYS or /sys. An error is for people.
Result<std::string> sysroot_of(const Arguments& given);

// What it means that a file below SYSROOT/kernel/mdevsim cannot be used.
std::string why_no_host(int error, const std::string& sysroot, const std::string& file);

}  // namespace mdevsim::cli
