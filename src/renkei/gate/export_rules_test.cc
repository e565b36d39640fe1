// SPDX-License-Identifier: Apache-2.0
// Crossings of a run, put to the rule packs that ship.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/gate/ask_rules.h"
#include "renkei/gate/determine.h"
#include "renkei/rules/shipped_packs_testing.h"

namespace renkei::gate {
namespace {

using record::Holder;
using record::RuleOutcome;
using record::Verdict;
using std::chrono::days;
using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Instant kNow = *ParseInstant("2026-11-27T03:00:00Z");

Holder HolderOf(std::string_view party, std::string_view site, std::string country) {
  Holder holder{.party = *PartyId::Parse(party), .site = {}, .country = std::move(country)};
  if (!site.empty()) holder.site = *SiteId::Parse(site);
  return holder;
}

charter::Party PartyOf(std::string_view id, std::string country, std::string parent) {
  return {.id = *PartyId::Parse(id),
          .name = std::string(id),
          .country = country,
          .ca_pem = {},
          .facts = {{"hq", country}, {"ultimate_parent_hq", std::move(parent)}},
          .people = {}};
}

class ExportRules : public testing::Test {
 protected:
  void SetUp() override {
    charter_.name = "wafers";
    charter_.version = 1;
    charter_.created = kNow - days(3);
    charter_.expires = kNow + days(300);
    charter_.runs = {.approvals = 2, .weight_max = 9, .rounds_max = 50, .purposes = {"research"}};
    charter_.parties = {PartyOf("pacific", "US", "US"), PartyOf("kita", "JP", "JP"),
                        PartyOf("tokyo-branch", "JP", "CN")};
    charter_.permits.push_back({.items = {"*"},
                                .purposes = {"*"},
                                .from = {"*"},
                                .to = {"*"},
                                .classifications_us = {"*"},
                                .classifications_jp = {"*"}});
    charter_.export_rules = {
        .binding = "both", .text_days = 365, .hold_hours = 72, .packs = {}, .facts = {}};
    for (const rules::Pack& pack : rules::ReadShippedPacks()) {
      charter_.export_rules.packs.emplace(pack.id, pack.sha256);
    }
    auto shelf = RuleShelf::Make(charter_.export_rules, rules::ReadShippedPacks());
    ASSERT_THAT(shelf, IsOk());
    shelf_ = *std::move(shelf);
  }

  record::Determined Ask(const Crossing& crossing, Instant now = kNow) {
    return Determine(charter_, shelf_, crossing, now);
  }

  static Crossing Update(std::vector<Holder> recipients) {
    return {.item = "update",
            .run = *RunId::Parse("first"),
            .from = HolderOf("pacific", "p1", "US"),
            .recipients = std::move(recipients),
            .purposes = {"research"},
            .classification_us = "EAR99",
            .classification_jp = "not-listed",
            .facts = {{"like", "clean"}}};
  }

