// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/judgement.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/rules/packs_testing.h"
#include "renkei/rules/timeline.h"

namespace renkei::rules {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

// A jurisdiction of one rule, so that Japan has an answer too.
constexpr std::string_view kJapan = R"yaml(
format: renkei-rules/1
pack: japan
version: 1
jurisdiction: jp
law: { en: "Japan", ja: "日本" }
text_as_of: 2026-09-24
rules:
- { id: jp-fast, cite: "6条", from: 2025-05-28, then: licence, control: LIST, policy: METI,
    when: chip.speed >= 6000, says: { en: "Listed", ja: "該当" } }
)yaml";

Case CaseOf(const RuleBook& book, const std::string& facts) {
  auto made = ParseCaseText("format: renkei-crossing/1\nlike: plain\non: 2026-10-01\n" + facts,
                            "case.yaml", book);
  RK_CHECK(made.ok());
  return *std::move(made);
}

Judgement JudgeOf(const RuleBook& book, const std::string& facts, const Profile& profile = {},
                  Date today = *ParseDate("2026-10-01")) {
  return Judge(book, Decide(book, CaseOf(book, facts)), profile, today);
}

TEST(Judge, TheWorstBindingAnswerCounts) {
  const RuleBook book = Book({kWords, kRules, kJapan});
  EXPECT_EQ(JudgeOf(book, "facts: {chip.speed: 1}").call, Call::kGo);
  EXPECT_EQ(JudgeOf(book, "facts: {chip.speed: 5000}").call, Call::kHold);
  EXPECT_EQ(JudgeOf(book, "facts: {chip.speed: 5000, order: yes}").call, Call::kGo);
  EXPECT_EQ(JudgeOf(book, "parties: [{hq: CN}]").call, Call::kRefuse);
  EXPECT_EQ(JudgeOf(book, "parties: [{denied: yes}]").call, Call::kRefuse);
  EXPECT_EQ(JudgeOf(book, "facts: {chip.speed: 6000}").reasons.back().en, "jp: LIC(METI)");
}

TEST(Judge, ALayerThatDoesNotBindOnlyWarns) {
  const RuleBook book = Book({kWords, kRules, kJapan});
  const Judgement judgement = JudgeOf(book, "facts: {chip.speed: 5000}", *ParseBinding("enforced"));
  EXPECT_EQ(judgement.call, Call::kGo);
  EXPECT_THAT(judgement.reasons, ElementsAre(Field(&Words::en, HasSubstr("us codified: LIC"))));
  EXPECT_EQ(JudgeOf(book, "facts: {chip.speed: 5000}", *ParseBinding("codified")).call,
            Call::kHold);
  EXPECT_THAT(ParseBinding("none"), StatusIs(Code::kInvalidArgument));
}

TEST(Judge, OldTextsAndAbsentLawHold) {
  const RuleBook book = Book({kWords, kRules, kJapan});
  const std::string facts = "facts: {chip.speed: 1}";
  EXPECT_EQ(JudgeOf(book, facts, {.text_age_days_max = 30}, *ParseDate("2026-10-24")).call,
            Call::kGo);
  EXPECT_EQ(JudgeOf(book, facts, {.text_age_days_max = 30}, *ParseDate("2026-10-25")).call,
            Call::kHold);
  const Judgement without = JudgeOf(Book(), facts);
  EXPECT_EQ(without.call, Call::kHold);
  EXPECT_THAT(without.reasons, Contains(Field(&Words::en, "no rules of jp are loaded")));
}

TEST(Timeline, NamesTheDayAndTheRule) {
  const RuleBook book = Book();
  const auto changes = ChangesOf(book, CaseOf(book, "facts: {destination: AE, order: no}"),
                                 *ParseDate("2023-01-01"), *ParseDate("2026-12-31"));
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(FormatDate(changes[0].day), "2025-05-15");
  EXPECT_EQ(changes[0].layer, Layer::kCodified);
  EXPECT_THAT(changes[0].begins, Contains("need-all"));
  EXPECT_EQ(FormatDate(changes[1].day), "2026-07-10");
  EXPECT_EQ(changes[1].layer, Layer::kCodified);
  EXPECT_EQ(changes[2].layer, Layer::kEnforced);
  EXPECT_EQ(changes[2].before.Text(Jurisdiction::kUs), "NLR");
  EXPECT_EQ(changes[2].after.Text(Jurisdiction::kUs), "LIC(case by case)");
  EXPECT_THAT(changes[2].begins, Contains("need"));
  EXPECT_TRUE(ChangesOf(book, CaseOf(book, "facts: {destination: AE}"), *ParseDate("2026-07-10"),
                        *ParseDate("2026-12-31"))
                  .empty());
}

TEST(CivilDate, IsThatOfThePlace) {
  const auto in = [](Jurisdiction jurisdiction, std::string_view at) {
    return FormatDate(DateIn(jurisdiction, *ParseInstant(at)));
  };
  // 10 November 08:00 in Tokyo is still the 9th in Washington.
  EXPECT_EQ(in(Jurisdiction::kJp, "2026-11-09T23:00:00Z"), "2026-11-10");
  EXPECT_EQ(in(Jurisdiction::kUs, "2026-11-09T23:00:00Z"), "2026-11-09");
  EXPECT_EQ(in(Jurisdiction::kUs, "2026-11-10T04:59:59Z"), "2026-11-09");
  EXPECT_EQ(in(Jurisdiction::kUs, "2026-11-10T05:00:00Z"), "2026-11-10");
  // Daylight saving began on 8 March and ended on 1 November 2026.
  EXPECT_EQ(in(Jurisdiction::kUs, "2026-03-08T04:59:59Z"), "2026-03-07");
  EXPECT_EQ(in(Jurisdiction::kUs, "2026-03-09T03:59:59Z"), "2026-03-08");
  EXPECT_EQ(in(Jurisdiction::kUs, "2026-03-09T04:00:00Z"), "2026-03-09");
  EXPECT_EQ(in(Jurisdiction::kUs, "2026-11-01T03:59:59Z"), "2026-10-31");
  EXPECT_EQ(in(Jurisdiction::kUs, "2026-11-02T04:59:59Z"), "2026-11-01");
  EXPECT_THAT(ParseDate("2026-13-01"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseDate("2026-02-29"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseDate("2026-1-01"), StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::rules
