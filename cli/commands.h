// The subcommands of `mdevsim`: one function and one small file each, listed in the table of
// main.cc.
#pragma once

#include <span>

namespace mdevsim::cli {

// `args` is what follows the subcommand's name. The result is the exit status.
int run_main(std::span<char*> args);
int mount_main(std::span<char*> args);
int check_main(std::span<char*> args);
int compat_main(std::span<char*> args);
int test_main(std::span<char*> args);
int hold_main(std::span<char*> args);
int trace_main(std::span<char*> args);
int vendor_tool_main(std::span<char*> args);
int fault_main(std::span<char*> args);
int migrate_main(std::span<char*> args);
int doctor_main(std::span<char*> args);

// What every subcommand ends with; `run` has its own (see fusefs/launch/exit_status.h).
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInvalidFile = 3;
inline constexpr int kExitMachineCannot = 4;
inline constexpr int kExitNothingSelected = 5;  // of test

}  // namespace mdevsim::cli
