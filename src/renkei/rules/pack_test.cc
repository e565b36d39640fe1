// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/pack.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/rules/lint.h"
#include "renkei/rules/mutation.h"
#include "renkei/rules/packs_testing.h"
#include "renkei/rules/trial_run.h"

namespace renkei::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kHead = R"yaml(
format: renkei-rules/1
pack: more
version: 1
jurisdiction: us
law: { en: "More", ja: "他" }
text_as_of: 2026-09-24
)yaml";

std::string MorePack(const std::string& rest) { return std::string(kHead) + rest; }

std::string ErrorOf(const std::string& text) {
  const auto pack = ParsePack(text, "more.yaml");
  if (!pack.ok()) return Message(pack.status());
  auto packs = Packs({kWords, kRules});
  packs.push_back(*pack);
  const auto book = Compile(std::move(packs));
  return book.ok() ? "" : Message(book.status());
}

std::string RuleError(const std::string& rule) { return ErrorOf(MorePack("rules:\n- " + rule)); }

constexpr std::string_view kGood =
    "{ id: x, cite: \"1\", from: 2024-01-01, when: open is yes, then: note, "
    "says: { en: \"X\", ja: \"X\" } }";

std::string With(std::string_view from, std::string_view to) {
  std::string rule(kGood);
  rule.replace(rule.find(from), from.size(), to);
  return rule;
}

TEST(Pack, ReadsAGoodOne) { EXPECT_EQ(RuleError(std::string(kGood)), ""); }

TEST(Pack, SaysWhereARuleIsWrong) {
  EXPECT_THAT(RuleError(With("cite: \"1\", ", "")), HasSubstr("rules: x: line 9, column 3: cite"));
  EXPECT_THAT(RuleError(With("2024-01-01", "2024-13-01")), HasSubstr("no calendar has"));
  EXPECT_THAT(RuleError(With("2024-01-01", "yesterday")), HasSubstr("not a day such as"));
  EXPECT_THAT(RuleError(With("from: 2024-01-01, ", "")), HasSubstr("from: is missing"));
  EXPECT_THAT(RuleError(With("then: note", "then: maybe")), HasSubstr("belongs here"));
  EXPECT_THAT(RuleError(With("then: note", "then: note, until: 2023-01-01")),
              HasSubstr("before the first day"));
  EXPECT_THAT(RuleError(With("then: note", "then: note, layer: both")), HasSubstr("layer"));
  EXPECT_THAT(RuleError(With("then: note", "then: note, colour: red")),
              HasSubstr("colour: is not a known key"));
  EXPECT_THAT(RuleError(With("ja: \"X\"", "ja: \"\"")), HasSubstr("ja: one line"));
  EXPECT_THAT(RuleError(With("then: note", "then: exception X")), HasSubstr("lifts"));
  EXPECT_THAT(RuleError(With("then: note", "then: note, shown: [order is yes]")),
              HasSubstr("belongs to an exception alone"));
}

TEST(Pack, SaysWhereAConditionIsWrong) {
  const auto when = [](std::string_view to) { return RuleError(With("open is yes", to)); };
  EXPECT_THAT(when("closed is yes"), HasSubstr("no fact closed"));
  EXPECT_THAT(when("open is maybe"), HasSubstr("open is yes or no"));
  EXPECT_THAT(when("open >= 3"), HasSubstr("open is no number"));
  EXPECT_THAT(when("chip.speed is 3"), HasSubstr("is a number; compare it"));
  EXPECT_THAT(when("chip.speed >= fast"), HasSubstr("'fast' is not a number"));
  EXPECT_THAT(when("destination in Nowhere"), HasSubstr("no country and no group"));
  EXPECT_THAT(when("item.kind is car"), HasSubstr("'car' is no word of item.kind"));
  EXPECT_THAT(when("party.hq in Embargo"), HasSubstr("put it into {any party: ...}"));
  EXPECT_THAT(when("{ any party: { any party: party.hq in Embargo } }"), HasSubstr("inside"));
  EXPECT_THAT(when("no-such-term"), HasSubstr("is no term"));
  EXPECT_THAT(when("rule nothing"), HasSubstr("no rule nothing"));
  EXPECT_THAT(when("{ all: [] }"), HasSubstr("a list of 1 to"));
  EXPECT_THAT(when("{ all: [open is yes], any: [open is no] }"), HasSubstr("one key at a time"));
  EXPECT_THAT(when("{ some: [open is yes] }"), HasSubstr("'some' is no condition"));
}

TEST(Pack, SaysWhichNamesAreTakenOrMissing) {
  EXPECT_THAT(RuleError(With("id: x", "id: need")), HasSubstr("a second rule of this name"));
  EXPECT_THAT(RuleError(With("then: note", "then: exception X, lifts: [gone]")),
              HasSubstr("no rule gone"));
  EXPECT_THAT(RuleError(With("then: note", "then: exception X, lifts: [denied]")),
              HasSubstr("is no licence requirement"));
  EXPECT_THAT(RuleError(With("then: note", "then: only exceptions, but: [GONE]")),
              HasSubstr("no exception GONE"));
  EXPECT_THAT(ErrorOf(MorePack("groups: { Embargo: { cite: \"x\", members: [CN] } }")),
              HasSubstr("a second group"));
  EXPECT_THAT(ErrorOf(MorePack("groups: { G: { cite: \"x\", members: [ZZ] } }")),
              HasSubstr("'ZZ' is no country of ISO 3166"));
  EXPECT_THAT(ErrorOf(MorePack("groups: { G: { cite: \"x\", members: [CN, CN] } }")),
              HasSubstr("CN stands here twice"));
}

