// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/decide.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/rules/explain.h"
#include "renkei/rules/packs_testing.h"

namespace renkei::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Answer Ask(const RuleBook& book, const std::string& more, Layer layer = Layer::kEnforced) {
  auto facts = ParseCaseText(
      "format: renkei-crossing/1\nlike: plain\n" +
          (more.starts_with("at:") || more.starts_with("on:") ? more : "on: 2026-10-01\n" + more),
      "case.yaml", book);
  EXPECT_THAT(facts, IsOk());
  return DecideOn(book, *facts, Jurisdiction::kUs, layer,
                  facts->DatesIn(Jurisdiction::kUs).front());
}

std::string Outcome(const std::string& more, Layer layer = Layer::kEnforced) {
  static const RuleBook book = Book();
  return Ask(book, more, layer).outcome.Text(Jurisdiction::kUs);
}

TEST(Decide, RequirementsHoldUnlessAnExceptionIsShown) {
  EXPECT_EQ(Outcome("facts: {chip.speed: 4799}"), "NLR");
  EXPECT_EQ(Outcome("facts: {}"), "NLR");
  EXPECT_EQ(Outcome("facts: {destination: CN}"), "LIC(case by case)");
  EXPECT_EQ(Outcome("facts: {destination: CN, order: yes}"), "EXC(SMALL)");
  EXPECT_EQ(Outcome("facts: {destination: CN, order: yes, chip.speed: 6000}"), "LIC(case by case)");
  EXPECT_EQ(Outcome("parties: [{hq: CN}]"), "LIC(presumption of denial)");
}

TEST(Decide, LayersDiffer) {
  EXPECT_EQ(Outcome("facts: {}", Layer::kCodified), "LIC");
  EXPECT_EQ(Outcome("facts: {order: yes}", Layer::kCodified), "EXC(SMALL)");
}

TEST(Decide, ShutExceptionsLiftNothing) {
  EXPECT_EQ(Outcome("facts: {order: yes}\nparties: [{hq: RU}]"), "LIC(case by case)");
}

TEST(Decide, ALicenceHeldIsNotShutWithTheExceptions) {
  const auto outcome = [](const std::string& is_private) {
    const std::string held = R"yaml(
format: renkei-rules/1
pack: held
version: 1
jurisdiction: us
private: )yaml" + is_private +
                             R"yaml(
law: { en: "Held", ja: "許可" }
text_as_of: 2026-09-24
rules:
- { id: D123, cite: "Licence D123", from: 2026-01-01, then: exception licence D123, lifts: [need],
    when: chip.speed >= 4800, says: { en: "Licence D123", ja: "許可D123" } }
)yaml";
    const RuleBook book = Book({kWords, kRules, held});
    return Ask(book, "facts: {}\nparties: [{hq: RU}]").outcome.Text(Jurisdiction::kUs);
  };
  EXPECT_EQ(outcome("yes"), "EXC(licence D123)");
  EXPECT_EQ(outcome("no"), "LIC(case by case)");
}

