// The C++ binding, as somebody's test program would use it. It runs twice: by itself, and inside of
// a host.
#include "bindings/cxx/mdevsim_test.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <string>

namespace {

using mdevsim_test::Host;
using mdevsim_test::read_file;
using mdevsim_test::write_file;

const std::string kUuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
constexpr const char* kType = "class/mdev_bus/mtty/mdev_supported_types/mtty-2";

TEST(MountedHost, IsThereAndGoesWithTheObject) {
  std::string root;
  {
    const Host host;
    root = host.root();
    EXPECT_EQ(read_file(host.path(std::string(kType) + "/name")), "Dual port serial\n");
  }
  EXPECT_FALSE(std::filesystem::exists(root));
}

TEST(MountedHost, ErrnosFaultsAndTrace) {
  const Host host;
  const std::string create = host.path(std::string(kType) + "/create");
  host.fault("at=create errno=ENOSPC times=1");
  EXPECT_ERRNO(ENOSPC, write_file(create, kUuid));
  EXPECT_EQ(write_file(create, kUuid), static_cast<ssize_t>(kUuid.size()));
  EXPECT_ERRNO(EEXIST, write_file(create, kUuid));
  EXPECT_ERRNO(EACCES, ::open(create.c_str(), O_RDONLY));
  EXPECT_NE(host.trace().find("\"result\":\"ENOSPC\""), std::string::npos);
  host.clear_faults();
  EXPECT_THROW(host.fault("at=lunch"), std::system_error);
}

TEST(MountedHost, CannotBeOfAFileThatIsNone) {
  EXPECT_THROW(Host("/nothing.toml"), std::runtime_error);
}

TEST(ExpectErrno, SaysWhatWasExpectedAndWhatCame) {
  EXPECT_NONFATAL_FAILURE(EXPECT_ERRNO(EBUSY, write_file("/nothing", "x")),
                          "expected: -1 with EBUSY (Device or resource busy)");
  EXPECT_NONFATAL_FAILURE(EXPECT_ERRNO(EBUSY, write_file("/nothing", "x")),
                          "actual: -1 with errno 2 (No such file or directory)");
  EXPECT_NONFATAL_FAILURE(EXPECT_ERRNO(EBUSY, 3), "actual: 3");
}

TEST(InsideOfARun, TheHostIsTheSysThatIsSeen) {
  const Host host = Host::inside();
  EXPECT_EQ(host.root(), "/sys");
  const std::string create = host.path(std::string(kType) + "/create");
  EXPECT_EQ(write_file(create, kUuid), static_cast<ssize_t>(kUuid.size()));
  EXPECT_ERRNO(EEXIST, write_file(create, kUuid));
}

}  // namespace