TEST(Pack, RefusesLoops) {
  EXPECT_THAT(RuleError(With("open is yes", "rule x")), HasSubstr("a loop: x rests on x"));
  EXPECT_THAT(ErrorOf(MorePack("terms: { a: b, b: a }\nrules:\n- " + With("open is yes", "a"))),
              HasSubstr("a loop: "));
}

TEST(Pack, RefusesWhatIsNoPack) {
  EXPECT_THAT(ErrorOf("a: b\n"), HasSubstr("format"));
  EXPECT_THAT(ErrorOf(std::string(kHead).replace(1, 22, "format: renkei-rules/9")),
              HasSubstr("renkei-rules/1 belongs here"));
  EXPECT_THAT(ErrorOf(std::string(5 << 20, 'a')), HasSubstr("at most 4194304"));
  EXPECT_THAT(ErrorOf(std::string(kHead) + "rules: \x01\n"), HasSubstr("a control character"));
  EXPECT_THAT(ErrorOf(std::string(kHead).substr(0, 60)), HasSubstr("more.yaml"));
}

TEST(Lint, FindsRulesThatCannotHoldOverlapOrAreNotTested) {
  auto packs = Packs({kWords, kRules});
  const std::string text = MorePack(R"yaml(
exclusive: [[fast, odd]]
rules:
- { id: never, cite: "1", from: 2024-01-01, then: note, says: { en: "X", ja: "X" },
    when: { all: [ chip.speed >= 10, chip.speed < 10 ] } }
- { id: late, cite: "1", from: 2024-01-01, until: 2024-12-31, then: exception LATE, lifts: [need-all],
    when: chip.speed < 1, says: { en: "X", ja: "X" } }
- { id: odd, cite: "1", from: 2024-01-01, then: class odd, says: { en: "X", ja: "X" },
    when: { all: [ chip.speed >= 4000, chip.speed < 5000 ] } }
tests:
- { test: "odd", like: plain, on: 2026-10-01, facts: { chip.speed: 4500 }, expect: { us.enforced: NLR } }
)yaml");
  packs.push_back(*ParsePack(text, "more.yaml"));
  const auto book = Compile(std::move(packs));
  ASSERT_THAT(book, IsOk());
  const auto findings = Lint(*book);
  ASSERT_THAT(findings, IsOk());
  EXPECT_THAT(*findings, testing::Contains(HasSubstr("never: can never hold")));
  EXPECT_THAT(*findings,
              testing::Contains(HasSubstr("late: is never in force together with need-all")));
  EXPECT_THAT(*findings, testing::Contains(HasSubstr("chip.speed")));
  EXPECT_THAT(*findings, testing::Contains(HasSubstr("overlaps with")));
  EXPECT_THAT(*findings, testing::Contains(HasSubstr("late: holds in no test")));
  EXPECT_THAT(*findings, testing::Not(testing::Contains(HasSubstr("odd: holds in no test"))));
}

constexpr std::string_view kTested = R"yaml(
rules:
- { id: big, cite: "1", from: 2024-01-01, then: licence, control: RS, says: { en: "X", ja: "X" },
    when: chip.speed >= 9000 }
tests:
- { test: "at", like: plain, on: 2024-01-01, facts: { chip.speed: 9000 },
    expect: { us.enforced: LIC, cites: ["1"] } }
- { test: "below", like: plain, on: 2024-01-01, facts: { chip.speed: 8999 }, expect: { us.enforced: NLR } }
- { test: "before", like: plain, on: 2023-12-31, facts: { chip.speed: 9000 }, expect: { us.enforced: NLR } }
)yaml";

TEST(Mutation, IsCaughtByTestsOnBothSides) {
  std::vector<Pack> packs = Packs({kWords});
  packs.push_back(*ParsePack(MorePack(std::string(kTested)), "more.yaml"));
  const auto report = PlantMutations(packs, 2);
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->by_kind.at("threshold").caught, 3u);
  EXPECT_EQ(report->by_kind.at("condition").caught, 2u);
  // The day after is not felt: nothing asks on the second day alone.
  EXPECT_THAT(report->survivors, testing::Each(HasSubstr("Embargo: AE")));
}

TEST(Mutation, SurvivesWhereNothingTests) {
  std::string text = MorePack(std::string(kTested));
  text.erase(text.find("- { test: \"below\""));
  std::vector<Pack> packs = Packs({kWords});
  packs.push_back(*ParsePack(text, "more.yaml"));
  const auto report = PlantMutations(packs, 1);
  ASSERT_THAT(report, IsOk());
  EXPECT_THAT(report->survivors, testing::Contains(HasSubstr("chip.speed >= 9000")));
}

TEST(Trials, SayWhatTheyExpected) {
  std::vector<Pack> packs = Packs({kWords});
  std::string text = MorePack(std::string(kTested));
  text.replace(text.find("us.enforced: LIC,"), 17, "us.enforced: NLR,");
  packs.push_back(*ParsePack(text, "more.yaml"));
  const auto book = Compile(std::move(packs));
  ASSERT_THAT(book, IsOk());
  const auto report = RunTrials(*book);
  ASSERT_THAT(report, IsOk());
  EXPECT_THAT(report->failures, ElementsAre(HasSubstr("us.enforced: LIC, expected NLR")));
  EXPECT_THAT(report->untested, IsEmpty());
}

}  // namespace
}  // namespace renkei::rules
