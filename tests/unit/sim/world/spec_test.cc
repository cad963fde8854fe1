#include "sim/world/spec.h"

#include <gtest/gtest.h>

namespace mdevsim {
namespace {

ParentSpec parent_of(std::initializer_list<const char*> ids) {
  ParentSpec parent;
  for (const char* id : ids) parent.types.emplace_back().id = id;
  index_types(parent);
  return parent;
}

TEST(FindType, FindsEachTypeByItsIdWhateverTheirOrder) {
  const ParentSpec parent = parent_of({"b", "a10", "c", "a1"});
  EXPECT_EQ(find_type(parent, "b"), 0U);
  EXPECT_EQ(find_type(parent, "a10"), 1U);
  EXPECT_EQ(find_type(parent, "c"), 2U);
  EXPECT_EQ(find_type(parent, "a1"), 3U);
}

TEST(FindType, WantsTheWholeId) {
  const ParentSpec parent = parent_of({"a10", "a1"});
  EXPECT_EQ(find_type(parent, ""), std::nullopt);
  EXPECT_EQ(find_type(parent, "a"), std::nullopt);
  EXPECT_EQ(find_type(parent, "a100"), std::nullopt);
}

TEST(FindType, FindsNothingInAParentWithoutTypes) {
  EXPECT_EQ(find_type(parent_of({}), "a"), std::nullopt);
}

}  // namespace
}  // namespace mdevsim