  charter::Charter charter_;
  RuleShelf shelf_;
};

TEST_F(ExportRules, LetAnOrdinaryUpdateGoBothWaysAndInsideACountry) {
  const Holder us = HolderOf("pacific", "p1", "US");
  const Holder hub = HolderOf("pacific", "hub", "US");
  const Holder jp = HolderOf("kita", "k1", "JP");
  for (const auto& [from, to] : {std::pair(us, jp), {jp, us}, {us, hub}, {jp, jp}}) {
    for (const char* item : {"model", "update", "metrics", "ledger"}) {
      Crossing crossing = Update({to});
      crossing.item = item;
      crossing.from = from;
      if (crossing.item == "ledger") crossing.run = {};
      const record::Determined said = Ask(crossing);
      EXPECT_EQ(said.verdict, Verdict::kGo) << from.country << to.country << Explain(said);
      EXPECT_EQ(said.rules.size(), 3u);
      EXPECT_EQ(said.packs_sha256, PacksDigest(charter_.export_rules));
      EXPECT_THAT(said.not_assessed, Contains(HasSubstr("ITAR")));
    }
  }
}

TEST_F(ExportRules, HoldForAFactThatIsMissingAndNameIt) {
  Crossing crossing = Update({HolderOf("kita", "k1", "JP")});
  crossing.facts["item.violation_known"] = "unknown";
  const record::Determined said = Ask(crossing);
  EXPECT_EQ(said.verdict, Verdict::kHold) << Explain(said);
  EXPECT_THAT(said.rules, Contains(Field(&RuleOutcome::missing, Contains("item.violation_known"))));
  EXPECT_THAT(said.reasons, Contains(Field(&record::Reason::code, "export-rules-hold")));
  EXPECT_THAT(Explain(said), HasSubstr("missing: item.violation_known"));
}

// Whoever sends to the coordinator is asked about everybody who will hold the result.
TEST_F(ExportRules, AskAboutEachRecipientOfTheResult) {
  Crossing crossing = Update({HolderOf("pacific", "hub", "US"), HolderOf("kita", "k1", "JP")});
  crossing.item = "model";
  crossing.classification_us = "4E091";
  crossing.facts["model.operations"] = crossing.facts["model.projected_operations"] = "2e26";
  const record::Determined friends = Ask(crossing);
  crossing.recipients.push_back(HolderOf("tokyo-branch", "t1", "JP"));
  const record::Determined with_branch = Ask(crossing);
  EXPECT_EQ(with_branch.verdict, Verdict::kRefuse) << Explain(with_branch);
  EXPECT_GT(with_branch.verdict, friends.verdict) << Explain(friends);
  EXPECT_THAT(Explain(with_branch), HasSubstr("to tokyo-branch in JP"));
}

TEST_F(ExportRules, CountTheOperationsOfTheRun) {
  Crossing crossing = Update({HolderOf("kita", "k1", "JP")});
  crossing.facts["model.operations"] = "9e25";
  crossing.facts["model.projected_operations"] = "9e25";
  const record::Determined before = Ask(crossing);
  EXPECT_EQ(before.verdict, Verdict::kGo) << Explain(before);
  Crossing more = crossing;
  more.facts = FactsFor(charter_.export_rules, crossing.facts, 2e25);
  EXPECT_NE(Ask(more).verdict, Verdict::kGo) << "1.1e26 in all";
  EXPECT_THAT(CheckCovers(before, more, charter_, kNow),
              StatusIs(Code::kFailedPrecondition, HasSubstr("more operations")));
  crossing.facts = FactsFor(charter_.export_rules, {{"run.operations", "3e25"}}, 2e25);
  EXPECT_EQ(crossing.facts.at("run.operations"), "3e25") << "as many are planned";
}

TEST_F(ExportRules, HoldWithoutThePacksThatTheCharterNames) {
  const Crossing crossing = Update({HolderOf("kita", "k1", "JP")});
  charter_.export_rules.packs.begin()->second.bytes[0] ^= 1;
  const record::Determined said = Ask(crossing);
  EXPECT_EQ(said.verdict, Verdict::kHold);
  EXPECT_THAT(said.reasons, Contains(Field(&record::Reason::code, "rule-packs-missing")));
  EXPECT_THAT(RuleShelf::Make(charter_.export_rules, rules::ReadShippedPacks()).status(),
              StatusIs(Code::kNotFound, HasSubstr("only one of this name with other bytes")));
  EXPECT_EQ(Determine(charter_, {}, crossing, kNow).verdict, Verdict::kHold);
}

TEST_F(ExportRules, HoldOnFactsAndClassesThatNoPackKnows) {
  for (const auto& [id, value] :
       {std::pair("item.publishd", "no"), {"item.published", "maybe"}, {"like", "dirty"}}) {
    Crossing crossing = Update({HolderOf("kita", "k1", "JP")});
    crossing.facts[id] = value;
    const record::Determined said = Ask(crossing);
    EXPECT_EQ(said.verdict, Verdict::kHold) << id;
    EXPECT_THAT(said.reasons, Contains(Field(&record::Reason::code, "facts-not-valid")));
  }
  Crossing crossing = Update({HolderOf("kita", "k1", "JP")});
  crossing.classification_us = "3A090.q";
  EXPECT_THAT(Ask(crossing).reasons,
              Contains(Field(&record::Reason::text, HasSubstr("class 3A090.q"))));
}

TEST_F(ExportRules, StandOnlyUntilARuleChanges) {
  const Crossing crossing = Update({HolderOf("kita", "k1", "JP")});
  const Instant before = *ParseInstant("2026-11-05T00:00:00Z");
  charter_.created = before - days(1);
  const record::Determined said = Ask(crossing, before);
  EXPECT_EQ(said.verdict, Verdict::kGo) << Explain(said);
  EXPECT_LT(said.valid_until, *ParseInstant("2026-11-10T00:00:00Z"))
      << "the stay of the affiliates rule ends";
  EXPECT_THAT(CheckCovers(said, crossing, charter_, said.valid_until - days(1)), IsOk());
  EXPECT_THAT(CheckCovers(said, crossing, charter_, said.valid_until),
              StatusIs(Code::kFailedPrecondition));
}

TEST_F(ExportRules, HoldOnATextThatIsTooOldAndStandNoLongerThanItIsNot) {
  const Crossing crossing = Update({HolderOf("kita", "k1", "JP")});
  const Instant text = *ParseInstant(Ask(crossing).text_as_of + "T00:00:00Z");
  charter_.export_rules.text_days = static_cast<uint32_t>((kNow - text) / days(1)) + 2;
  const record::Determined young = Ask(crossing);
  EXPECT_EQ(young.verdict, Verdict::kGo);
  EXPECT_EQ(young.valid_until, text + days(charter_.export_rules.text_days));
  charter_.export_rules.text_days -= 4;
  const record::Determined old = Ask(crossing);
  EXPECT_EQ(old.verdict, Verdict::kHold);
  EXPECT_THAT(Explain(old), HasSubstr("days old"));
}

TEST_F(ExportRules, BindByTheCharter) {
  Crossing crossing = Update({HolderOf("kita", "k1", "JP")});
  charter_.export_rules.binding = "none";
  const record::Determined said = Ask(crossing);
  EXPECT_EQ(said.verdict, Verdict::kGo);
  EXPECT_THAT(said.rules, IsEmpty());
  EXPECT_THAT(said.not_assessed, Contains("US EAR"));
}

TEST_F(ExportRules, OthersThatWereDecidedByOtherPacksOrFactsAreDecidedAnew) {
  const Crossing crossing = Update({HolderOf("kita", "k1", "JP")});
  const record::Determined said = Ask(crossing);
  EXPECT_THAT(CheckCovers(said, crossing, charter_, kNow), IsOk());
  charter::Charter other = charter_;
  other.export_rules.packs.begin()->second.bytes[0] ^= 1;
  EXPECT_THAT(CheckCovers(said, crossing, other, kNow),
              StatusIs(Code::kFailedPrecondition, HasSubstr("rule packs")));
  Crossing changed = crossing;
  changed.facts["item.published"] = "yes";
  EXPECT_THAT(CheckCovers(said, changed, charter_, kNow),
              StatusIs(Code::kFailedPrecondition, HasSubstr("facts")));
  record::Determined hold = said;
  hold.verdict = Verdict::kHold;
  EXPECT_THAT(CheckCovers(hold, crossing, charter_, kNow), Not(IsOk()));
  EXPECT_THAT(CheckCovers(hold, crossing, charter_, kNow, Hold::kApproved), IsOk());
  hold.verdict = Verdict::kRefuse;
  EXPECT_THAT(CheckCovers(hold, crossing, charter_, kNow, Hold::kApproved), Not(IsOk()));
}

TEST_F(ExportRules, GiveTheSameBytesWhenTheAuthorsQuestionIsAskedAgain) {
  Crossing crossing = Update({HolderOf("kita", "k1", "JP"), HolderOf("tokyo-branch", "t1", "JP")});
  crossing.facts["item.published"] = "unknown";
  const record::Determined said = Ask(crossing);
  EXPECT_EQ(Ask(CrossingOf(said), said.at), said);
}

// Every word of ours: what stays is names, codes, paragraphs and outcomes.
TEST_F(ExportRules, ExplainTheSameInJapanese) {
  Crossing crossing = Update({HolderOf("kita", "k1", "JP"), HolderOf("tokyo-branch", "t1", "JP")});
  crossing.facts["item.published"] = "unknown";
  charter_.export_rules.text_days = 1;
  charter_.export_rules.binding = "codified";
  const std::string text = Explain(Ask(crossing), rules::Language::kJapanese, shelf_.book());
  EXPECT_THAT(text, HasSubstr("保留：品目 update、ラン first、送り手 pacific/p1（US）\n"));
  EXPECT_THAT(text, HasSubstr("├─ kita（JP）宛て：憲章が許可している [charter [[permit]] 1]\n"));
  EXPECT_THAT(text, HasSubstr("├─ kita（JP）宛て：輸出規制上、人による確認が必要（us codified: "));
  EXPECT_THAT(text, HasSubstr("最も古い条文は"));
  EXPECT_THAT(text, HasSubstr("；不足：item.published"));
  EXPECT_THAT(text, HasSubstr("法的助言ではありません。\n"));
  for (const char* word : {"the ", " is ", "days", "not assessed", "permits", "export rules"}) {
    EXPECT_THAT(text, Not(HasSubstr(word)));
  }
  const std::string refused =
      Explain(Ask(Update({HolderOf("nobody", "", "FR")})), rules::Language::kJapanese);
  EXPECT_THAT(refused, HasSubstr("不可：品目 update"));
  EXPECT_THAT(refused, HasSubstr("nobody（FR）宛て：憲章の当事者ではない"));
  EXPECT_THAT(refused, HasSubstr("米国輸出管理規則（EAR）、日本の外国為替及び外国貿易法"));
}

}  // namespace
}  // namespace renkei::gate
