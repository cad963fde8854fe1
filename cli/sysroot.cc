#include "cli/sysroot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "fusefs/launch/fd.h"

namespace mdevsim::cli {
namespace po = boost::program_options;
namespace {

constexpr const char* kSimulatedSys = "/sys";

bool is_own_namespace(int fd, const char* own) {
  struct stat theirs {};
  struct stat ours {};
  return ::fstat(fd, &theirs) == 0 && ::stat(own, &ours) == 0 && theirs.st_ino == ours.st_ino &&
         theirs.st_dev == ours.st_dev;
}

// FUSE lets nobody in who is outside of the user namespace that it was mounted in.
bool enter_namespaces_of(std::uint32_t pid) {
  const launch::Fd user(::open(fmt::format("/proc/{}/ns/user", pid).c_str(), O_RDONLY | O_CLOEXEC));
  const launch::Fd mounts(
      ::open(fmt::format("/proc/{}/ns/mnt", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!user.is_open() || !mounts.is_open()) return false;
  if (!is_own_namespace(user.get(), "/proc/self/ns/user") &&
      ::setns(user.get(), CLONE_NEWUSER) != 0) {
    return false;
  }
  return ::setns(mounts.get(), CLONE_NEWNS) == 0;
}

}  // namespace

void add_sysroot_options(Syntax& syntax) {
  syntax.options.add_options()("sysroot", po::value<std::string>()->value_name("DIR"),
                               "the directory that the host is mounted on; else $MDEVSIM_SYS or "
                               "/sys");
  syntax.options.add_options()("inside", po::value<std::uint32_t>()->value_name("PID"),
                               "the /sys that this process sees: one that mdevsim run has started");
}

Result<std::string> sysroot_of(const Arguments& given) {
  if (given.has("inside")) {
    if (given.has("sysroot")) return fail(Errc::invalid, "give either SYSROOT or --inside");
    const auto pid = given.values["inside"].as<std::uint32_t>();
    if (enter_namespaces_of(pid)) return kSimulatedSys;
    return fail(Errc::access, fmt::format("cannot look at the /sys of process {}: {}", pid,
                                          std::strerror(errno)));
  }
  if (given.has("sysroot")) return given.text("sysroot");
  const char* const told = std::getenv("MDEVSIM_SYS");
  return std::string(told == nullptr ? kSimulatedSys : told);
}

std::string why_no_host(int error, const std::string& sysroot, const std::string& file) {
  if (error != ENOENT && error != ENOTDIR) {
    return fmt::format("{}/kernel/mdevsim/{}: {}", sysroot, file, std::strerror(error));
  }
  return fmt::format(
      "{} is not the /sys of a simulated host; name the directory that one is mounted on, or with "
      "--inside a process that sees one",
      sysroot);
}

}  // namespace mdevsim::cli
