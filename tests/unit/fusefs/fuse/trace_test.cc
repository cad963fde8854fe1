#include "fusefs/fuse/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/tree.h"
#include "tests/support/sample_host.h"

namespace mdevsim::fusefs {
namespace {

using nlohmann::json;
using sysfs::NodeId;

class NoSink : public sysfs::BatchSink {
 public:
  void post(sysfs::Batch) override {}
};

class TraceTest : public ::testing::Test {
 protected:
  TraceTest() {
    std::vector<std::unique_ptr<World>> worlds;
    worlds.push_back(testing::build_world(testing::sample_host()));
    HostSpec other = testing::sample_host();
    other.name = "other";
    worlds.push_back(testing::build_world(other));
    tree = std::make_unique<sysfs::Tree>(std::move(worlds), sink);
    trace.serve(*tree, [this] { ++woken; });
  }

  NodeId find(const std::string& path) const {
    sysfs::Entry entry{tree->root(), {}};
    std::istringstream names(path);
    for (std::string name; std::getline(names, name, '/');) {
      EXPECT_EQ(tree->lookup(entry.node, name, entry), Errc::ok) << path;
    }
    return entry.node;
  }
  void request(Operation operation, NodeId node, std::string_view detail, Errc errc = Errc::ok) {
    RequestFacts facts;
    facts.operation = operation;
    facts.node = node;
    facts.pid = static_cast<std::uint32_t>(::getpid());
    facts.uid = 7;
    facts.begin = std::chrono::steady_clock::now();
    facts.detail = Detail(detail);
    trace.after(facts,
                {.errc = errc, .bytes = detail.size(), .duration = std::chrono::nanoseconds(1234)});
  }
  std::string text(std::uint32_t host = 0, std::size_t size = 1 << 20) {
    std::string out;
    trace.read(host, cursor, size, out);
    return out;
  }
  std::vector<json> lines(std::uint32_t host = 0) {
    std::vector<json> parsed;
    std::istringstream stream(text(host));
    for (std::string line; std::getline(stream, line);) parsed.push_back(json::parse(line));
    return parsed;
  }

  static constexpr std::size_t kRequests = 8;
  NoSink sink;
  std::unique_ptr<sysfs::Tree> tree;
  Trace trace{kRequests};
  TraceCursor cursor;
  int woken = 0;
};

TEST_F(TraceTest, SaysWhoAskedWhatAndGotWhat) {
  request(Operation::write, find("other/class"), "a\xff\n", Errc::no_space);
  const std::vector<json> seen = lines(1);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0]["host"], "other");
  EXPECT_EQ(seen[0]["pid"], ::getpid());
  EXPECT_EQ(seen[0]["uid"], 7);
  EXPECT_EQ(seen[0]["comm"],
            std::string(read_command_name(static_cast<std::uint32_t>(::getpid()))));
  EXPECT_EQ(seen[0]["op"], "write");
  EXPECT_EQ(seen[0]["path"], "/class");
  EXPECT_EQ(seen[0]["text"], "a\xef\xbf\xbd\n");
  EXPECT_EQ(seen[0]["result"], "ENOSPC");
  EXPECT_EQ(seen[0]["bytes"], 3);
  EXPECT_EQ(seen[0]["duration_ns"], 1234);
}

TEST_F(TraceTest, TheNameThatIsLookedUpIsPartOfThePath) {
  request(Operation::lookup, find("other/class"), "nothing", Errc::no_entry);
  request(Operation::lookup, find("other"), "bus");
  const std::vector<json> seen = lines(1);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0]["path"], "/class/nothing");
  EXPECT_FALSE(seen[0].contains("text"));
  EXPECT_EQ(seen[1]["path"], "/bus");
}

TEST_F(TraceTest, EachHostHasItsOwn) {
  request(Operation::getattr, find("other/class"), "");
  EXPECT_EQ(text(0), "");
  cursor.reset();
  EXPECT_EQ(lines(1).size(), 1U);
}

TEST_F(TraceTest, ReadsContinueInTheMiddleOfALine) {
  request(Operation::getattr, find("other/class"), "");
  request(Operation::getattr, find("other/bus"), "");
  std::string all;
  for (std::string piece = text(1, 7); !piece.empty(); piece = text(1, 7)) {
    EXPECT_LE(piece.size(), 7U);
    all += piece;
  }
  TraceCursor again;
  std::string whole;
  trace.read(1, again, 1 << 20, whole);
  EXPECT_EQ(all, whole);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 2);
}

TEST_F(TraceTest, WhatWasOverwrittenIsCounted) {
  const NodeId node = find("other/class");
  request(Operation::getattr, node, "");
  EXPECT_EQ(lines(1).size(), 1U);
  for (std::size_t i = 0; i < kRequests + 3; ++i) request(Operation::getattr, node, "");
  const std::vector<json> seen = lines(1);
  ASSERT_EQ(seen.size(), 1 + kRequests);
  EXPECT_EQ(seen[0]["lost"], 3);
  EXPECT_EQ(seen[1]["seq"], 4);
}

TEST_F(TraceTest, AFileThatIsOpenedNowHasMissedNothing) {
  for (std::size_t i = 0; i < kRequests + 3; ++i) {
    request(Operation::getattr, find("other/class"), "");
  }
  EXPECT_EQ(lines(1).size(), kRequests);
}

TEST_F(TraceTest, ReadingTheTraceLeavesNoTrace) {
  request(Operation::read, find("other/kernel/mdevsim/trace"), "");
  EXPECT_EQ(text(1), "");
}

TEST_F(TraceTest, WhoWaitsIsWokenOnce) {
  const NodeId node = find("other/class");
  request(Operation::getattr, node, "");
  EXPECT_EQ(woken, 0);
  EXPECT_TRUE(trace.is_readable(1, cursor));
  EXPECT_EQ(lines(1).size(), 1U);
  EXPECT_FALSE(trace.is_readable(1, cursor));
  request(Operation::getattr, node, "");
  request(Operation::getattr, node, "");
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(trace.is_readable(1, cursor));
}

TEST_F(TraceTest, ARemovedInstanceIsStillNamed) {
  const NodeId create = find("other/devices/virtual/mtty/mtty/mdev_supported_types/mtty-2/create");
  const std::string uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
  tree->store(create, uuid, 0, {}, {});
  const NodeId instance = find("other/devices/virtual/mtty/mtty/" + uuid);
  const NodeId remove = find("other/devices/virtual/mtty/mtty/" + uuid + "/remove");
  const NodeId simulated = find("other/kernel/mdevsim/devices/" + uuid + "/hold");
  request(Operation::getattr, instance, "");
  tree->store(remove, "1", 0, {}, {});
  request(Operation::write, remove, "1");
  request(Operation::open, simulated, "");
  const std::vector<json> seen = lines(1);
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0]["path"], "/devices/virtual/mtty/mtty/" + uuid);
  EXPECT_EQ(seen[1]["path"], "/devices/virtual/mtty/mtty/" + uuid + "/remove");
  EXPECT_EQ(seen[2]["path"], "/kernel/mdevsim/devices/" + uuid + "/hold");
}

TEST_F(TraceTest, WhatNeverWasHasNoName) {
  request(Operation::getattr, NodeId(1, sysfs::Kind::instance, 4711), "");
  EXPECT_EQ(lines(1).at(0)["path"], "?");
}

}  // namespace
}  // namespace mdevsim::fusefs
