#include "fusefs/fuse/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace mdevsim::fusefs {
namespace {

// What a log writes for a message.
std::string logged(bool journal, std::string_view message) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  Log log(LogLevel::info, journal, ends[1]);
  log.info(message);
  log.debug("is not enabled");
  ::close(ends[1]);
  std::array<char, 256> bytes{};
  const ssize_t size = ::read(ends[0], bytes.data(), bytes.size());
  ::close(ends[0]);
  return {bytes.data(), static_cast<std::size_t>(size)};
}

TEST(Log, AMessageIsOneLineWhateverAClientWrote) {
  EXPECT_EQ(logged(false, "pid 1: EINVAL: /a: \"x\nmdevsim-server: error: \x1b[1m\" is no number…"),
            "mdevsim-server: pid 1: EINVAL: /a: \"x\\nmdevsim-server: error: \\x1b[1m\" is no "
            "number…\n");
}

TEST(Log, LinesForTheJournalHaveAPriority) { EXPECT_EQ(logged(true, "a"), "<6>a\n"); }

}  // namespace
}  // namespace mdevsim::fusefs
