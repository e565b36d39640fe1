// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/case.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/rules/country.h"
#include "renkei/rules/packs_testing.h"

namespace renkei::rules {
namespace {

using testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  const RuleBook book = Book();
  const auto made = ParseCaseText(text, "case.yaml", book);
  return made.ok() ? "" : Message(made.status());
}

std::string Good(const std::string& more) {
  return "format: renkei-crossing/1\non: 2026-10-01\n" + more;
}

TEST(Case, ReadsYamlAndJsonAlike) {
  const RuleBook book = Book();
  const auto yaml = ParseCaseText(
      Good("facts: {item.kind: chip, chip.speed: [1, inf], open: no}\nparties: [{hq: NO}]"), "a",
      book);
  const auto json = ParseCaseText(
      R"({"format": "renkei-crossing/1", "on": "2026-10-01",
          "facts": {"item.kind": "chip", "chip.speed": [1, "inf"], "open": false},
          "parties": [{"hq": "NO"}]})",
      "b", book);
  ASSERT_THAT(yaml, IsOk());
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(yaml->facts, json->facts);
  EXPECT_EQ(yaml->parties, json->parties);
  EXPECT_EQ(yaml->parties[0][book.facts[book.fact_by_id.find("party.hq")->second].slot].lo,
            *CountryIndex("NO"));
}

TEST(Case, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(ErrorOf(Good("facts: {colour: red}")), HasSubstr("line 3, column 17: no pack asks"));
  EXPECT_THAT(ErrorOf(Good("facts: {open: 3}")), HasSubstr("yes, no or unknown belongs here"));
  EXPECT_THAT(ErrorOf(Good("facts: {chip.speed: fast}")), HasSubstr("a number, or two"));
  EXPECT_THAT(ErrorOf(Good("facts: {chip.speed: [2, 1]}")), HasSubstr("the smaller first"));
  EXPECT_THAT(ErrorOf(Good("facts: {destination: ZZ}")), HasSubstr("a country of ISO 3166"));
  EXPECT_THAT(ErrorOf(Good("facts: {item.kind: car}")), HasSubstr("one of chip, file"));
  EXPECT_THAT(ErrorOf(Good("facts: {party.hq: JP}")), HasSubstr("belongs to a party"));
  EXPECT_THAT(ErrorOf(Good("parties: [{hq: JP, size: 3}]")), HasSubstr("a fact party.size"));
  EXPECT_THAT(ErrorOf(Good("parties: []")), HasSubstr("1 to 16 tables"));
  EXPECT_THAT(ErrorOf(Good("like: nobody")), HasSubstr("no pack has a model"));
  EXPECT_THAT(ErrorOf(Good("at: 2026-10-01T00:00:00Z")), HasSubstr("on or at"));
  EXPECT_THAT(ErrorOf(Good("colour: red")), HasSubstr("is not a known key"));
  EXPECT_THAT(ErrorOf("format: renkei-crossing/1\non: 2026-13-01\n"), HasSubstr("no calendar"));
  EXPECT_THAT(ErrorOf("format: renkei-crossing/1\n"), HasSubstr("at: is missing"));
  EXPECT_THAT(ErrorOf("format: renkei-crossing/1\nat: 2026-10-01T00:00:00Z\nskew_s: -1\n"),
              HasSubstr("0 to 86400"));
  EXPECT_THAT(ErrorOf("on: 2026-10-01\n"), HasSubstr("format: is missing"));
  EXPECT_THAT(ErrorOf(Good("facts: {open: \x1b}")), HasSubstr("a control character"));
  EXPECT_THAT(ErrorOf("{\"format\": 1}"), HasSubstr("format"));
}

TEST(Case, CountriesAreThoseOfIso3166) {
  EXPECT_EQ(CountryCode(*CountryIndex("JP")), "JP");
  EXPECT_EQ(CountryIndex("AD"), 0);
  EXPECT_EQ(CountryIndex("ZW"), kCountries - 1);
  for (uint16_t i = 1; i < kCountries; ++i) EXPECT_LT(CountryCode(i - 1), CountryCode(i));
  EXPECT_FALSE(CountryIndex("UK"));
  EXPECT_FALSE(CountryIndex("jp"));
  EXPECT_FALSE(CountryIndex(""));
}

}  // namespace
}  // namespace renkei::rules
