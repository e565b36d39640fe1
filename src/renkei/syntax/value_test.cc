// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/value.h"

#include <limits>

#include <gtest/gtest.h>

#include "renkei/syntax/utf8.h"

namespace renkei::syntax {
namespace {

TEST(Value, TakesEveryScalarAsItsKind) {
  EXPECT_EQ(Value().kind(), Value::Kind::kNull);
  EXPECT_EQ(Value(true).kind(), Value::Kind::kBool);
  EXPECT_EQ(Value(uint8_t{255}).integer(), 255);
  EXPECT_EQ(Value(std::numeric_limits<int64_t>::min()).integer(),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Value(0.5).number(), 0.5);
  EXPECT_EQ(Value(3).number(), 3.0);
  EXPECT_EQ(Value("text").kind(), Value::Kind::kText);
  EXPECT_DEATH(Value(uint64_t{1} << 63), "");
  EXPECT_DEATH((void)Value(1).text(), "");
}

TEST(Value, AnObjectKeepsOrderAndOneMemberPerKey) {
  Value object = Value::Object();
  object.Set("b", 1);
  object.Set("a", 2);
  object.Set("b", 3);
  ASSERT_EQ(object.members().size(), 2u);
  EXPECT_EQ(object.members()[0], Value::Member("b", 3));
  EXPECT_EQ(object.Find("a")->integer(), 2);
  EXPECT_EQ(object.Find("c"), nullptr);
  EXPECT_EQ(Value(1).Find("c"), nullptr);
}

TEST(Utf8, FindsTheFirstByteThatIsNot) {
  const struct {
    std::string_view text;
    size_t good;
  } cases[] = {
      {"", 0},
      {"abc", 3},
      {"é工\U0001F600", 9},
      {"a\x80", 1},
      {"\xC1\x81", 0},
      {"\xE0\x80\x80", 0},
      {"\xED\xA0\x80", 0},
      {"\xF4\x90\x80\x80", 0},
      {"ab\xE5\xB7", 2},
      {"\xF0\x8F\xBF\xBF", 0},
      {"\xED\x9F\xBF", 3},
      {"\xF4\x8F\xBF\xBF", 4},
  };
  for (const auto& c : cases) EXPECT_EQ(Utf8Prefix(c.text), c.good) << c.text;
}

}  // namespace
}  // namespace renkei::syntax
