// How an open text attribute reads. Each case is a recording of the kernel's or follows from
// seq_file's rule.
#include "fusefs/fuse/open_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/base/limits.h"

namespace mdevsim::fusefs {
namespace {

class FakeText : public TextSource {
 public:
  Errc show(std::string& text) override {
    ++shows;
    if (gone) return Errc::no_device;
    if (error != Errc::ok) return error;
    text = value;
    return Errc::ok;
  }
  bool alive() override { return !gone; }

  std::string value;
  Errc error = Errc::ok;
  bool gone = false;
  int shows = 0;
};

// What happens to the attribute before a read.
enum class Before { nothing, changes, object_goes, show_fails, show_works };

struct Step {
  Before before;
  std::uint64_t offset;
  std::size_t size;
  std::string expected;
  Errc errc = Errc::ok;
};

struct Case {
  std::string name;
  std::vector<Step> steps;
  int shows;
};

class TextSnapshotReads : public testing::TestWithParam<Case> {};

TEST_P(TextSnapshotReads, AsTheKernelDoes) {
  FakeText source;
  source.value = "12\n";
  TextSnapshot snapshot;
  int number = 0;
  for (const Step& step : GetParam().steps) {
    SCOPED_TRACE(number++);
    if (step.before == Before::changes) source.value = "4567\n";
    if (step.before == Before::object_goes) source.gone = true;
    if (step.before == Before::show_fails) source.error = Errc::io;
    if (step.before == Before::show_works) source.error = Errc::ok;
    std::string out;
    EXPECT_EQ(snapshot.read(step.offset, step.size, source, out), step.errc);
    EXPECT_EQ(out, step.expected);
  }
  EXPECT_EQ(source.shows, GetParam().shows);
}

using enum Before;

INSTANTIATE_TEST_SUITE_P(
    All, TextSnapshotReads,
    testing::Values(
        Case{"WholeThenEnd", {{nothing, 0, 4096, "12\n"}, {nothing, 3, 4096, ""}}, 1},
        Case{"PiecesOfOneText",
             {{nothing, 0, 1, "1"}, {nothing, 1, 1, "2"}, {nothing, 2, 9, "\n"}},
             1},
        Case{"ContinuingReadGetsTheOldText", {{nothing, 0, 1, "1"}, {changes, 1, 64, "2\n"}}, 1},
        Case{"EndStaysTheEndAfterAChange", {{nothing, 0, 64, "12\n"}, {changes, 3, 64, ""}}, 1},
        Case{"RewindMakesTheTextAnew", {{nothing, 0, 64, "12\n"}, {changes, 0, 64, "4567\n"}}, 2},
        Case{"JumpMakesTheTextAnew", {{nothing, 0, 64, "12\n"}, {changes, 1, 64, "567\n"}}, 2},
        Case{"JumpOnAFreshFile", {{nothing, 1, 64, "2\n"}, {nothing, 3, 64, ""}}, 1},
        Case{"BehindTheEndIsEmpty", {{nothing, 5000, 64, ""}, {nothing, 5000, 64, ""}}, 1},
        Case{"GoneBeforeTheFirstRead", {{object_goes, 0, 64, "", Errc::no_device}}, 1},
        Case{"GoneAtTheEnd",
             {{nothing, 0, 64, "12\n"}, {object_goes, 3, 64, "", Errc::no_device}},
             1},
        Case{"GoneInTheMiddleDeliversTheRest",
             {{nothing, 0, 1, "1"},
              {object_goes, 1, 64, "2\n"},
              {nothing, 3, 64, "", Errc::no_device}},
             1},
        Case{
            "GoneAndRewound", {{nothing, 0, 1, "1"}, {object_goes, 0, 64, "", Errc::no_device}}, 2},
        Case{"GoneAndJumped", {{nothing, 0, 1, "1"}, {object_goes, 2, 64, "", Errc::no_device}}, 2},
        Case{"FailedReadCanBeRepeated",
             {{show_fails, 0, 64, "", Errc::io}, {show_works, 0, 64, "12\n"}},
             2},
        Case{"FailedJumpForgetsWhereItWas",
             {{nothing, 0, 1, "1"}, {show_fails, 2, 9, "", Errc::io}, {show_works, 1, 9, "2\n"}},
             3}),
    [](const auto& test) { return test.param.name; });

TEST(TextSnapshot, CutsTheTextAtOnePageLessOne) {
  FakeText source;
  source.value = std::string(5000, 'x');
  TextSnapshot snapshot;
  std::string out;
  EXPECT_EQ(snapshot.read(0, 65536, source, out), Errc::ok);
  EXPECT_EQ(out.size(), kShowBytesMax);
}

TEST(TextSnapshot, EmptyTextIsTheEnd) {
  FakeText source;
  TextSnapshot snapshot;
  std::string out;
  EXPECT_EQ(snapshot.read(0, 64, source, out), Errc::ok);
  EXPECT_EQ(out, "");
}

TEST(OpenFile, IsAsNewAfterReset) {
  FakeText source;
  source.value = "old\n";
  OpenFile file;
  file.seen_changes = 3;
  std::string out;
  {
    const MutexLock lock(file.mutex);
    ASSERT_EQ(file.text.read(0, 1, source, out), Errc::ok);
  }
  file.reset();
  source.value = "new\n";
  out.clear();
  {
    const MutexLock lock(file.mutex);
    ASSERT_EQ(file.text.read(1, 9, source, out), Errc::ok);
  }
  EXPECT_EQ(out, "ew\n");
  EXPECT_EQ(file.seen_changes, 0U);
}

}  // namespace
}  // namespace mdevsim::fusefs
