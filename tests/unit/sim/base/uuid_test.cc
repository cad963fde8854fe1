#include "sim/base/uuid.h"

#include <gtest/gtest.h>

namespace mdevsim {
namespace {

struct Case {
  const char* name;
  std::string text;
  bool valid;
};

class UuidParse : public ::testing::TestWithParam<Case> {};

TEST_P(UuidParse, FollowsTheKernelsRule) {
  EXPECT_EQ(Uuid::parse(GetParam().text).has_value(), GetParam().valid);
}

INSTANTIATE_TEST_SUITE_P(
    Table, UuidParse,
    ::testing::Values(Case{"lower", "c0ffee00-1234-4abc-8def-000000000001", true},
                      Case{"upper", "C0FFEE00-1234-4ABC-8DEF-000000000001", true},
                      Case{"all_zero", "00000000-0000-0000-0000-000000000000", true},
                      Case{"version_nibble_0", "c0ffee00-1234-0abc-0def-000000000001", true},
                      Case{"more_behind", "c0ffee00-1234-4abc-8def-000000000001,x=1", true},
                      Case{"short", "c0ffee00-1234-4abc-8def-00000000000", false},
                      Case{"no_dashes", "c0ffee0012344abc8def0000000000010000", false},
                      Case{"nonhex", "g0ffee00-1234-4abc-8def-000000000001", false},
                      Case{"misplaced_dash", "c0ffee0-01234-4abc-8def-000000000001", false},
                      Case{"underscore", "c0ffee00_1234_4abc_8def_000000000001", false},
                      Case{"nul",
                           std::string("c0ffee00-1\0"
                                       "34-4abc-8def-000000000001",
                                       36),
                           false},
                      Case{"braces", "{c0ffee00-1234-4abc-8def-000000000001}", false}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Uuid, PrintsInLowerCase) {
  EXPECT_EQ(Uuid::parse("C0FFEE00-1234-4ABC-8DEF-000000000001")->to_string(),
            "c0ffee00-1234-4abc-8def-000000000001");
}

}  // namespace
}  // namespace mdevsim
