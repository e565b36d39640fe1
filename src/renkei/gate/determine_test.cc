// SPDX-License-Identifier: Apache-2.0
#include "renkei/gate/determine.h"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/seal/envelope.h"
#include "renkei/seal/statement.h"
#include "renkei/syntax/json.h"

namespace renkei::gate {
namespace {

using record::Holder;
using record::Verdict;
using std::chrono::days;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

Instant At(const char* text) { return *ParseInstant(text); }

PartyId Party(const char* text) { return *PartyId::Parse(text); }

Holder HolderOf(const char* party, const char* site, const char* country) {
  Holder holder{.party = {}, .site = {}, .country = country};
  if (*party != 0) holder.party = Party(party);
  if (*site != 0) holder.site = *SiteId::Parse(site);
  return holder;
}

// Two parties in the US, two in Japan; one permit for all, and no metrics to umi.
charter::Charter FourParties() {
  charter::Charter charter;
  charter.name = "wafers";
  charter.version = 1;
  charter.created = At("2026-11-24T00:00:00Z");
  charter.expires = At("2027-11-24T00:00:00Z");
  charter.export_rules.binding = "none";
  charter.runs = {.approvals = 2, .weight_max = 1000, .rounds_max = 50, .purposes = {"research"}};
  for (const auto& [party, country] : std::vector<std::pair<const char*, const char*>>{
           {"pacific", "US"}, {"mesa", "US"}, {"umi", "JP"}, {"kita", "JP"}}) {
    charter.parties.push_back(
        {.id = Party(party), .name = party, .country = country, .ca_pem = {}, .people = {}});
  }
  charter.permits.push_back({.items = {"model", "update", "metrics"},
                             .purposes = {"research"},
                             .from = {"*"},
                             .to = {"*"},
                             .classifications_us = {"EAR99"},
                             .classifications_jp = {"not-listed"}});
  charter.prohibits.push_back({.items = {"metrics"},
                               .purposes = {"*"},
                               .from = {"*"},
                               .to = {"umi"},
                               .classifications_us = {"*"},
                               .classifications_jp = {"*"}});
  charter.sha256.bytes.fill(7);
  return charter;
}

Crossing UpdateToAll() {
  return {.item = "update",
          .run = *RunId::Parse("first"),
          .from = HolderOf("mesa", "m1", "US"),
          .recipients = {HolderOf("pacific", "coordinator", "US"), HolderOf("umi", "u1", "JP"),
                         HolderOf("umi", "u2", "JP"), HolderOf("kita", "k1", "JP")},
          .purposes = {"research"},
          .classification_us = "EAR99",
          .classification_jp = "not-listed",
          .blob = {}};
}

const Instant kNow = At("2026-12-01T00:00:00Z");

std::vector<std::string> CodesOf(const record::Determined& determined) {
  std::vector<std::string> codes;
  for (const record::Reason& reason : determined.reasons) codes.push_back(reason.code);
  return codes;
}

TEST(Determine, SaysGoWithOneCitedReasonForEachPartyAmongTheRecipients) {
  const record::Determined determined = Determine(FourParties(), {}, UpdateToAll(), kNow);
  EXPECT_EQ(determined.verdict, Verdict::kGo);
  EXPECT_THAT(CodesOf(determined), ElementsAre("permitted", "permitted", "permitted"));
  EXPECT_THAT(determined.reasons[1].text, HasSubstr("to umi in JP"));
  EXPECT_THAT(determined.reasons[1].cite, HasSubstr("charter [[permit]] 1"));
  EXPECT_THAT(determined.not_assessed, Contains("US EAR"));
  EXPECT_THAT(determined.not_assessed, Contains("Japan FEFA"));
  EXPECT_THAT(determined.not_assessed, Contains("restricted-party screening"));
  EXPECT_EQ(determined.text_as_of, "2026-11-24");
  EXPECT_EQ(determined.valid_until, kNow + days(30));
  EXPECT_EQ(determined.uses_max, 50U);
  EXPECT_EQ(determined.recipients, UpdateToAll().recipients);
  EXPECT_EQ(determined.at, kNow);
}

struct Case {
  const char* what;
  std::function<void(Crossing&, charter::Charter&)> change;
  Verdict verdict;
  const char* code;  // a reason that the answer has to give
};

TEST(Determine, NeverSaysGoWhenAFactIsMissingOrTheCharterDoesNotPermit) {
  using C = Crossing;
  using K = charter::Charter;
  const Case cases[] = {
      {"item of no known kind", [](C& c, K&) { c.item = "wafer"; }, Verdict::kRefuse,
       "item-unknown"},
      {"no item", [](C& c, K&) { c.item = ""; }, Verdict::kRefuse, "item-unknown"},
      {"no run", [](C& c, K&) { c.run = {}; }, Verdict::kHold, "run-missing"},
      {"no purpose", [](C& c, K&) { c.purposes = {}; }, Verdict::kHold, "purpose-missing"},
      {"no US classification", [](C& c, K&) { c.classification_us = ""; }, Verdict::kHold,
       "classification-us-missing"},
      {"no JP classification", [](C& c, K&) { c.classification_jp = ""; }, Verdict::kHold,
       "classification-jp-missing"},
      {"nobody to receive", [](C& c, K&) { c.recipients = {}; }, Verdict::kHold,
       "recipients-missing"},
      {"too many recipients",
       [](C& c, K&) { c.recipients.resize(kRecipientsMax + 1, c.recipients[0]); }, Verdict::kHold,
       "recipients-too-many"},
      {"nobody sends", [](C& c, K&) { c.from.party = {}; }, Verdict::kHold, "sender-missing"},
      {"sender without a country", [](C& c, K&) { c.from.country = ""; }, Verdict::kHold,
       "country-missing"},
      {"sender of no party", [](C& c, K&) { c.from.party = Party("other"); }, Verdict::kRefuse,
       "sender-not-in-charter"},
      {"recipient without a country", [](C& c, K&) { c.recipients[3].country = ""; },
       Verdict::kHold, "country-missing"},
      {"recipient's country is no code", [](C& c, K&) { c.recipients[3].country = "jp"; },
       Verdict::kHold, "country-missing"},
      {"recipient without a party", [](C& c, K&) { c.recipients[3].party = {}; }, Verdict::kHold,
       "party-missing"},
      {"recipient of no party", [](C& c, K&) { c.recipients[3].party = Party("other"); },
       Verdict::kRefuse, "recipient-not-in-charter"},
      {"prohibited for one of them", [](C& c, K&) { c.item = "metrics"; }, Verdict::kRefuse,
       "prohibited"},
      {"another purpose",
       [](C& c, K&) {
         c.purposes = {"research", "sale"};
       },
       Verdict::kRefuse, "not-permitted"},
      {"another classification", [](C& c, K&) { c.classification_us = "3E001"; }, Verdict::kRefuse,
       "not-permitted"},
      {"no permit at all", [](C&, K& k) { k.permits = {}; }, Verdict::kRefuse, "not-permitted"},
      {"charter expired", [](C&, K& k) { k.expires = kNow; }, Verdict::kHold, "charter-expired"},
      {"charter not begun", [](C&, K& k) { k.created = kNow + days(1); }, Verdict::kHold,
       "charter-not-yet-valid"},
      {"a hold and a refusal: the refusal counts",
       [](C& c, K& k) { k.expires = kNow, c.recipients[1].party = Party("other"); },
       Verdict::kRefuse, "charter-expired"},
  };
  for (const Case& c : cases) {
    charter::Charter charter = FourParties();
    Crossing crossing = UpdateToAll();
    c.change(crossing, charter);
    const record::Determined determined = Determine(charter, {}, crossing, kNow);
    EXPECT_EQ(determined.verdict, c.verdict) << c.what;
    EXPECT_THAT(CodesOf(determined), Contains(c.code)) << c.what;
    EXPECT_THAT(CheckCovers(determined, crossing, charter, kNow),
                StatusIs(Code::kFailedPrecondition))
        << c.what;
  }
}

TEST(Determine, NeverStandsLongerThanItsCharter) {
  charter::Charter charter = FourParties();
  charter.expires = kNow + days(2);
  EXPECT_EQ(Determine(charter, {}, UpdateToAll(), kNow).valid_until, charter.expires);
}

TEST(CheckCovers, HoldsForTheCrossingItselfAndForLess) {
  const charter::Charter charter = FourParties();
  const record::Determined determined = Determine(charter, {}, UpdateToAll(), kNow);
  EXPECT_THAT(CheckCovers(determined, UpdateToAll(), charter, kNow + days(29)), IsOk());
  Crossing one = UpdateToAll();
  one.recipients.resize(1);
  one.blob = BlobId{};  // A standing determination covers whatever file the run makes.
  EXPECT_THAT(CheckCovers(determined, one, charter, kNow), IsOk());
}

TEST(CheckCovers, AsksToDecideAnewWhenAnythingIsAnother) {
  struct Row {
    const char* what;
    std::function<void(Crossing&, charter::Charter&, record::Determined&, Instant&)> change;
  };
  using C = Crossing;
  using K = charter::Charter;
  using D = record::Determined;
  const Row rows[] = {
      {"item", [](C& c, K&, D&, Instant&) { c.item = "model"; }},
      {"run", [](C& c, K&, D&, Instant&) { c.run = *RunId::Parse("second"); }},
      {"sender's site", [](C& c, K&, D&, Instant&) { c.from.site = {}; }},
      {"sender's country", [](C& c, K&, D&, Instant&) { c.from.country = "JP"; }},
      {"a new recipient",
       [](C& c, K&, D&, Instant&) { c.recipients.push_back(HolderOf("kita", "k2", "JP")); }},
      {"a recipient that moved", [](C& c, K&, D&, Instant&) { c.recipients[1].country = "DE"; }},
      {"no recipient", [](C& c, K&, D&, Instant&) { c.recipients = {}; }},
      {"one more purpose", [](C& c, K&, D&, Instant&) { c.purposes.push_back("sale"); }},
      {"no purpose", [](C& c, K&, D&, Instant&) { c.purposes = {}; }},
      {"US classification", [](C& c, K&, D&, Instant&) { c.classification_us = "3E001"; }},
      {"JP classification", [](C& c, K&, D&, Instant&) { c.classification_jp = "9"; }},
      {"charter", [](C&, K& k, D&, Instant&) { k.sha256.bytes.fill(8); }},
      {"a day too late", [](C&, K&, D&, Instant& now) { now += days(30); }},
      {"long before it was made", [](C&, K&, D&, Instant& now) { now -= days(1); }},
      {"another file", [](C& c, K&, D& d, Instant&) { d.blob = BlobId{}, c.blob = {}; }},
      {"a hold", [](C&, K&, D& d, Instant&) { d.verdict = Verdict::kHold; }},
      {"a refusal", [](C&, K&, D& d, Instant&) { d.verdict = Verdict::kRefuse; }},
  };
  for (const Row& row : rows) {
    charter::Charter charter = FourParties();
    Crossing crossing = UpdateToAll();
    record::Determined determined = Determine(charter, {}, crossing, kNow);
    Instant now = kNow;
    row.change(crossing, charter, determined, now);
    EXPECT_THAT(CheckCovers(determined, crossing, charter, now),
                StatusIs(Code::kFailedPrecondition, HasSubstr("decide anew")))
        << row.what;
  }
}

TEST(Explain, PrintsWhatTheDocumentShows) {
  const auto disk = MakeRealDisk();
  const auto document =
      ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/determination.md", 1 << 20);
  ASSERT_THAT(document, IsOk());
  const record::Determined determined = Determine(FourParties(), {}, UpdateToAll(), kNow);
  EXPECT_THAT(ToText(*document), HasSubstr("```\n" + Explain(determined) + "```"));
  const auto random = MakeSeededRandom(1);
  const auto sealed = record::Seal(determined, crypto::SigningKey::Generate(*random));
  ASSERT_THAT(sealed, IsOk());
  const auto statement = seal::ParseStatement(seal::ParseEnvelope(*sealed)->payload);
  ASSERT_THAT(statement, IsOk());
  EXPECT_THAT(ToText(*document),
              HasSubstr("```json\n" + syntax::DumpJsonPretty(statement->predicate) + "```"));
}

TEST(Explain, NamesVerdictReasonsParagraphsAndWhatWasNotAssessed) {
  EXPECT_EQ(Explain(Determine(FourParties(), {}, UpdateToAll(), kNow)),
            "go: update of run first, from mesa/m1 in US\n"
            "├─ purpose research; classified US EAR99, JP not-listed\n"
            "├─ to pacific in US: the charter permits it [charter [[permit]] 1]\n"
            "├─ to umi in JP: the charter permits it [charter [[permit]] 1]\n"
            "├─ to kita in JP: the charter permits it [charter [[permit]] 1]\n"
            "├─ stands until 2026-12-31T00:00:00.000Z, 50 uses\n"
            "└─ not assessed: US EAR, Japan FEFA, restricted-party screening, the law of any other "
            "country\n"
            "Text as of 2026-11-24. A compliance aid, not legal advice.\n");
  Crossing crossing = UpdateToAll();
  crossing.recipients = {HolderOf("", "", "")};
  crossing.classification_us = "";
  const std::string text = Explain(Determine(FourParties(), {}, crossing, kNow));
  EXPECT_THAT(text, HasSubstr("hold: update"));
  EXPECT_THAT(text, HasSubstr("to ? in ?: the recipient's party is not known [gate: facts]"));
  EXPECT_THAT(text, HasSubstr("classified US unknown"));
}

}  // namespace
}  // namespace renkei::gate
