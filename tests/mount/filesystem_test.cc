// What kernfs does with files and directories, seen through a real mount. (The whole of what was
// recorded of a kernel is compared in tests/oracle; these are the rules by name.)
#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/mounted_host.h"

namespace mdevsim {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MountedHost;
using testing::uuid_text;

const std::string kParent = "devices/virtual/mtty/mtty/";
const std::string kType = kParent + "mdev_supported_types/mtty-2/";

// A system call's result or, when it failed, its errno negated.
template <typename Number>
long result(Number value) {
  return value < 0 ? -errno : static_cast<long>(value);
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

std::string read_some(int fd, std::size_t size) {
  std::string text(size, '\0');
  const ssize_t count = ::read(fd, text.data(), size);
  if (count < 0) return "errno " + std::to_string(errno);
  text.resize(static_cast<std::size_t>(count));
  return text;
}

std::string pread_some(int fd, std::size_t size, off_t offset) {
  std::string text(size, '\0');
  const ssize_t count = ::pread(fd, text.data(), size, offset);
  if (count < 0) return "errno " + std::to_string(errno);
  text.resize(static_cast<std::size_t>(count));
  return text;
}

class FileSystem : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { testing::enter_own_namespaces(); }

  std::string at(const std::string& below) const { return host.path(below); }
  std::string instance(int number, const std::string& name = "") const {
    return at(kParent + uuid_text(number) + "/" + name);
  }
  int open(const std::string& path, int flags) const { return ::open(path.c_str(), flags); }
  long opening(const std::string& path, int flags) const {
    const Fd fd(::open(path.c_str(), flags, 0644));
    return fd.get() < 0 ? -errno : 0;
  }
  long write(const std::string& path, const std::string& bytes) const {
    const Fd fd(open(path, O_WRONLY));
    if (fd.get() < 0) return -errno;
    return result(::write(fd.get(), bytes.data(), bytes.size()));
  }
  long create(int number) const { return write(at(kType + "create"), uuid_text(number)); }
  long remove(int number) const { return write(instance(number, "remove"), "1"); }
  std::string read(const std::string& path) const {
    const Fd fd(open(path, O_RDONLY));
    if (fd.get() < 0) return "open: errno " + std::to_string(errno);
    return read_some(fd.get(), 65536);
  }
  struct stat stat(const std::string& path) const {
    struct stat out {};
    EXPECT_EQ(::lstat(path.c_str(), &out), 0) << path;
    return out;
  }
  std::vector<std::string> names(const std::string& path) const {
    std::vector<std::string> found;
    DIR* const directory = ::opendir(path.c_str());
    EXPECT_NE(directory, nullptr) << path;
    while (const dirent* entry = ::readdir(directory)) found.emplace_back(entry->d_name);
    ::closedir(directory);
    return found;
  }

  MountedHost host{{}};
};

// ---- reading ------------------------------------------------------------------------------------

TEST_F(FileSystem, ReadContinuesTheOldTextAndRewindMakesItAnew) {
  const Fd fd(open(at(kType + "available_instances"), O_RDONLY));
  EXPECT_EQ(read_some(fd.get(), 1), "1");
  ASSERT_EQ(create(1), 36);
  EXPECT_EQ(read_some(fd.get(), 64), "2\n");
  EXPECT_EQ(read_some(fd.get(), 64), "");
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_SET), 0);
  EXPECT_EQ(read_some(fd.get(), 64), "11\n");
  EXPECT_EQ(pread_some(fd.get(), 64, 1), "1\n");
}

TEST_F(FileSystem, ValueIsTakenAtTheFirstReadNotAtOpen) {
  const Fd fd(open(at(kType + "available_instances"), O_RDONLY));
  ASSERT_EQ(create(1), 36);
  EXPECT_EQ(read_some(fd.get(), 64), "11\n");
}

