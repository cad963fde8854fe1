// Reading a directory in pieces while it changes.
#include "fusefs/fuse/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace mdevsim::fusefs {
namespace {

using sysfs::DirectoryEntry;
using sysfs::NodeId;
using sysfs::NodeType;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class FakeDirectory : public DirectorySource {
 public:
  std::uint64_t epoch() override { return epoch_; }
  Errc list(std::vector<DirectoryEntry>& entries) override {
    ++lists;
    entries = entries_;
    return error;
  }
  NodeId self() override { return NodeId(7); }
  NodeId parent() override { return NodeId(3); }

  void add(std::uint32_t hash, const std::string& name) {
    entries_.push_back({hash, name, NodeId(hash), NodeType::attribute});
    std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.hash, a.name) < std::pair(b.hash, b.name);
    });
    ++epoch_;
  }
  void remove(const std::string& name) {
    std::erase_if(entries_, [&](const DirectoryEntry& entry) { return entry.name == name; });
    ++epoch_;
  }

  int lists = 0;
  Errc error = Errc::ok;

 private:
  std::vector<DirectoryEntry> entries_;
  std::uint64_t epoch_ = 1;
};

// Takes `room` entries: their names and offsets.
class Room : public EntrySink {
 public:
  explicit Room(std::size_t room) : room_(room) {}
  bool add(const ListedEntry& entry) override {
    if (taken.size() == room_) return false;
    taken.emplace_back(entry.name, entry.next_offset);
    nodes.push_back(entry.node);
    return true;
  }
  std::vector<std::pair<std::string, std::uint64_t>> taken;
  std::vector<NodeId> nodes;

 private:
  const std::size_t room_;
};

class ListingTest : public testing::Test {
 protected:
  auto read(std::uint64_t offset, std::size_t room = 100) {
    Room sink(room);
    EXPECT_EQ(listing.read(offset, directory, sink), Errc::ok);
    return sink.taken;
  }
  FakeDirectory directory;
  Listing listing;
};

TEST_F(ListingTest, OffsetsAreTheHashOfTheNextEntry) {
  directory.add(500, "uevent");
  directory.add(100, "power");
  EXPECT_THAT(read(0), ElementsAre(Pair(".", 1), Pair("..", 100), Pair("power", 500),
                                   Pair("uevent", Listing::kEnd)));
}

TEST_F(ListingTest, EmptyDirectoryEndsBehindTheDots) {
  EXPECT_THAT(read(0), ElementsAre(Pair(".", 1), Pair("..", Listing::kEnd)));
  EXPECT_THAT(read(Listing::kEnd), IsEmpty());
}

TEST_F(ListingTest, DotsAreTheDirectoryAndTheOneAbove) {
  Room sink(2);
  ASSERT_EQ(listing.read(0, directory, sink), Errc::ok);
  EXPECT_THAT(sink.nodes, ElementsAre(NodeId(7), NodeId(3)));
}

TEST_F(ListingTest, ContinuesWhereTheLastReadStopped) {
  directory.add(100, "a");
  directory.add(200, "b");
  directory.add(300, "c");
  EXPECT_THAT(read(0, 3), ElementsAre(Pair(".", 1), Pair("..", 100), Pair("a", 200)));
  EXPECT_THAT(read(200), ElementsAre(Pair("b", 300), Pair("c", Listing::kEnd)));
}

TEST_F(ListingTest, ReadsAnyPositionThatWasEverGivenOut) {
  directory.add(100, "a");
  directory.add(200, "b");
  ASSERT_THAT(read(0), testing::SizeIs(4));
  EXPECT_THAT(read(1), ElementsAre(Pair("..", 100), Pair("a", 200), Pair("b", Listing::kEnd)));
  EXPECT_THAT(read(200), ElementsAre(Pair("b", Listing::kEnd)));
}

TEST_F(ListingTest, NamesOfOneHashAreNeitherRepeatedNorLost) {
  directory.add(100, "a");
  directory.add(100, "b");
  directory.add(100, "c");
  EXPECT_THAT(read(0, 3), ElementsAre(Pair(".", 1), Pair("..", 100), Pair("a", 100)));
  EXPECT_THAT(read(100, 1), ElementsAre(Pair("b", 100)));
  EXPECT_THAT(read(100), ElementsAre(Pair("c", Listing::kEnd)));
}

TEST_F(ListingTest, EntryThatVanishedIsNotShown) {
  directory.add(100, "a");
  directory.add(200, "b");
  directory.add(300, "c");
  ASSERT_THAT(read(0, 3), testing::SizeIs(3));
  directory.remove("b");
  EXPECT_THAT(read(200), ElementsAre(Pair("c", Listing::kEnd)));
}

TEST_F(ListingTest, EntryThatCameBehindThePositionIsShown) {
  directory.add(100, "a");
  directory.add(300, "c");
  ASSERT_THAT(read(0, 3), testing::SizeIs(3));
  directory.add(200, "b");
  directory.add(400, "d");
  EXPECT_THAT(read(300), ElementsAre(Pair("c", 400), Pair("d", Listing::kEnd)));
}

TEST_F(ListingTest, ListsOnceWhileNothingChanges) {
  directory.add(100, "a");
  directory.add(200, "b");
  ASSERT_THAT(read(0, 3), testing::SizeIs(3));
  ASSERT_THAT(read(200), testing::SizeIs(1));
  EXPECT_EQ(directory.lists, 1);
  ASSERT_THAT(read(0), testing::SizeIs(4));
  EXPECT_EQ(directory.lists, 2);
}

TEST_F(ListingTest, ErrorIsPassedOnAndNotRemembered) {
  directory.error = Errc::no_entry;
  Room sink(10);
  EXPECT_EQ(listing.read(0, directory, sink), Errc::no_entry);
  EXPECT_THAT(sink.taken, IsEmpty());
  directory.error = Errc::ok;
  EXPECT_THAT(read(0), testing::SizeIs(2));
}

}  // namespace
}  // namespace mdevsim::fusefs
