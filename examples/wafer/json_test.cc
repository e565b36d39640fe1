// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <string>

#include <gmock/gmock.h>

namespace wafer {
namespace {

using testing::HasSubstr;

TEST(Json, ComesBackAsItWas) {
  for (const char* text : {"null", "true", "[]", "{}", "-9223372036854775808", "0.1", "1e+300",
                           R"({"a":[1,2.5,"x\"\\"],"b":{"c":null}})", R"("\u0001")", "\"連携\""}) {
    const auto value = ParseJson(text);
    ASSERT_TRUE(value.ok()) << text << ": " << value.message();
    EXPECT_EQ(value->Dump(), text);
  }
}

TEST(Json, KeepsSeedsExact) {
  EXPECT_EQ(*ParseJson("9223372036854775807")->integer(), 9223372036854775807);
}

TEST(Json, ReadsEscapes) {
  EXPECT_EQ(*ParseJson(R"("\u9023\u643a \ud83d\ude00\n")")->text(), "連携 😀\n");
}

TEST(Json, RefusesWhatIsNotJson) {
  const struct {
    const char* text;
    const char* why;
  } cases[] = {
      {"", "no value"},
      {"{\"a\":1,\"a\":2}", "twice"},
      {"1 2", "after the end"},
      {"01", "leading zero"},
      {"1.", "point without"},
      {"1e", "exponent without"},
      {"[1,]", "no value"},
      {"{\"a\"}", "no ':'"},
      {"[1", "no ',' or ']'"},
      {"{\"a\":1", "no ',' or '}'"},
      {"\"a", "without its end"},
      {"\"\n\"", "control character"},
      {"\"\\x\"", "unknown escape"},
      {"\"\\u12\"", "four digits"},
      {"\"\\ud800\"", "surrogate"},
      {"NaN", "no value"},
      {"1e999", "too large"},
  };
  for (const auto& c : cases) {
    const auto value = ParseJson(c.text);
    ASSERT_FALSE(value.ok()) << c.text;
    EXPECT_THAT(value.message(), HasSubstr(c.why)) << c.text;
  }
  EXPECT_THAT(ParseJson(std::string(100, '[')).message(), HasSubstr("nested"));
}

}  // namespace
}  // namespace wafer
