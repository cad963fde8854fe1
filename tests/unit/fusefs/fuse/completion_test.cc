// What the completion thread does, and in which order.
#include "fusefs/fuse/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace mdevsim::fusefs {
namespace {

using sysfs::Kind;
using sysfs::NodeId;
using testing::ElementsAre;

constexpr NodeId kDirectory(0, Kind::virtual_device, 1, 0);
constexpr NodeId kInstance(0, Kind::instance, 5, 0);

// Writes down what it is told. Everything is written by the completion thread, and read when that
// has ended.
class RecordingKernel : public Kernel {
 public:
  void expire_entry(NodeId, const std::string& name) override { log("expire " + name); }
  void invalidate_attributes(NodeId node) override {
    log("attributes " + std::to_string(node.object()));
  }
  void invalidate_pages(NodeId) override { log("pages"); }
  void wake(PollHandle) override { log("wake"); }
  void reply(std::uint64_t request, Errc errc, std::uint64_t bytes) override {
    log("reply " + std::to_string(request) + " " + std::string(errc_symbol(errc)) + " " +
        std::to_string(bytes));
  }
  void log(const std::string& line) { lines.push_back(line); }
  std::vector<std::string> lines;
};

class RecordingObserver : public Observer {
 public:
  void before(const RequestFacts&) override {}
  void after(const RequestFacts& facts, const Answer& answer) override {
    seen.push_back(std::string(facts.detail) + " " + std::string(errc_symbol(answer.errc)));
  }
  std::vector<std::string> seen;
};

class CompletionTest : public testing::Test {
 protected:
  sysfs::Ticket ticket(std::uint64_t request, std::uint64_t bytes = 1) {
    return completion.issue(request, bytes, {});
  }
  void run() {
    completion.start(kernel);
    completion.stop();
  }
  RecordingKernel kernel;
  Overlay overlay{kOverlayLimits};
  Pollers pollers;
  ObserverChain observers;
  Completion completion{
      {.overlay = overlay,
       .pollers = pollers,
       .observers = observers,
       .send_uevents = [this](std::uint32_t host, std::span<const sysfs::Uevent* const> uevents) {
         for (const sysfs::Uevent* uevent : uevents) {
           kernel.log("uevent " + uevent->action + " " + std::to_string(host));
         }
       }}};
};

TEST_F(CompletionTest, CachesAreToldThenListenersThenTheCaller) {
  completion.post(
      {.host = 2,
       .notices = {sysfs::Uevent{
                       .action = "remove", .devpath = {}, .subsystem = {}, .variables = {}},
                   sysfs::ExpireEntry{kDirectory, "uuid"}, sysfs::InvalidateAttributes{kDirectory}},
       .completions = {{ticket(7, 36), Errc::ok}}});
  run();
  EXPECT_THAT(kernel.lines,
              ElementsAre("expire uuid", "attributes 1", "uevent remove 2", "reply 7 OK 36"));
}

TEST_F(CompletionTest, BatchesGoInOrder) {
  completion.post(
      {.notices = {sysfs::ExpireEntry{kDirectory, "a"}}, .completions = {{ticket(1), Errc::ok}}});
  completion.post(
      {.notices = {sysfs::ExpireEntry{kDirectory, "b"}}, .completions = {{ticket(2), Errc::busy}}});
  run();
  EXPECT_THAT(kernel.lines, ElementsAre("expire a", "reply 1 OK 1", "expire b", "reply 2 EBUSY 1"));
}

TEST_F(CompletionTest, ReplyMayComeInALaterBatch) {
  const sysfs::Ticket waits = ticket(1);
  completion.post({.notices = {sysfs::ExpireEntry{kDirectory, "first"}}, .completions = {}});
  completion.post(
      {.notices = {sysfs::ExpireEntry{kDirectory, "then"}}, .completions = {{waits, Errc::ok}}});
  run();
  EXPECT_THAT(kernel.lines, ElementsAre("expire first", "expire then", "reply 1 OK 1"));
}

TEST_F(CompletionTest, EveryRequestThatStillWaitsIsAnsweredAtTheEnd) {
  ticket(1);
  completion.retire(ticket(2));
  run();
  EXPECT_THAT(kernel.lines, ElementsAre("reply 1 ENODEV 0"));
}

TEST_F(CompletionTest, GoneObjectLosesItsChangesAndWakesItsPollers) {
  int file = 0;
  int handle = 0;
  ASSERT_EQ(overlay.change(kInstance.at(2), {.mode = 0600}), Errc::ok);
  pollers.add(&file, kInstance.at(3), {&handle});
  completion.post({.notices = {sysfs::ObjectGone{kInstance}}, .completions = {}});
  run();
  EXPECT_THAT(kernel.lines, ElementsAre("wake"));
  EXPECT_FALSE(overlay.attributes(kInstance.at(2)).mode);
}

TEST_F(CompletionTest, ChangedAttributeWakesItsPollersAndIsCounted) {
  int file = 0;
  int handle = 0;
  pollers.add(&file, kInstance.at(3), {&handle});
  const std::uint64_t before = pollers.changes(kInstance.at(3));
  completion.post({.notices = {sysfs::AttributeChanged{kInstance.at(3)}}, .completions = {}});
  run();
  EXPECT_THAT(kernel.lines, ElementsAre("wake"));
  EXPECT_EQ(pollers.changes(kInstance.at(3)), before + 1);
}

TEST_F(CompletionTest, EveryBatchBeginsANewEpoch) {
  const std::uint64_t before = completion.epoch();
  completion.post({});
  EXPECT_NE(completion.epoch(), before);
}

TEST_F(CompletionTest, ObserversHearOfALateAnswer) {
  RecordingObserver observer;
  observers.add(observer);
  RequestFacts facts;
  facts.detail = Detail("remove");
  const sysfs::Ticket late = completion.issue(9, 1, facts);
  completion.post({.notices = {}, .completions = {{late, Errc::again}}});
  run();
  EXPECT_THAT(observer.seen, ElementsAre("remove EAGAIN"));
}

TEST_F(CompletionTest, PagesAreInvalidatedBehindWhatWasQueuedBefore) {
  completion.post({.notices = {sysfs::ExpireEntry{kDirectory, "a"}}, .completions = {}});
  completion.invalidate_pages(kInstance);
  run();
  EXPECT_THAT(kernel.lines, ElementsAre("expire a", "pages"));
}

TEST_F(CompletionTest, AnEventIsSentTwiceOrLateBehindTheReply) {
  sysfs::Uevent doubled{.action = "bind", .devpath = {}, .subsystem = {}, .variables = {}};
  doubled.doubled = true;
  sysfs::Uevent late{.action = "add", .devpath = {}, .subsystem = {}, .variables = {}};
  late.delay_ms = 1;
  completion.post({.notices = {late, doubled}, .completions = {{ticket(7), Errc::ok}}});
  run();
  EXPECT_THAT(kernel.lines,
              ElementsAre("uevent bind 0", "uevent bind 0", "reply 7 OK 1", "uevent add 0"));
}

TEST_F(CompletionTest, AnAnswerThatIsHeldBackIsOvertaken) {
  const sysfs::Ticket slow = completion.issue(7, 1, {}, std::chrono::milliseconds(1));
  completion.reply_behind_effects(std::chrono::milliseconds(2), [this] { kernel.log("later"); });
  completion.post({.notices = {}, .completions = {{slow, Errc::ok}}});
  completion.post({.notices = {}, .completions = {{ticket(8), Errc::ok}}});
  run();
  EXPECT_EQ(kernel.lines.front(), "reply 8 OK 1");
  EXPECT_THAT(kernel.lines, testing::UnorderedElementsAre("reply 8 OK 1", "reply 7 OK 1", "later"));
}

TEST_F(CompletionTest, AnAnswerCanComeBehindTheEffects) {
  completion.post({.notices = {sysfs::ExpireEntry{kDirectory, "uuid"}}, .completions = {}});
  completion.reply_behind_effects({}, [this] { kernel.log("gone"); });
  run();
  EXPECT_THAT(kernel.lines, ElementsAre("expire uuid", "gone"));
}

// As the real one does while a client's lookup in that directory is not answered.
class WaitingKernel : public RecordingKernel {
 public:
  explicit WaitingKernel(std::future<void> answered) : answered_(std::move(answered)) {}
  void expire_entry(NodeId, const std::string& name) override {
    const bool is_answered =
        answered_.wait_for(std::chrono::seconds(60)) == std::future_status::ready;
    log((is_answered ? "expire " : "wait for ever for ") + name);
  }

