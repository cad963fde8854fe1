#include "bench/floor_tree.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace mdevsim::bench {
namespace {

constexpr FloorShape kShape{.functions = 3, .types = 20};

struct Seen {
  std::uint64_t nodes = 0;
  std::set<std::uint64_t> inodes;
};

// Checks on the way that every listed child is found by its name and comes back from its inode
// number.
void visit(const FloorTree& tree, FloorNode directory, Seen& seen) {
  for (std::uint64_t position = 0;; ++position) {
    const auto child = tree.child(directory, position);
    if (!child) return;
    ++seen.nodes;
    seen.inodes.insert(child->node.inode());
    EXPECT_EQ(tree.lookup(directory, child->name), child->node) << child->name;
    EXPECT_EQ(FloorNode::from_inode(child->node.inode()), child->node) << child->name;
    if (child->node.is_directory()) visit(tree, child->node, seen);
  }
}

TEST(FloorTree, EveryListedChildIsFoundByNameAndByInode) {
  Seen seen;
  visit(FloorTree(kShape), {}, seen);
  const std::uint64_t per_type = 1 + kFloorFiles.size() + 1;
  const std::uint64_t per_function = 1 + 1 + 1 + kShape.types * per_type;
  EXPECT_EQ(seen.nodes, 2 + kShape.functions * per_function);
  EXPECT_EQ(seen.inodes.size(), seen.nodes);
}

TEST(FloorTree, InstanceIsThereOnlyByItsOwnName) {
  const FloorTree tree(kShape);
  const FloorNode function{FloorKind::function, 1};
  EXPECT_TRUE(tree.lookup(function, "some-uuid", {"some-uuid", 1}));
  EXPECT_FALSE(tree.lookup(function, "other-uuid", {"some-uuid", 1}));
  EXPECT_FALSE(tree.lookup(function, "", {"", 1}));
}

TEST(FloorTree, TheNextInstanceOfTheSameNameIsAnotherInode) {
  const FloorTree tree(kShape);
  const FloorNode function{FloorKind::function, 1};
  EXPECT_NE(tree.lookup(function, "some-uuid", {"some-uuid", 1})->inode(),
            tree.lookup(function, "some-uuid", {"some-uuid", 2})->inode());
}

TEST(FloorTree, NamesBehindTheLastOneAreMissing) {
  const FloorTree tree(kShape);
  EXPECT_TRUE(tree.lookup({FloorKind::types}, "bench-19"));
  EXPECT_FALSE(tree.lookup({FloorKind::types}, "bench-20"));
  EXPECT_FALSE(tree.lookup({FloorKind::types}, "bench-"));
  EXPECT_FALSE(tree.lookup({FloorKind::bus}, "0000:00:03.0"));
  EXPECT_FALSE(tree.lookup({FloorKind::bus}, "0000:00:01.1"));
}

}  // namespace
}  // namespace mdevsim::bench