TEST(Decide, AnExceptionThatIsNotInForceLiftsNothing) {
  const RuleBook book = Book({kWords, kRules, R"yaml(
format: renkei-rules/1
pack: later
version: 1
jurisdiction: us
law: { en: "Later", ja: "後日" }
text_as_of: 2026-09-24
rules:
- { id: late, cite: "740.99", from: 2027-01-01, then: exception LATE, lifts: [need],
    when: chip.speed >= 4800, says: { en: "Late", ja: "後日" } }
- { id: textual, cite: "740.98", from: 2026-01-01, layer: codified, then: exception TEXT, lifts: [need],
    when: chip.speed >= 4800, says: { en: "By the text", ja: "条文上" } }
)yaml"});
  EXPECT_EQ(Ask(book, "facts: {destination: CN}").outcome.Text(Jurisdiction::kUs),
            "LIC(case by case)");
  EXPECT_EQ(Ask(book, "on: 2027-01-01\nfacts: {destination: CN}").outcome.Text(Jurisdiction::kUs),
            "EXC(LATE)");
}

TEST(Decide, AProhibitionWinsAndScopeWinsOverIt) {
  EXPECT_EQ(Outcome("parties: [{hq: JP}, {hq: JP, denied: yes}]"), "PROHIBITED");
  EXPECT_EQ(Outcome("facts: {open: yes}\nparties: [{denied: yes}]"), "NOT-SUBJECT");
}

TEST(Decide, ContradictionIsAReviewThatNamesBoth) {
  const RuleBook book = Book();
  const Answer answer = Ask(book, "facts: {chip.speed: 1}\nclasses: {us: [3E001]}");
  EXPECT_EQ(answer.outcome.Text(Jurisdiction::kUs), "REVIEW(conflict)");
  EXPECT_THAT(CitesOf(book, answer), ElementsAre("3E001", "CCL"));
  ASSERT_EQ(answer.missing.size(), 1u);
  EXPECT_EQ(answer.missing[0].branches[0].outcomes[0].Text(Jurisdiction::kUs), "LIC");
  EXPECT_EQ(answer.missing[0].branches[1].outcomes[0].Text(Jurisdiction::kUs), "NLR");
  EXPECT_EQ(Outcome("facts: {chip.speed: 1, destination: CN}\nclasses: {us: [3E001]}"), "LIC");
}

TEST(Decide, AMissingFactIsNamedWhenItMatters) {
  const RuleBook book = Book();
  const Answer answer = Ask(book, "facts: {destination: CN, chip.speed: [1600, 7000]}");
  EXPECT_EQ(answer.outcome.Text(Jurisdiction::kUs), "REVIEW");
  ASSERT_EQ(answer.missing.size(), 1u);
  const auto& branches = answer.missing[0].branches;
  ASSERT_EQ(branches.size(), 3u);  // below 4800, below 6000, the rest; the order is not shown
  EXPECT_EQ(TextOf(answer.missing[0].variable, branches[0].cell, book), "from 1600 to below 4800");
  EXPECT_EQ(branches[0].outcomes[0].Text(Jurisdiction::kUs), "NLR");
  EXPECT_EQ(branches[2].outcomes[0].Text(Jurisdiction::kUs), "LIC(case by case)");
}

TEST(Decide, AMissingFactThatCannotMatterDoesNotAppear) {
  const RuleBook book = Book();
  // Density decides nothing at this speed, and nobody's denial matters to what is published.
  EXPECT_EQ(Outcome("facts: {chip.density: unknown, destination: CN}"), "LIC(case by case)");
  EXPECT_EQ(Outcome("facts: {open: yes}\nparties: [{denied: unknown}]"), "NOT-SUBJECT");
  // Neither does the speed of a file, which has none.
  EXPECT_EQ(Outcome("facts: {item.kind: file, chip.speed: unknown, destination: CN}"), "NLR");
  const Answer answer =
      Ask(book, "facts: {chip.density: unknown, chip.speed: 1600, destination: CN}");
  ASSERT_EQ(answer.missing.size(), 1u);
  EXPECT_EQ(book.facts[answer.missing[0].variable.index].said.id, "chip.density");
}

TEST(Decide, UnknownHeadquartersAreNeverANo) {
  const RuleBook book = Book();
  const Answer answer = Ask(book, "parties: [{hq: unknown}]");
  EXPECT_EQ(answer.outcome.Text(Jurisdiction::kUs), "REVIEW");
  ASSERT_EQ(answer.missing.size(), 1u);
  std::vector<std::string> texts;
  for (const Branch& branch : answer.missing[0].branches) {
    texts.push_back(TextOf(answer.missing[0].variable, branch.cell, book) + ": " +
                    branch.outcomes[0].Text(Jurisdiction::kUs));
  }
  EXPECT_THAT(texts, testing::Contains("CN: LIC(presumption of denial)"));
  EXPECT_THAT(texts, testing::Contains("AE, RU: LIC(case by case)"));
}

TEST(Decide, AnUnstatedClassIsMissing) {
  const RuleBook book = Book();
  auto facts = ParseCaseText(
      "format: renkei-crossing/1\non: 2026-10-01\n"
      "facts: {item.kind: file, destination: JP, open: no}\nparties: [{hq: JP, denied: no}]",
      "case.yaml", book);
  ASSERT_THAT(facts, IsOk());
  const Answer answer = DecideOn(book, *facts, Jurisdiction::kUs, Layer::kEnforced, *facts->on);
  EXPECT_EQ(answer.outcome.Text(Jurisdiction::kUs), "REVIEW(conflict)");
  EXPECT_EQ(answer.missing[0].variable.kind, Variable::Kind::kClasses);
}

TEST(Decide, RulesAndGroupsHaveTheirDays) {
  EXPECT_EQ(Outcome("on: 2023-11-16\nfacts: {destination: CN}"), "NLR");
  EXPECT_EQ(Outcome("on: 2023-11-17\nfacts: {destination: CN}"), "LIC(case by case)");
  EXPECT_EQ(Outcome("on: 2025-05-14\nfacts: {}", Layer::kCodified), "NLR");
  EXPECT_EQ(Outcome("on: 2025-05-15\nfacts: {}", Layer::kCodified), "LIC");
  EXPECT_EQ(Outcome("on: 2026-07-09\nfacts: {destination: AE}"), "NLR");
  EXPECT_EQ(Outcome("on: 2026-07-10\nfacts: {destination: AE}"), "LIC(case by case)");
}

TEST(Decide, AnInstantNearMidnightMayBeTwoDays) {
  const RuleBook book = Book();
  const auto ask = [&](const std::string& at, const std::string& skew) {
    auto facts = ParseCaseText("format: renkei-crossing/1\nlike: plain\nat: " + at +
                                   "\nskew_s: " + skew + "\nfacts: {destination: AE}",
                               "case.yaml", book);
    EXPECT_THAT(facts, IsOk());
    return Decide(book, *facts).answers[1];
  };
  // 10 July begins in Washington at 04:00 UTC.
  EXPECT_EQ(ask("2026-07-10T03:59:00Z", "0").outcome.Text(Jurisdiction::kUs), "NLR");
  EXPECT_EQ(ask("2026-07-10T04:00:00Z", "0").outcome.Text(Jurisdiction::kUs), "LIC(case by case)");
  const Answer either = ask("2026-07-10T03:59:00Z", "60");
  EXPECT_EQ(either.outcome.Text(Jurisdiction::kUs), "REVIEW");
  ASSERT_EQ(either.by_date.size(), 2u);
  EXPECT_EQ(FormatDate(either.by_date[1].first), "2026-07-10");
}

TEST(Decide, OrderOfPacksAndRulesMakesNoDifference) {
  const std::string text(kRules);
  const size_t head = text.find("rules:\n") + 7;
  std::vector<std::string> rules;
  for (size_t at = head; at < text.size();) {
    const size_t next = std::min(text.find("\n- ", at + 1), text.size() - 1);
    rules.push_back(text.substr(at, next + 1 - at));
    at = next + 1;
  }
  ASSERT_EQ(rules.size(), 10u);
  std::vector<std::string> answers;
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    std::string shuffled = text.substr(0, head);
    for (const std::string& rule : rules) shuffled += rule;
    const RuleBook book = round % 2 == 0 ? Book({kWords, shuffled}) : Book({shuffled, kWords});
    const Answer answer = Ask(book,
                              "facts: {destination: CN, chip.speed: [1, 9000], order: "
                              "yes}\nparties: [{hq: CN}, {hq: unknown}]");
    std::string told;
    for (const Missing& missing : answer.missing) told += std::to_string(missing.variable.index);
    answers.push_back(answer.outcome.Text(Jurisdiction::kUs) + told);
    EXPECT_EQ(answers.back(), answers.front());
    std::ranges::shuffle(rules, random);
  }
}

