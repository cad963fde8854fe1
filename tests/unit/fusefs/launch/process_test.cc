#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "fusefs/launch/exit_status.h"
#include "fusefs/launch/server_process.h"

namespace mdevsim::launch {
namespace {

using testing::ElementsAre;

// As waitpid encodes them.
constexpr int exited(int status) { return status << 8; }
constexpr int killed(int signal) { return signal; }

TEST(ExitStatusOf, PassesTheStatusThrough) { EXPECT_EQ(exit_status_of(exited(7)), 7); }

TEST(ExitStatusOf, ASignalIs128AndItsNumber) { EXPECT_EQ(exit_status_of(killed(SIGTERM)), 143); }

TEST(ExitStatusOfExecErrno, TellsMissingFromNotExecutable) {
  EXPECT_EQ(exit_status_of_exec_errno(ENOENT), kExitNotFound);
  EXPECT_EQ(exit_status_of_exec_errno(EACCES), kExitNotExecutable);
  EXPECT_EQ(exit_status_of_exec_errno(ENOEXEC), kExitNotExecutable);
}

TEST(DescribeEnd, NamesTheSignal) {
  EXPECT_EQ(describe_end(killed(SIGKILL)), "was killed by signal 9 (Killed)");
  EXPECT_EQ(describe_end(exited(3)), "exited with status 3");
}

TEST(FailureOfServer, TheStatusSaysWhoseFaultItIs) {
  EXPECT_EQ(failure_of_server(exited(2)).cause, Failure::Cause::usage);
  EXPECT_EQ(failure_of_server(exited(3)).cause, Failure::Cause::invalid_file);
  EXPECT_EQ(failure_of_server(exited(4)).cause, Failure::Cause::machine_cannot);
  EXPECT_EQ(failure_of_server(exited(1)).cause, Failure::Cause::failed);
}

TEST(FailureOfServer, WhatTheServerHasToldIsNotToldAgain) {
  EXPECT_EQ(failure_of_server(exited(3)).message, "");
  EXPECT_NE(failure_of_server(killed(SIGSEGV)).message, "");
}

TEST(ServerArguments, AWrapperComesFirst) {
  ServerOptions options;
  options.host_file = "host.toml";
  options.fuse_fd = 5;
  options.events = "both";
  EXPECT_THAT(
      server_arguments("/bin/server", "valgrind  -q", options, 7, 8),
      ElementsAre("valgrind", "-q", "/bin/server", "host.toml", "--fuse-fd", "5", "--ready-fd", "7",
                  "--lifeline-fd", "8", "--events", "both", "--foreground"));
}

TEST(ServerArguments, ABackgroundMountHasNoLifeline) {
  ServerOptions options;
  options.host_file = "host.toml";
  options.host = "alpha";
  options.mount_point = "/mnt";
  options.foreground = false;
  options.allow_other = true;
  EXPECT_THAT(server_arguments("server", "", options, 7, -1),
              ElementsAre("server", "host.toml", "--host", "alpha", "--mountpoint", "/mnt",
                          "--ready-fd", "7", "--events", "none", "--allow-other"));
}

}  // namespace
}  // namespace mdevsim::launch
