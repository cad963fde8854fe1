#include "fusefs/fuse/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "sim/model/fault_rule.h"

namespace mdevsim::fusefs {
namespace {

TEST(FaultName, RulesCanNameJustTheOperationsThatCanFail) {
  std::set<std::string_view> named;
  for (unsigned i = 0; i <= static_cast<unsigned>(Operation::poll); ++i) {
    named.insert(fault_name(static_cast<Operation>(i)));
  }
  named.erase("");
  EXPECT_THAT(named, testing::UnorderedElementsAreArray(model::fault_operations()));
  EXPECT_EQ(fault_name(Operation::readdirplus), "readdir");
  EXPECT_EQ(fault_name(Operation::release), "");
}

}  // namespace
}  // namespace mdevsim::fusefs
