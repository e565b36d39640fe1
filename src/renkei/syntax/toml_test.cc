// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/toml.h"

#include <string>

#include <gtest/gtest.h>

#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/syntax/json.h"

namespace renkei::syntax {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Toml, BecomesAValueInTheOrderOfTheSource) {
  const struct {
    const char* toml;
    const char* json;
  } cases[] = {
      {"", "{}"},
      {"z = 1\na = 2", R"({"z":1,"a":2})"},
      {"a = 9223372036854775807", R"({"a":9223372036854775807})"},
      {"a = 0x1F\nb = 1_000", R"({"a":31,"b":1000})"},
      {"a = 0.5\nb = 1e3\nc = -0.0", R"({"a":0.5,"b":1000.0,"c":-0.0})"},
      {"a = true\nb = 'x'\nc = \"\"\"\ny\n\"\"\"", R"({"a":true,"b":"x","c":"y\n"})"},
      {"a = [1, ['x'], {b = 2}]", R"({"a":[1,["x"],{"b":2}]})"},
      {"[b]\nx = 1\n[a.c]\ny = 2\n[[l]]\nk = 1\n[[l]]\nk = 2",
       R"({"b":{"x":1},"a":{"c":{"y":2}},"l":[{"k":1},{"k":2}]})"},
      {"a = 2026-11-24T10:02:03.5+09:00", R"({"a":"2026-11-24T01:02:03.500Z"})"},
      {"a = 2026-11-24T00:00:00Z", R"({"a":"2026-11-24T00:00:00.000Z"})"},
      {"a = 2026-01-01T00:30:00-05:30", R"({"a":"2026-01-01T06:00:00.000Z"})"},
      {"\"工 場\" = 1", R"({"工 場":1})"},
  };
  for (const auto& c : cases) {
    const auto value = ParseToml(c.toml);
    ASSERT_THAT(value, IsOk()) << c.toml;
    EXPECT_EQ(DumpJson(*value), c.json) << c.toml;
  }
}

TEST(Toml, RefusesWhatTomlOrWeForbidAndSaysWhere) {
  const struct {
    std::string text;
    const char* position;
  } cases[] = {
      {"a = 1\na = 2", "line 2, column "},
      {"[t]\n[t]", "line 2, column "},
      {"a = 1\n[a]", "line 2, column "},
      {"a = {b = 1, b = 2}", "line 1, column "},
      {"a = 1\nb = nan", "line 2, column 5: "},
      {"b = [1, -inf]", "line 1, column 9: "},
      {"when = 2026-11-24", "line 1, column 8: "},
      {"when = 10:00:00", "line 1, column 8: "},
      {"when = 2026-11-24T00:00:00", "line 1, column 8: "},
      {"when = 2026-11-24T00:00:00.0001Z", "line 1, column 8: "},
      {"when = 0000-01-01T00:00:00+09:00", "line 1, column 8: "},
      {"when = 2026-02-30T00:00:00Z", "line 1, column "},
      {"a = 9223372036854775808", "line 1, column "},
      {"a = 01", "line 1, column "},
      {"a = 'x", "line 1, column "},
      {"a = \"\xC0\xAF\"", "line 1, column 6: "},
      {"a = \"\x01\"", "line 1, column "},
      {std::string("a = 1\0", 6), "line 1, column "},
      {"a", "line 1, column "},
      {"= 1", "line 1, column "},
      {"[:", "line 1, column "},
      {"[[:]]", "line 1, column "},
      {"{ : = 1 }", "line 1, column "},
      {"a = 1 b = 2", "line 1, column "},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ParseToml(c.text), StatusIs(Code::kInvalidArgument, StartsWith(c.position)))
        << c.text;
  }
}