TEST_F(FileSystem, SizeIsOnePageWhateverIsReadOrWritten) {
  const std::string name = at(kType + "name");
  EXPECT_EQ(stat(name).st_size, 4096);
  const Fd fd(open(name, O_RDONLY));
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_END), 4096);
  EXPECT_EQ(::truncate(name.c_str(), 10), 0);
  EXPECT_EQ(stat(name).st_size, 4096);
  const std::string create_file = at(kType + "create");
  EXPECT_EQ(opening(create_file, O_WRONLY | O_TRUNC | O_CREAT), 0);
  EXPECT_EQ(stat(create_file).st_size, 4096);
}

TEST_F(FileSystem, SpliceLeavesNeitherAWrongSizeNorAnOldValue) {
  const std::string path = at(kType + "available_instances");
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(::pipe(pipe_ends.data()), 0);
  const Fd reader(pipe_ends[0]);
  const Fd writer(pipe_ends[1]);
  const Fd fd(open(path, O_RDONLY));
  off_t offset = 0;
  ASSERT_EQ(result(::sendfile(writer.get(), fd.get(), &offset, 100)), 3);
  EXPECT_EQ(read_some(reader.get(), 64), "12\n");
  // A change goes through the completion thread, behind the invalidation.
  ASSERT_EQ(create(1), 36);
  EXPECT_EQ(stat(path).st_size, 4096);
  EXPECT_EQ(read(path), "11\n");
  offset = 0;
  ASSERT_GE(result(::sendfile(writer.get(), fd.get(), &offset, 3)), 0);
  EXPECT_EQ(read_some(reader.get(), 3), "11\n");
}

TEST_F(FileSystem, BinaryAttributeReadsAtOffsetsAndEndsAtItsSize) {
  const std::string config = at("devices/pci0000:3b/0000:3b:00.0/config");
  const auto size = static_cast<std::size_t>(stat(config).st_size);
  ASSERT_TRUE(size == 256 || size == 4096) << size;
  const Fd fd(open(config, O_RDWR));
  EXPECT_EQ(pread_some(fd.get(), 2, 0), "\xde\x10");
  EXPECT_EQ(pread_some(fd.get(), 2, 2), "\xb8\x1e");
  EXPECT_EQ(pread_some(fd.get(), 16, static_cast<off_t>(size)), "");
  EXPECT_EQ(pread_some(fd.get(), 65536, 0).size(), size);
  EXPECT_EQ(result(::pwrite(fd.get(), "xy", 2, static_cast<off_t>(size))), -EFBIG);
  EXPECT_EQ(result(::pwrite(fd.get(), "\0\0", 2, static_cast<off_t>(size - 1))), 1);
}

// ---- opening ------------------------------------------------------------------------------------

TEST_F(FileSystem, ModeBitsBindRootToo) {
  EXPECT_EQ(opening(at(kType + "create"), O_RDONLY), -EACCES);
  EXPECT_EQ(opening(at(kType + "create"), O_RDWR), -EACCES);
  EXPECT_EQ(opening(at(kType + "create"), O_WRONLY), 0);
  EXPECT_EQ(opening(at(kType + "name"), O_WRONLY), -EACCES);
  EXPECT_EQ(opening(at(kType + "name"), O_RDONLY), 0);
  EXPECT_EQ(opening(at(kType + "create"), 3), 0);
}

TEST_F(FileSystem, ChangedModeOpensButTheDriverHasNothingToRead) {
  const std::string path = at(kType + "create");
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(read(path), "errno " + std::to_string(EIO));
}

TEST_F(FileSystem, DirectIoIsInvalid) {
  EXPECT_EQ(opening(at(kType + "name"), O_RDONLY | O_DIRECT), -EINVAL);
  EXPECT_EQ(opening(at(kType), O_RDONLY | O_DIRECT), -EINVAL);
  EXPECT_EQ(opening(at(kType + "create"), O_RDONLY | O_DIRECT), -EACCES);
}

