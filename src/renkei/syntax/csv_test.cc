// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/csv.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"

namespace renkei::syntax {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::vector<std::string>> TextsOf(const CsvTable& table) {
  std::vector<std::vector<std::string>> records;
  for (const auto& record : table.records) {
    records.emplace_back();
    for (const CsvField& field : record) records.back().push_back(field.text);
  }
  return records;
}

// A quoted form of any field.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  quoted += '"';
  return quoted;
}

TEST(Csv, ReadsTheFormsOfRfc4180) {
  const auto table = ParseCsv(
      "name,b c,\xE5\xB7\xA5\xE5\xA0\xB4\r\n"
      "1,,3\r\n"
      "\"a,b\",\"c\"\"d\",\"e\r\nf\"\n"
      "  x ,\"\",\"line\nfeed\"");
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->names, ElementsAre("name", "b c", "\xE5\xB7\xA5\xE5\xA0\xB4"));
  EXPECT_THAT(TextsOf(*table),
              ElementsAre(ElementsAre("1", "", "3"), ElementsAre("a,b", "c\"d", "e\r\nf"),
                          ElementsAre("  x ", "", "line\nfeed")));
  EXPECT_EQ(table->ColumnOf("b c"), 1u);
  EXPECT_EQ(table->ColumnOf("nobody"), std::nullopt);
}

TEST(Csv, AHeaderAloneIsATableWithoutRecords) {
  for (const char* text : {"a,b", "a,b\n", "a,b\r\n", "\xEF\xBB\xBF\"a\",b\n"}) {
    const auto table = ParseCsv(text);
    ASSERT_THAT(table, IsOk()) << text;
    EXPECT_THAT(table->names, ElementsAre("a", "b"));
    EXPECT_THAT(table->records, IsEmpty());
  }
}

TEST(Csv, EveryFieldKnowsItsPlaceInCharacters) {
  const auto table = ParseCsv("a,b\n\xE5\xB7\xA5\xE5\xA0\xB4,x\n\"p\nq\",y\n");
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->records[0][0].at, (Position{2, 1}));
  EXPECT_EQ(table->records[0][1].at, (Position{2, 4}));
  EXPECT_EQ(table->records[1][0].at, (Position{3, 1}));
  EXPECT_EQ(table->records[1][1].at, (Position{4, 4}));
}

TEST(Csv, RefusesWhatIsNoTableAndSaysWhere) {
  const struct {
    std::string text;
    const char* begins;
  } cases[] = {
      {"", "line 1, column 1: a line with the names"},
      {"\xEF\xBB\xBF", "line 1, column 1: a line with the names"},
      {"\na\n", "line 1, column 1: an empty line"},
      {"a,\n", "line 1, column 3: a column without a name"},
      {"a,b,a\n", "line 1, column 5: a second column"},
      {std::string(kCsvNameBytesMax + 1, 'n'), "line 1, column 1: a name above"},
      {"a,b\n1\n", "line 2, column 1: a record of 1 fields; the header has 2"},
      {"a,b\n1,2,3\n", "line 2, column 5: a record of 3 fields; the header has 2"},
      {"a,b\n1,2\n\n", "line 3, column 1: an empty line"},
      {"a\n\n1\n", "line 2, column 1: an empty line"},
      {"a,b\n1,x\"y\n", "line 2, column 4: a quote within a field"},
      {"a,b\n1,\"x\"y\n", "line 2, column 6: a comma or the end"},
      {"a,b\n1,\"x\"\"\n", "line 2, column 3: a quote that nothing closes"},
      {"a,b\n1,\"x\n", "line 2, column 3: a quote that nothing closes"},
      {"a,b\r1,2\n", "line 1, column 4: a control character"},
      {"a,b\n1,\"x\ry\"\n", "line 2, column 5: a control character"},
      {"a,b\n1,x\r", "line 2, column 4: a control character"},
      {std::string("a,b\n1,\0\n", 8), "line 2, column 3: a control character"},
      {"a,b\n1,\x7F\n", "line 2, column 3: a control character"},
      {"a,b\n1,\xC0\xAF\n", "line 2, column 3: a byte that is not UTF-8"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ParseCsv(c.text), StatusIs(Code::kInvalidArgument, StartsWith(c.begins))) << c.text;
  }
}

TEST(Csv, LimitsColumnsAndSize) {
  std::string header = "a0";
  for (size_t i = 1; i < kCsvColumnsMax; ++i) header += fmt::format(",a{}", i);
  EXPECT_THAT(ParseCsv(header), IsOk());
  EXPECT_THAT(ParseCsv(header + ",b"), StatusIs(Code::kInvalidArgument, HasSubstr("more than")));
  EXPECT_THAT(ParseCsv("a\n1\n", {.size_bytes_max = 4}), IsOk());
  EXPECT_THAT(ParseCsv("a\n11\n", {.size_bytes_max = 4}), StatusIs(Code::kResourceExhausted));
}

TEST(Csv, WhatIsQuotedReadsBack) {
  const auto random = MakeSeededRandom(7);
  constexpr std::string_view kAlphabet = "ab,\" \t\n";
  for (int i = 0; i < 1000; ++i) {
    std::vector<std::string> fields(3);
    std::string text = "a,b,c\n";
    for (size_t f = 0; f < fields.size(); ++f) {
      for (uint64_t n = random->Below(6); n > 0; --n) {
        fields[f] += kAlphabet[random->Below(kAlphabet.size())];
      }
      if (f > 0) text += ',';
      text += Quoted(fields[f]);
    }
    const auto table = ParseCsv(text);
    ASSERT_THAT(table, IsOk()) << text;
    EXPECT_THAT(TextsOf(*table), ElementsAre(fields)) << text;
  }
}

TEST(Csv, NoBytesMakeTheParserFailOtherwiseThanByAnError) {
  const auto random = MakeSeededRandom(11);
  const std::string seed = "name,b\r\n\"x,\"\"y\",2\r\n3,\"p\nq\"\n";
  int good = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string text = seed;
    for (uint64_t flips = 1 + random->Below(3); flips > 0; --flips) {
      text[random->Below(text.size())] = static_cast<char>(random->Next());
    }
    const auto table = ParseCsv(text);
    if (!table.ok()) {
      EXPECT_THAT(Message(table.status()), StartsWith("line ")) << text;
      continue;
    }
    ++good;
    for (const auto& record : table->records) EXPECT_EQ(record.size(), table->names.size());
  }
  EXPECT_GT(good, 100);
}

}  // namespace
}  // namespace renkei::syntax