TEST(Toml, EveryValueKnowsItsPlace) {
  const auto value = ParseToml("a = 1\n[t]\n  b = [ 'x',\n'y' ]\n");
  ASSERT_THAT(value, IsOk());
  EXPECT_EQ(value->Find("a")->at, (Position{1, 5}));
  EXPECT_EQ(value->Find("t")->at, (Position{2, 1}));
  EXPECT_EQ(value->Find("t")->Find("b")->at, (Position{3, 7}));
  EXPECT_EQ(value->Find("t")->Find("b")->items()[1].at, (Position{4, 1}));
}

TEST(Toml, LimitsDepthAndSize) {
  const auto nested = [](size_t depth) {
    return "a = " + std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_THAT(ParseToml(nested(31)), IsOk());
  EXPECT_THAT(ParseToml(nested(32)), StatusIs(Code::kInvalidArgument, HasSubstr("deep")));
  EXPECT_THAT(ParseToml(nested(100'000)), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseToml("a = " + std::string(40, '[') + std::string(40, ']')),
              StatusIs(Code::kInvalidArgument, HasSubstr("deep")));
  EXPECT_THAT(ParseToml("a = 1", {.size_bytes_max = 5}), IsOk());
  EXPECT_THAT(ParseToml("a = 11", {.size_bytes_max = 5}), StatusIs(Code::kResourceExhausted));
}

TEST(Toml, LimitsThePartsOfAKey) {
  const auto dotted = [](int parts) {
    std::string key = "a";
    for (int i = 1; i < parts; ++i) key += ".a";
    return key;
  };
  EXPECT_THAT(ParseToml(dotted(31) + " = 1"), IsOk());
  for (const char* form : {"{} = 1", "[{}]", "[[{}]]", "x = {{ {} = 1 }}",
                           "x = \"\"\"\"y\"\"\"\"\n{} = 1", "x = 'it\"s'\n{} = 1",
                           "x = \"\\\"\"\n{} = 1", "# \"\n{} = 1", "x = '''\n\"'''''\n{} = 1"}) {
    const std::string shallow = fmt::format(fmt::runtime(form), dotted(20));
    EXPECT_THAT(ParseToml(shallow), IsOk()) << shallow;
    const std::string deep = fmt::format(fmt::runtime(form), dotted(1'000'000));
    EXPECT_THAT(ParseToml(deep), StatusIs(Code::kInvalidArgument, HasSubstr("parts"))) << form;
  }
  EXPECT_THAT(ParseToml(". . . ."), StatusIs(Code::kInvalidArgument));
  const std::string dots(100, '.');
  EXPECT_THAT(ParseToml("a = '" + dots + "' # " + dots + "\nb = \"" + dots + "\"\nc = '''\n" +
                        dots + "'''\nd = [1.0, 2.0, 3.0]"),
              IsOk());
}

TEST(Toml, NoBytesMakeTheParserFailOtherwiseThanByAnError) {
  const auto random = MakeSeededRandom(13);
  const std::string seed =
      "a = 1\nb = [ 'x', \"y\\n\" ]\n[t.u]\nc = { d = 2.5 }\n[[l]]\nw = 2026-11-24T00:00:00Z\n";
  int good = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string text = seed;
    for (uint64_t flips = 1 + random->Below(3); flips > 0; --flips) {
      text[random->Below(text.size())] = static_cast<char>(random->Next());
    }
    const auto value = ParseToml(text);
    if (!value.ok()) {
      EXPECT_THAT(Message(value.status()), StartsWith("line ")) << text;
      continue;
    }
    ++good;
    EXPECT_THAT(ParseJson(DumpJson(*value)), IsOkAndHolds(*value));
  }
  EXPECT_GT(good, 100);
}

TEST(Toml, QuotedTextReadsBack) {
  for (const std::string text : {"", "a \"b\" \\ c", "line\nfeed\ttab\r", "工場", "\x01\x7f"}) {
    const auto value = ParseToml("a = " + TomlQuoted(text));
    ASSERT_THAT(value, IsOk()) << text;
    EXPECT_EQ(value->Find("a")->text(), text);
  }
}

}  // namespace
}  // namespace renkei::syntax
