// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/json.h"

#include <cfloat>
#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/syntax/json_events.h"

namespace renkei::syntax {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Json, WritesWhatItReads) {
  for (const char* text :
       {"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "0.5",
        "-0.0", "1e-300", "\"\"", "\"a\\\"b\\\\c\\n\\t\\r\\u0001\"", "\"工場 \U0001F600\"", "[]",
        "{}", "[1,[2,[]],{\"b\":1,\"a\":{}}]", R"({"z":1,"a":[null,true],"":0})"}) {
    const auto value = ParseJson(text);
    ASSERT_THAT(value, IsOk()) << text;
    EXPECT_EQ(DumpJson(*value), text);
    EXPECT_THAT(ParseJson(DumpJsonPretty(*value)), IsOkAndHolds(*value)) << text;
  }
}

TEST(Json, RefusesWhatRfc8259OrWeForbidAndSaysWhere) {
  const struct {
    std::string text;
    const char* position;
  } cases[] = {
      {"", "line 1, column 1: "},
      {"{\"a\":1,\n \"a\":2}", "line 2, column 2: "},
      {"{\"a\":{\"b\":1,\"c\":2,\"b\":3}}", "line 1, column 19: "},
      {"{} x", "line 1, column 4: "},
      {"[1,]", "line 1, column 4: "},
      {"[1 2]", "line 1, column 4: "},
      {"{\"a\":1,}", "line 1, column 8: "},
      {"[01]", "line 1, column 3: "},
      {"[+1]", "line 1, column 2: "},
      {"[.5]", "line 1, column 2: "},
      {"[NaN]", "line 1, column 2: "},
      {"'a'", "line 1, column 1: "},
      {"// note\n1", "line 1, column 1: "},
      {"\"\\x\"", "line 1, column 3: "},
      {"\"a\nb\"", "line 1, column 3: "},
      {"\"\\ud800\"", "line 1, column 8: "},
      {"\"\xC0\xAF\"", "line 1, column 2: "},
      {"\"\xED\xA0\x80\"", "line 1, column "},
      {"[\"工\", \xFF]", "line 1, column 7: "},
      {"\xEF\xBB\xBF{}", "line 1, column 1: "},
      {std::string("{}\0", 3), "line 1, column 3: "},
      {std::string("{}\0{}", 5), "line 1, column 3: "},
      {"[9223372036854775808]", "line 1, column 2: "},
      {"[18446744073709551616]", "line 1, column 2: "},
      {"[ -9223372036854775809]", "line 1, column 3: "},
      {"1e999", "line 1, column "},
      {"{1:2}", "line 1, column 2: "},
      {"[", "line 1, column "},
      {"tru", "line 1, column "},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ParseJson(c.text), StatusIs(Code::kInvalidArgument, StartsWith(c.position)))
        << c.text;
  }
}

TEST(Json, SeesAKeyThatComesAgainAmongAnyNumber) {
  for (int count = 1; count <= 40; ++count) {
    std::string members;
    for (int i = 0; i < count; ++i) members += fmt::format(R"("k{}":{},)", i, i);
    EXPECT_THAT(ParseJson(fmt::format(R"({{{}"new":0}})", members)), IsOk());
    for (int again = 0; again < count; ++again) {
      EXPECT_THAT(ParseJson(fmt::format(R"({{{}"k{}":0}})", members, again)),
                  StatusIs(Code::kInvalidArgument));
    }
  }
}

TEST(Json, ErrorsNeverRepeatTheText) {
  const auto bad = ParseJson("[\"" + std::string(100'000, 'x') + "\x01\"]");
  EXPECT_LT(Message(bad.status()).size(), 300u);
}

TEST(Json, EveryValueKnowsItsPlace) {
  const auto value = ParseJson("{ \"工\\\"\": [1,\n  \"x\", {}],\n\"b\":-2.5 }");
  ASSERT_THAT(value, IsOk());
  EXPECT_EQ(value->at, (Position{1, 1}));
  const Value& list = value->members()[0].second;
  EXPECT_EQ(list.at, (Position{1, 10}));
  EXPECT_EQ(list.items()[0].at, (Position{1, 11}));
  EXPECT_EQ(list.items()[1].at, (Position{2, 3}));
  EXPECT_EQ(list.items()[2].at, (Position{2, 8}));
  EXPECT_EQ(value->Find("b")->at, (Position{3, 5}));
}

TEST(Json, LimitsDepthAndSize) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '[') +
           std::string(static_cast<size_t>(depth), ']');
  };
  EXPECT_THAT(ParseJson(nested(32)), IsOk());
  EXPECT_THAT(ParseJson(nested(33)), StatusIs(Code::kInvalidArgument, HasSubstr("32 deep")));
  EXPECT_THAT(ParseJson(nested(1'000'000)), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseJson("[1]", {.size_bytes_max = 3}), IsOk());
  EXPECT_THAT(ParseJson("[11]", {.size_bytes_max = 3}), StatusIs(Code::kResourceExhausted));
}