TEST_F(FileSystem, FlagsOfAnUnreadableFileCanBeAskedFor) {
  const Fd fd(open(at(kType + "create"), O_WRONLY));
  long flags = 0;
  EXPECT_EQ(result(::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags)), -ENOTTY);
}

TEST_F(FileSystem, NothingCanBeMadeRenamedOrUnlinked) {
  const std::string directory = at(kType);
  const std::string name = directory + "name";
  const std::string made = directory + "made";
  EXPECT_EQ(result(::mkdir(made.c_str(), 0755)), -EPERM);
  EXPECT_EQ(result(::symlink("x", made.c_str())), -EPERM);
  EXPECT_EQ(result(::mkfifo(made.c_str(), 0600)), -EPERM);
  EXPECT_EQ(result(::link(name.c_str(), made.c_str())), -EPERM);
  EXPECT_EQ(result(::rename(name.c_str(), made.c_str())), -EPERM);
  EXPECT_EQ(result(::unlink(name.c_str())), -EPERM);
  EXPECT_EQ(result(::rmdir((directory + "devices").c_str())), -EPERM);
  EXPECT_EQ(opening(made, O_WRONLY | O_CREAT), -EACCES);
  EXPECT_EQ(opening(directory + std::string(300, 'n'), O_RDONLY), -ENOENT);
}

TEST_F(FileSystem, StatfsCountsNothing) {
  struct statvfs statistics {};
  ASSERT_EQ(::statvfs(at("").c_str(), &statistics), 0);
  EXPECT_EQ(statistics.f_bsize, 4096U);
  EXPECT_EQ(statistics.f_blocks, 0U);
  EXPECT_EQ(statistics.f_namemax, 255U);
}

TEST_F(FileSystem, SyncingADirectoryIsInvalid) {
  const Fd file(open(at(kType + "name"), O_RDONLY));
  const Fd directory(open(at(kType), O_RDONLY));
  EXPECT_EQ(result(::fsync(file.get())), 0);
  EXPECT_EQ(result(::fsync(directory.get())), -EINVAL);
}

