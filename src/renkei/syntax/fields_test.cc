// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/fields.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "renkei/base/ids.h"
#include "renkei/base/status_testing.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/toml.h"

namespace renkei::syntax {
namespace {

using testing::ElementsAre;

Value Toml(std::string_view text) {
  auto value = ParseToml(text);
  EXPECT_THAT(value, IsOk());
  return *std::move(value);
}

TEST(Fields, ReadsEveryKindAndItsFallback) {
  const Value table = Toml(
      "name = 'fab-1'\nflag = true\ncount = 3\nratio = 2\nmany = ['a', 'b']\n"
      "when = 2026-11-24T00:00:00Z\n[inner]\nx = 1\n[[row]]\n[[row]]\n");
  Fields fields(table, "site.toml");
  EXPECT_EQ(fields.NameOf<SiteId>("name").text(), "fab-1");
  EXPECT_TRUE(fields.Bool("flag"));
  EXPECT_EQ(fields.Integer("count", 1, 3), 3);
  EXPECT_EQ(fields.Number("ratio"), 2.0);
  EXPECT_THAT(fields.Texts("many"), ElementsAre("a", "b"));
  EXPECT_EQ(FormatInstant(fields.Time("when")), "2026-11-24T00:00:00.000Z");
  EXPECT_EQ(fields.ObjectAt("inner")->Find("x")->integer(), 1);
  EXPECT_EQ(fields.Objects("row").size(), 2u);
  EXPECT_EQ(fields.TextOr("a", "x"), "x");
  EXPECT_TRUE(fields.BoolOr("b", true));
  EXPECT_EQ(fields.IntegerOr("c", 7, 0, 5), 7);
  EXPECT_EQ(fields.NumberOr("d", 0.5), 0.5);
  EXPECT_THAT(fields.TextsOr("e", {"y"}), ElementsAre("y"));
  EXPECT_EQ(fields.ObjectAt("f", false), nullptr);
  EXPECT_TRUE(fields.Objects("g", false).empty());
  EXPECT_EQ(fields.Any("h"), nullptr);
  EXPECT_THAT(fields.Finish(), IsOk());
}

TEST(Fields, EveryErrorSaysWhereAndWhat) {
  const Value table = Toml("a = 1\nb = 'x'\nc = [1]\nd = 2.5\n");
  const struct {
    const char* message;
    void (*read)(Fields&);
  } cases[] = {
      {"f: line 1, column 5: a: text belongs here, not an integer", [](Fields& f) { f.Text("a"); }},
      {"f: line 1, column 5: a: 1 is not from 2 to 9", [](Fields& f) { f.Integer("a", 2, 9); }},
      {"f: line 2, column 5: b: an integer belongs here, not text",
       [](Fields& f) { f.IntegerOr("b", 0, 0, 1); }},
      {"f: line 4, column 5: d: an integer belongs here, not a number",
       [](Fields& f) { f.Integer("d", 0, 9); }},
      {"f: line 2, column 5: b: a number belongs here, not text", [](Fields& f) { f.Number("b"); }},
      {"f: line 3, column 5: c: every item is text, not an integer",
       [](Fields& f) { f.Texts("c"); }},
      {"f: line 3, column 5: c: every item is a table, not an integer",
       [](Fields& f) { f.Objects("c"); }},
      {"f: line 1, column 5: a: a table belongs here, not an integer",
       [](Fields& f) { f.ObjectAt("a"); }},
      {"f: line 1, column 1: z: is missing", [](Fields& f) { f.Text("z"); }},
      {"f: line 2, column 5: b: my own words", [](Fields& f) { f.Fail("b", "my own words"); }},
  };
  for (const auto& c : cases) {
    Fields fields(table, "f");
    c.read(fields);
    EXPECT_TRUE(fields.failed());
    EXPECT_THAT(fields.Finish(), StatusIs(Code::kInvalidArgument, c.message));
  }
}

TEST(Fields, RefusesKeysThatNobodyAskedFor) {
  const Value table = Toml("a = 1\nextra = 2\n");
  Fields fields(table, "f");
  fields.Integer("a", 0, 9);
  EXPECT_THAT(fields.Finish(),
              StatusIs(Code::kInvalidArgument,
                       "f: line 2, column 9: extra: is not a known key; remove it or correct its "
                       "spelling"));
}

TEST(Fields, TheFirstErrorSticks) {
  const Value table = Toml("a = 1\n");
  Fields fields(table, "f");
  EXPECT_EQ(fields.Text("a"), "");
  EXPECT_EQ(fields.Integer("a", 0, 9), 0);
  fields.Fail("a", "later");
  EXPECT_THAT(fields.Finish(),
              StatusIs(Code::kInvalidArgument,
                       "f: line 1, column 5: a: text belongs here, not an integer"));
}

TEST(Fields, AValueThatIsNoTableIsAnError) {
  const Value value = *ParseJson(" [1]");
  Fields fields(value, "f");
  EXPECT_EQ(fields.TextOr("a", "x"), "x");
  EXPECT_THAT(fields.Finish(), StatusIs(Code::kInvalidArgument,
                                        "f: line 1, column 2: a list where a table belongs"));
}

TEST(Fields, ANameMustBeOne) {
  const Value table = Toml("a = 'Not A Name'\n");
  Fields fields(table, "f");
  EXPECT_TRUE(fields.NameOf<SiteId>("a").empty());
  EXPECT_THAT(fields.Finish(),
              StatusIs(Code::kInvalidArgument, testing::HasSubstr("a: site id of 10 bytes")));
}

}  // namespace
}  // namespace renkei::syntax