 private:
  std::future<void> answered_;
};

TEST_F(CompletionTest, ANotificationMayWaitForALateReply) {
  std::promise<void> answered;
  WaitingKernel waiting(answered.get_future());
  completion.post({.notices = {sysfs::ExpireEntry{kDirectory, "uuid"}}, .completions = {}});
  completion.reply_later(std::chrono::milliseconds(1), [&] { answered.set_value(); });
  completion.start(waiting);
  completion.stop();
  EXPECT_THAT(waiting.lines, ElementsAre("expire uuid"));
}

TEST_F(CompletionTest, ABatchsAnswersCanBeHeldBack) {
  completion.post({.notices = {}, .completions = {{ticket(7), Errc::ok}}, .reply_delay_ms = 1});
  completion.post({.notices = {}, .completions = {{ticket(8), Errc::ok}}});
  run();
  EXPECT_THAT(kernel.lines, ElementsAre("reply 8 OK 1", "reply 7 OK 1"));
}

class HeldReplies : public CompletionTest {};

TEST_F(HeldReplies, DoNotHoldUpWhatComesBehindThem) {
  Completion held({.overlay = overlay,
                   .pollers = pollers,
                   .observers = observers,
                   .send_uevents = nullptr,
                   .hold_reply = std::chrono::milliseconds(30)});
  const sysfs::Ticket first = held.issue(1, 1, {});
  const sysfs::Ticket second = held.issue(2, 2, {});
  held.post({.notices = {sysfs::ExpireEntry{kDirectory, "a"}}, .completions = {{first, Errc::ok}}});
  held.post(
      {.notices = {sysfs::ExpireEntry{kDirectory, "b"}}, .completions = {{second, Errc::ok}}});
  held.start(kernel);
  held.stop();
  EXPECT_THAT(kernel.lines, ElementsAre("expire a", "expire b", "reply 1 OK 1", "reply 2 OK 2"));
}

}  // namespace
}  // namespace mdevsim::fusefs
