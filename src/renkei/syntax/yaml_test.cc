// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/yaml.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/syntax/json.h"

namespace renkei::syntax {
namespace {

using testing::HasSubstr;

std::string AsJson(std::string_view yaml) {
  const auto value = ParseYaml(yaml);
  return value.ok() ? DumpJson(*value) : std::string(Message(value.status()));
}

TEST(Yaml, ScalarsAreTextAsWritten) {
  EXPECT_EQ(AsJson("a: no\nb: 1.10\nc: NO\nd: 'x: y'\ne: 0x10\nf: 2026-11-10\n"),
            R"({"a":"no","b":"1.10","c":"NO","d":"x: y","e":"0x10","f":"2026-11-10"})");
  EXPECT_EQ(AsJson("- \"a\\u00e9\\n\"\n- >\n  folded\n  text\n"), R"(["aé\n","folded text\n"])");
}

TEST(Yaml, EmptyIsNull) {
  EXPECT_EQ(AsJson("a:\nb: ~\nc: null\nd: ''\n"), R"({"a":null,"b":null,"c":null,"d":""})");
}

TEST(Yaml, FlowAndBlockAreTheSame) {
  EXPECT_EQ(
      AsJson("when: { any: [ group D:5, ic.tpp >= 4800, { all: [a, b] } ] }"),
      AsJson("when:\n  any:\n  - group D:5\n  - ic.tpp >= 4800\n  - all:\n    - a\n    - b\n"));
}

TEST(Yaml, RemembersWhereAValueStands) {
  const auto value = ParseYaml("a: 1\nb:\n  - x\n  - {c: d}\n");
  ASSERT_THAT(value, IsOk());
  EXPECT_EQ(value->Find("b")->items()[0].at, (Position{3, 5}));
  EXPECT_EQ(value->Find("b")->items()[1].Find("c")->at, (Position{4, 9}));
}

TEST(Yaml, RefusesWhatSurprises) {
  EXPECT_THAT(AsJson("a: &x 1\nb: 2\n"), HasSubstr("an anchor"));
  EXPECT_THAT(AsJson("a: &x [1]\nb: *x\n"), HasSubstr("an anchor"));
  EXPECT_THAT(AsJson("a: *x\n"), HasSubstr("line 1, column"));
  EXPECT_THAT(AsJson("a: !!int 1\n"), HasSubstr("a tag"));
  EXPECT_THAT(AsJson("a: !x {b: c}\n"), HasSubstr("a tag"));
  EXPECT_THAT(AsJson("<<: {b: c}\n"), HasSubstr("a merge key"));
  EXPECT_EQ(AsJson("a: 1\nb: 2\na: 3\n"),
            "line 3, column 1: the same key a second time in one table");
  EXPECT_THAT(AsJson("? [a]\n: b\n"), HasSubstr("a key that is a list"));
  EXPECT_THAT(AsJson(": b\n"), HasSubstr("an empty key"));
  EXPECT_THAT(AsJson("a: 1\n---\nb: 2\n"), HasSubstr("a second document"));
  EXPECT_THAT(AsJson(""), HasSubstr("an empty file"));
  EXPECT_THAT(AsJson("# nothing\n"), HasSubstr("an empty file"));
}

TEST(Yaml, RefusesBytesThatNobodySees) {
  EXPECT_EQ(AsJson(std::string("a: b\0c\n", 7)), "line 1, column 5: a control character");
  EXPECT_EQ(AsJson("a: 1\nb: \x1b[31m\n"), "line 2, column 4: a control character");
  EXPECT_EQ(AsJson("a: \xC2\x85\n"), "line 1, column 4: a control character");
  EXPECT_EQ(AsJson("a: \xFF\n"), "line 1, column 4: a byte that is not UTF-8");
  EXPECT_THAT(AsJson("\xEF\xBB\xBF"
                     "a: 1\n"),
              HasSubstr("a byte order mark"));
}

TEST(Yaml, HasLimits) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  EXPECT_THAT(AsJson(deep), HasSubstr("nested too deep"));
  EXPECT_THAT(AsJson(std::string(100'000, '[')), testing::StartsWith("line 1, column"));
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [*" + static_cast<char>(c - 1) + ",*" +
            static_cast<char>(c - 1) + "]\n";
  }
  EXPECT_THAT(AsJson(bomb), HasSubstr("an anchor"));
  EXPECT_THAT(ParseYaml(std::string(100, 'a'), {.size_bytes_max = 99}),
              StatusIs(Code::kResourceExhausted));
}

TEST(Yaml, SaysWhereTheTextIsBroken) {
  EXPECT_THAT(AsJson("a: [1, 2\nb: 3\n"), testing::StartsWith("line "));
  EXPECT_THAT(AsJson("a: b: c\n"), testing::StartsWith("line 1"));
  EXPECT_EQ(AsJson("a: 1\nb: 'it''s\n"), "line 2, column 4: a quote that is never closed");
  EXPECT_EQ(AsJson("a: \"x\\\""), "line 1, column 8: illegal EOF in scalar");
  EXPECT_EQ(AsJson("{日: 本, x: *y}"), "line 1, column 11: the referenced anchor is not defined");
  EXPECT_THAT(AsJson("a: 1\n\tb: 2\n"), testing::StartsWith("line 2"));
}

TEST(Yaml, AStrayCommaEnds) {
  for (const char* text : {",", ",,,111", "a: 1\n---\n,"}) {
    EXPECT_THAT(AsJson(text), testing::StartsWith("line ")) << text;
  }
}

}  // namespace
}  // namespace renkei::syntax