TEST(Json, DoublesComeBackBitForBit) {
  const auto random = MakeSeededRandom(7);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t bits = random->Next();
    double number;
    static_assert(sizeof(number) == sizeof(bits));
    __builtin_memcpy(&number, &bits, sizeof(bits));
    if (!std::isfinite(number)) continue;
    const auto back = ParseJson(DumpJson(Value(number)));
    ASSERT_THAT(back, IsOk());
    ASSERT_EQ(back->kind(), Value::Kind::kNumber) << number;
    ASSERT_EQ(back->number(), number);
    ASSERT_EQ(std::signbit(back->number()), std::signbit(number));
  }
  for (const double number : {DBL_MAX, DBL_MIN, DBL_TRUE_MIN, 1.0, 1e22, 123456789012345680.0}) {
    EXPECT_THAT(ParseJson(DumpJson(Value(number))), IsOkAndHolds(Value(number)));
  }
}

TEST(Json, NoBytesMakeTheParserFailOtherwiseThanByAnError) {
  const auto random = MakeSeededRandom(11);
  const std::string seed = R"({"a":[1,-2.5e3,"x\u00e9\n"],"b":{"c":null,"d":true}})";
  int good = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = seed;
    for (uint64_t flips = 1 + random->Below(3); flips > 0; --flips) {
      text[random->Below(text.size())] = static_cast<char>(random->Next());
    }
    const auto value = ParseJson(text);
    if (!value.ok()) continue;
    ++good;
    EXPECT_THAT(ParseJson(DumpJson(*value)), IsOkAndHolds(*value));
  }
  EXPECT_GT(good, 100);
}

TEST(Json, TextThatIsNotUtf8IsWrittenAsReplacementCharacters) {
  EXPECT_EQ(DumpJson(Value("a\xFF\xC3")), "\"a\uFFFD\uFFFD\"");
}

TEST(Json, PrettyFormIsIndented) {
  Value value = Value::Object();
  value.Set("a", 1);
  value.Set("b", Value::Array()).Push("x");
  value.Set("c", Value::Object());
  EXPECT_EQ(DumpJsonPretty(value), "{\n  \"a\": 1,\n  \"b\": [\n    \"x\"\n  ],\n  \"c\": {}\n}\n");
}

// Writes the events down; stops after `count_max` of them.
class Scribe final : public JsonEvents {
 public:
  explicit Scribe(int count_max) : left_(count_max) {}
  bool Key(std::string_view key) override { return Note("key:" + std::string(key)); }
  bool Text(std::string_view text) override { return Note("text:" + std::string(text)); }
  bool Integer(int64_t number) override { return Note(fmt::format("i{}", number)); }
  bool Unsigned(uint64_t number) override { return Note(fmt::format("u{}", number)); }
  bool Number(double number) override { return Note(fmt::format("d{}", number)); }
  bool Bool(bool flag) override { return Note(flag ? "true" : "false"); }
  bool Null() override { return Note("null"); }
  bool StartObject() override { return Note("{"); }
  bool EndObject() override { return Note("}"); }
  bool StartArray() override { return Note("["); }
  bool EndArray() override { return Note("]"); }

  std::string seen;

 private:
  bool Note(const std::string& what) {
    seen += what + " ";
    return --left_ > 0;
  }
  int left_;
};

TEST(JsonEvents, ArriveInOrderWithDuplicateKeys) {
  Scribe scribe(100);
  EXPECT_THAT(
      ParseJsonEvents(R"({"a":[1,-1,0.5,18446744073709551615],"a":null,"b":true})", scribe, 2),
      IsOk());
  EXPECT_EQ(scribe.seen, "{ key:a [ u1 i-1 d0.5 u18446744073709551615 ] key:a null key:b true } ");
}

TEST(JsonEvents, StopWhenToldAndAtTheDepthLimit) {
  Scribe scribe(2);
  EXPECT_THAT(ParseJsonEvents("[1,2,3]", scribe, 2), StatusIs(Code::kInvalidArgument));
  EXPECT_EQ(scribe.seen, "[ u1 ");
  Scribe other(100);
  EXPECT_THAT(ParseJsonEvents("[[[1]]]", other, 2), StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::syntax