// What a house knows for itself: a letter that its chips need a licence, and a licence that it has.
constexpr std::string_view kPrivate = R"yaml(
format: renkei-rules/1
pack: our-house
version: 1
jurisdiction: us
private: yes
law: { en: "Letters and licences of our house", ja: "当社の通知・許可" }
text_as_of: 2026-09-24
rules:
- { id: our-letter, cite: "is-informed letter of 2025-04-09", from: 2025-04-09, then: licence,
    control: LETTER, when: destination in Embargo, says: { en: "By letter", ja: "通知による" } }
- { id: our-licence, cite: "licence D1234567", from: 2026-01-01, until: 2026-12-31,
    then: exception licence D1234567, lifts: [our-letter, need, need-all],
    when: destination is CN, says: { en: "A licence is held", ja: "許可取得済み" } }
)yaml";

TEST(Decide, PrivatePacksStandOnTopOfPublicOnes) {
  const RuleBook book = Book({kWords, kRules, kPrivate});
  const auto outcome = [&](const std::string& more) {
    return Ask(book, more).outcome.Text(Jurisdiction::kUs);
  };
  EXPECT_EQ(outcome("facts: {chip.speed: 1, destination: RU}"), "LIC");
  EXPECT_EQ(outcome("facts: {chip.speed: 1, destination: CN}"), "EXC(licence D1234567)");
  EXPECT_EQ(outcome("facts: {destination: CN}"), "EXC(licence D1234567)");
  EXPECT_EQ(outcome("on: 2027-01-01\nfacts: {destination: CN}"), "LIC(case by case)");
}

TEST(Explain, ShowsTheTreeInBothLanguages) {
  const RuleBook book = Book();
  auto facts = ParseCaseText(
      "format: renkei-crossing/1\nlike: plain\non: 2026-10-01\n"
      "facts: {destination: CN}\nparties: [{name: Lab, hq: CN}]",
      "case.yaml", book);
  ASSERT_THAT(facts, IsOk());
  const Decision decision = Decide(book, *facts);
  const std::string en = Explain(book, *facts, decision, Language::kEnglish);
  EXPECT_THAT(en, HasSubstr("us (enforced, 2026-10-01): LIC(presumption of denial)\n"));
  EXPECT_THAT(en, HasSubstr("A licence [742.6]"));
  EXPECT_THAT(en, HasSubstr("Speed = 5000 (>= 4800: yes)"));
  EXPECT_THAT(en, HasSubstr("It goes to an embargoed country or party: yes"));
  EXPECT_THAT(en, HasSubstr("Lab: HQ = CN (CN: yes)"));
  EXPECT_THAT(en, HasSubstr("SMALL is not open [740.8]"));
  EXPECT_THAT(en, HasSubstr("not legal advice"));
  const std::string ja = Explain(book, *facts, decision, Language::kJapanese);
  EXPECT_THAT(ja, HasSubstr("速度 = 5000"));
  EXPECT_THAT(ja, HasSubstr("禁輸国・禁輸先向け: はい"));
  EXPECT_THAT(ja, HasSubstr("法的助言ではありません"));
}

}  // namespace
}  // namespace renkei::rules