TEST_F(FileSystem, ChangedModesOwnersAndTimesStay) {
  const std::string path = at(kType + "name");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  const std::array<timespec, 2> times = {timespec{1'000'000'000, 5}, timespec{1'000'000'001, 6}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
  EXPECT_EQ(stat(path).st_mode & 07777, 0640U);
  EXPECT_EQ(stat(path).st_mtim.tv_sec, 1'000'000'001);
  EXPECT_EQ(stat(path).st_mtim.tv_nsec, 6);
}

TEST_F(FileSystem, UserAttributesAndAclsAreNotSupported) {
  const std::string path = at(kType + "name");
  std::array<char, 64> value{};
  EXPECT_EQ(result(::setxattr(path.c_str(), "user.x", "1", 1, 0)), -EOPNOTSUPP);
  EXPECT_EQ(result(::getxattr(path.c_str(), "user.x", value.data(), value.size())), -ENODATA);
  EXPECT_EQ(result(::getxattr(path.c_str(), "system.posix_acl_access", value.data(), value.size())),
            -EOPNOTSUPP);
}

TEST_F(FileSystem, SecurityAttributesAreKept) {
  const std::string path = at(kType + "name");
  std::array<char, 64> value{};
  ASSERT_EQ(result(::setxattr(path.c_str(), "security.x", "abc", 3, 0)), 0);
  EXPECT_EQ(result(::getxattr(path.c_str(), "security.x", value.data(), value.size())), 3);
  EXPECT_EQ(result(::getxattr(path.c_str(), "security.x", value.data(), 0)), 3);
  EXPECT_EQ(result(::getxattr(path.c_str(), "security.x", value.data(), 2)), -ERANGE);
  EXPECT_EQ(result(::listxattr(path.c_str(), value.data(), value.size())), 11);
  EXPECT_EQ(result(::removexattr(path.c_str(), "security.x")), 0);
  EXPECT_EQ(result(::listxattr(path.c_str(), value.data(), value.size())), 0);
}

// ---- writing ------------------------------------------------------------------------------------

TEST_F(FileSystem, WriteIsOneValueWhateverItsOffset) {
  const Fd fd(open(at(kType + "create"), O_WRONLY));
  const std::string uuid = uuid_text(1);
  EXPECT_EQ(result(::pwrite(fd.get(), uuid.data(), uuid.size(), 4096)), 36);
  std::string half = uuid_text(2);
  std::array<iovec, 2> halves = {iovec{half.data(), 18}, iovec{half.data() + 18, 18}};
  EXPECT_EQ(result(::writev(fd.get(), halves.data(), 2)), 36);
  EXPECT_EQ(names(at(kType + "devices")).size(), 4U);
}

TEST_F(FileSystem, LongWriteIsCutToOnePage) {
  ASSERT_EQ(create(1), 36);
  std::string bytes(5000, '\0');
  bytes[0] = '1';
  EXPECT_EQ(write(instance(1, "remove"), bytes), 4096);
}

TEST_F(FileSystem, FailedWriteGivesTheStoresErrno) {
  ASSERT_EQ(create(1), 36);
  EXPECT_EQ(create(1), -EEXIST);
  EXPECT_EQ(write(at(kType + "create"), "junk"), -EINVAL);
}

TEST_F(FileSystem, CreationIsCompleteWhenTheWriteReturns) {
  struct stat unused {};
  ASSERT_EQ(result(::lstat(instance(1).c_str(), &unused)), -ENOENT);
  const nlink_t links_before = stat(at(kParent)).st_nlink;
  ASSERT_EQ(create(1), 36);
  EXPECT_EQ(result(::lstat(instance(1, "mdev_type").c_str(), &unused)), 0);
  EXPECT_THAT(names(at(kType + "devices")), Contains(uuid_text(1)));
  EXPECT_EQ(stat(at(kParent)).st_nlink, links_before + 1);
}

// ---- removal ------------------------------------------------------------------------------------

TEST_F(FileSystem, OpenFilesOfARemovedObjectSayNoDevice) {
  ASSERT_EQ(create(1), 36);
  const Fd read_before(open(instance(1, "uevent"), O_RDONLY));
  const Fd started(open(instance(1, "uevent"), O_RDONLY));
  const Fd remover(open(instance(1, "remove"), O_WRONLY));
  EXPECT_EQ(read_some(read_before.get(), 64), "DRIVER=mtty\n");
  EXPECT_EQ(read_some(started.get(), 3), "DRI");
  ASSERT_EQ(remove(1), 1);
  const std::string no_device = "errno " + std::to_string(ENODEV);
  EXPECT_EQ(read_some(read_before.get(), 64), no_device);
  EXPECT_EQ(pread_some(read_before.get(), 64, 0), no_device);
  EXPECT_EQ(read_some(started.get(), 64), "VER=mtty\n");
  EXPECT_EQ(result(::write(remover.get(), "1", 1)), -ENODEV);
  struct stat held {};
  EXPECT_EQ(::fstat(started.get(), &held), 0);
  EXPECT_EQ(held.st_size, 4096);
}

TEST_F(FileSystem, OpenDirectoryOfARemovedObjectIsEmpty) {
  ASSERT_EQ(create(1), 36);
  ASSERT_FALSE(read(instance(1, "uevent")).empty());
  const Fd directory(open(instance(1), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(remove(1), 1);
  EXPECT_EQ(result(::openat(directory.get(), "uevent", O_RDONLY)), -ENOENT);
  EXPECT_EQ(names("/proc/self/fd/" + std::to_string(directory.get()) + "/."),
            (std::vector<std::string>{".", ".."}));
  struct stat held {};
  ASSERT_EQ(::fstat(directory.get(), &held), 0);
  EXPECT_EQ(held.st_nlink, 2U);
}

TEST_F(FileSystem, RecreatedObjectIsAnother) {
  ASSERT_EQ(create(1), 36);
  const ino_t before = stat(instance(1)).st_ino;
  const Fd old(open(instance(1, "uevent"), O_RDONLY));
  ASSERT_EQ(::chmod(instance(1, "uevent").c_str(), 0600), 0);
  ASSERT_EQ(remove(1), 1);
  ASSERT_EQ(create(1), 36);
  EXPECT_NE(stat(instance(1)).st_ino, before);
  EXPECT_EQ(stat(instance(1, "uevent")).st_mode & 07777, 0644U);
  EXPECT_EQ(read_some(old.get(), 64), "errno " + std::to_string(ENODEV));
}

TEST_F(FileSystem, DirectoryReadOnAfterARemovalNeitherRepeatsNorFails) {
  for (int number = 1; number <= 12; ++number) ASSERT_EQ(create(number), 36);
  DIR* const directory = ::opendir(at(kType + "devices").c_str());
  ASSERT_NE(directory, nullptr);
  std::vector<std::string> seen;
  for (int count = 0; count < 3; ++count) seen.emplace_back(::readdir(directory)->d_name);
  for (int number = 1; number <= 6; ++number) ASSERT_EQ(remove(number), 1);
  const long position = ::telldir(directory);
  ::seekdir(directory, position);
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) seen.emplace_back(entry->d_name);
  EXPECT_EQ(errno, 0);
  ::closedir(directory);
  const std::size_t total = seen.size();
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_EQ(seen.size(), total);
  for (int number = 7; number <= 12; ++number) EXPECT_THAT(seen, Contains(uuid_text(number)));
}

// ---- poll ---------------------------------------------------------------------------------------

TEST_F(FileSystem, PollReportsAnUnreadAndAGoneAttribute) {
  constexpr short kAll = POLLIN | POLLOUT | POLLPRI | POLLERR;
  ASSERT_EQ(create(1), 36);
  const Fd fd(open(instance(1, "uevent"), O_RDONLY));
  pollfd poller{fd.get(), kAll, 0};
  EXPECT_EQ(::poll(&poller, 1, 0), 1);
  EXPECT_EQ(poller.revents, kAll);
  read_some(fd.get(), 64);
  EXPECT_EQ(::poll(&poller, 1, 0), 1);
  EXPECT_EQ(poller.revents, POLLIN | POLLOUT);
  ASSERT_EQ(remove(1), 1);
  EXPECT_EQ(::poll(&poller, 1, 0), 1);
  EXPECT_EQ(poller.revents, kAll);
}

TEST_F(FileSystem, WaitingPollerIsWokenWhenTheObjectGoes) {
  ASSERT_EQ(create(1), 36);
  const Fd fd(open(instance(1, "uevent"), O_RDONLY));
  read_some(fd.get(), 64);
  short woken = 0;
  std::thread waiter([&] {
    pollfd poller{fd.get(), POLLPRI, 0};
    EXPECT_EQ(::poll(&poller, 1, -1), 1);
    woken = poller.revents;
  });
  EXPECT_EQ(remove(1), 1);
  waiter.join();
  EXPECT_EQ(woken, POLLPRI | POLLERR);
}

// ---- ends ---------------------------------------------------------------------------------------

TEST_F(FileSystem, WhateverWaitsIsAnsweredWhenTheSessionEnds) {
  ASSERT_EQ(create(1), 36);
  const Fd hold(open(at("kernel/mdevsim/devices/" + uuid_text(1) + "/hold"), O_RDONLY));
  ASSERT_GE(hold.get(), 0) << errno;
  std::atomic<long> removed = 0;
  std::thread remover([&] { removed = remove(1); });
  struct stat unused {};
  while (::lstat(instance(1, "mdev_type").c_str(), &unused) == 0) std::this_thread::yield();
  EXPECT_EQ(host.stop(), fusefs::SessionEnd::lifeline);
  remover.join();
  EXPECT_EQ(removed, -ENODEV);
}

TEST_F(FileSystem, UnmountingEndsTheSession) {
  ASSERT_EQ(result(::umount2(host.directory().c_str(), MNT_DETACH)), 0);
  EXPECT_EQ(host.wait(), fusefs::SessionEnd::unmounted);
}

TEST_F(FileSystem, FilesMayBeOpenWhenTheSessionEnds) {
  const Fd file(open(at(kType + "name"), O_RDONLY));
  const Fd directory(open(at(kType), O_RDONLY));
  EXPECT_EQ(host.stop(), fusefs::SessionEnd::lifeline);
  EXPECT_EQ(read_some(file.get(), 1), "errno " + std::to_string(ENOTCONN));
}

// ---- many at once -------------------------------------------------------------------------------

TEST_F(FileSystem, OneOfManyCreatorsOfAUuidWins) {
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> won = 0;
    std::atomic<int> lost = 0;
    std::vector<std::thread> threads;
    for (int number = 0; number < 16; ++number) {
      threads.emplace_back([&] {
        const long made = create(1);
        if (made == 36) ++won;
        if (made == -EEXIST) ++lost;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 15);
    ASSERT_EQ(remove(1), 1);
  }
}

TEST_F(FileSystem, MakersReadersAndWalkersDoNotWaitForEachOtherForEver) {
  std::atomic<bool> done = false;
  std::vector<std::thread> watchers;
  for (int number = 0; number < 2; ++number) {
    watchers.emplace_back([&] {
      while (!done) {
        names(at(kParent));
        read(at(kType + "available_instances"));
        read(instance(2, "uevent"));
        struct stat unused {};
        ::stat(at("bus/mdev/devices/" + uuid_text(3) + "/mdev_type/name").c_str(), &unused);
      }
    });
  }
  std::vector<std::thread> makers;
  for (int number = 1; number <= 4; ++number) {
    makers.emplace_back([&, number] {
      for (int round = 0; round < 50; ++round) {
        EXPECT_EQ(create(number), 36);
        struct stat made {};
        EXPECT_EQ(::stat(instance(number, "mdev_type").c_str(), &made), 0);
        EXPECT_EQ(remove(number), 1);
        EXPECT_EQ(result(::stat(instance(number).c_str(), &made)), -ENOENT);
      }
    });
  }
  for (std::thread& maker : makers) maker.join();
  done = true;
  for (std::thread& watcher : watchers) watcher.join();
  EXPECT_EQ(read(at(kType + "available_instances")), "12\n");
}

// ---- observers ----------------------------------------------------------------------------------

class Seen : public fusefs::Observer {
 public:
  void before(const fusefs::RequestFacts&) override {}
  void after(const fusefs::RequestFacts& facts, const fusefs::Answer& answer) override {
    if (facts.operation != fusefs::Operation::write) return;
    const MutexLock lock(mutex);
    writes.push_back(std::string(facts.detail) + " " + std::string(errc_symbol(answer.errc)) + " " +
                     std::to_string(answer.bytes) +
                     (fusefs::read_command_name(facts.pid) == "?" ? " ?" : ""));
  }
  Mutex mutex;
  std::vector<std::string> writes;
};

TEST(Observers, SeeWhoWroteWhatAndWhatItGot) {
  testing::enter_own_namespaces();
  Seen seen;
  MountedHost host({.observer = &seen});
  const auto write = [&host](const std::string& bytes) {
    const Fd fd(::open(host.path(kType + "create").c_str(), O_WRONLY));
    return result(::write(fd.get(), bytes.data(), bytes.size()));
  };
  EXPECT_EQ(write(uuid_text(1)), 36);
  EXPECT_EQ(write("junk"), -EINVAL);
  host.stop();
  EXPECT_THAT(seen.writes, ElementsAre(uuid_text(1) + " OK 36", "junk EINVAL 0"));
}

}  // namespace
}  // namespace mdevsim
