// For tests in C++ with GoogleTest: a simulated host for the time of a test, and what one asks of
// its files. Stands alone: it needs this header, GoogleTest and the program mdevsim.
//
//   TEST(Manager, TellsAFullParent) {
//     const mdevsim_test::Host host;
//     const std::string create =
//         host.path("class/mdev_bus/mtty/mdev_supported_types/mtty-1/create");
//     host.fault("at=create errno=ENOSPC");
//     EXPECT_ERRNO(ENOSPC, mdevsim_test::write_file(create, kUuid));
//   }
//
// A Host is mounted on a directory of its own. That is for code that is told where sysfs is. For
// code that looks at /sys let CTest run the whole test program inside of a host
// (mdevsim_add_test in MdevsimTest.cmake); then Host::inside() is that host.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace mdevsim_test {

// One write(2) of a file that is opened for it: the number of bytes, or -1 with errno.
inline ssize_t write_file(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t written = ::write(fd, text.data(), text.size());
  const int error = errno;
  ::close(fd);
  errno = error;
  return written;
}

// All of a file into `text`: the number of bytes, or -1 with errno.
inline ssize_t read_file(const std::string& path, std::string& text) {
  text.clear();
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = ::read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const int error = errno;
  ::close(fd);
  errno = error;
  return count < 0 ? -1 : static_cast<ssize_t>(text.size());
}

// The same where it must succeed: throws what std::system_error says otherwise.
inline std::string read_file(const std::string& path) {
  std::string text;
  if (read_file(path, text) < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot read " + path);
  }
  return text;
}

class Host {
 public:
  static constexpr const char* kSamples = "builtin:kernel-samples";

  // Mounts the host of a file ("builtin:NAME" or a path) on a new directory below $TMPDIR. Throws
  // std::runtime_error when that fails; mdevsim has then said why on standard error. The program is
  // $MDEVSIM, or mdevsim of $PATH. Needs root, or fusermount3.
  explicit Host(const std::string& host_file = kSamples) {
    std::string made = (std::filesystem::temp_directory_path() / "mdevsim-XXXXXX").string();
    if (::mkdtemp(made.data()) == nullptr) throw std::runtime_error("cannot make " + made);
    root_ = made;
    mounted_ = true;
    if (run({program(), "mount", host_file, root_}) == 0) return;
    ::rmdir(root_.c_str());
    throw std::runtime_error("mdevsim mount " + host_file + " failed");
  }

  // The host that this process runs in: started by mdevsim run.
  static Host inside() {
    const char* const root = std::getenv("MDEVSIM_SYS");
    if (root == nullptr) throw std::runtime_error("this process does not run in mdevsim run");
    return Host(Inside{root});
  }

  ~Host() {
    if (!mounted_) return;
    run({"umount", "--quiet", "--lazy", root_});
    if (::rmdir(root_.c_str()) != 0) run({"fusermount3", "-u", "-z", root_});
    ::rmdir(root_.c_str());
  }
  Host(Host&& other) noexcept
      : root_(std::move(other.root_)), mounted_(std::exchange(other.mounted_, false)) {}
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  Host& operator=(Host&&) = delete;

  const std::string& root() const { return root_; }
  // "class/mdev_bus" below the host's /sys.
  std::string path(std::string_view below) const { return root_ + "/" + std::string(below); }

  // A fault rule, "at=create errno=ENOSPC times=1": mdevsim-fault(1).
  void fault(std::string_view rule) const { control("faults", std::string(rule) + "\n"); }
  void clear_faults() const { control("faults", "remove=all\n"); }
  // The last requests, a line of JSON each: mdevsim-trace(1).
  std::string trace() const { return read_file(path("kernel/mdevsim/trace")); }

 private:
  struct Inside {
    const char* root;
  };
  explicit Host(Inside inside) : root_(inside.root) {}

  static std::string program() {
    const char* const named = std::getenv("MDEVSIM");
    return named == nullptr ? "mdevsim" : named;
  }

  // The exit status of a command; 127 when it cannot be started.
  static int run(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      ::execvp(arguments[0], arguments.data());
      ::_exit(127);
    }
    int status = 0;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
  }

  void control(std::string_view file, const std::string& text) const {
    if (write_file(path("kernel/mdevsim/" + std::string(file)), text) < 0) {
      throw std::system_error(errno, std::generic_category(), "refused: " + text);
    }
  }

  std::string root_;
  bool mounted_ = false;
};

// What EXPECT_ERRNO says.
template <typename Call>
testing::AssertionResult fails_with(const char* text, Call call, int expected, const char* name) {
  errno = 0;
  const auto result = call();
  const int error = errno;
  if (result == -1 && error == expected) return testing::AssertionSuccess();
  testing::AssertionResult failure = testing::AssertionFailure();
  failure << text << "\n  expected: -1 with " << name << " (" << std::strerror(expected)
          << ")\n    actual: " << result;
  if (result == -1) failure << " with errno " << error << " (" << std::strerror(error) << ")";
  return failure;
}

}  // namespace mdevsim_test

// The expression, whatever it calls, gives -1 and sets errno to this.
#define EXPECT_ERRNO(expected, expression) \
  EXPECT_TRUE(::mdevsim_test::fails_with(  \
      #expression, [&] { return (expression); }, expected, #expected))
#define ASSERT_ERRNO(expected, expression) \
  ASSERT_TRUE(::mdevsim_test::fails_with(  \
      #expression, [&] { return (expression); }, expected, #expected))
