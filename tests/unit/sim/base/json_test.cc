#include "sim/base/json.h"

#include <gtest/gtest.h>

namespace mdevsim {
namespace {

TEST(JsonString, QuotesEscapesAndKeepsUtf8) {
  EXPECT_EQ(json_string("a\"b\\c\n\t\x01"), "\"a\\\"b\\\\c\\n\\u0009\\u0001\"");
  EXPECT_EQ(json_string("é€😀"), "\"é€😀\"");
}

TEST(JsonString, BytesThatAreNoUtf8AreReplacedOneByOne) {
  EXPECT_EQ(json_string("a\xff"
                        "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
  EXPECT_EQ(json_string("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");          // cut short
  EXPECT_EQ(json_string("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");          // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80").find("\xed"), std::string::npos);      // a surrogate
  EXPECT_EQ(json_string("\xf4\x90\x80\x80").find("\xf4"), std::string::npos);  // beyond Unicode
}

}  // namespace
}  // namespace mdevsim
