// SPDX-License-Identifier: Apache-2.0
#include "renkei/gate/report.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/syntax/json.h"

namespace renkei::gate {
namespace {

using record::Holder;
using record::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Instant kBegin = *ParseInstant("2026-11-01T00:00:00Z");
const RunId kRun = *RunId::Parse("first");
const Holder kHub{*PartyId::Parse("pacific"), *SiteId::Parse("hub"), "US"};
const Holder kSite{*PartyId::Parse("kita"), *SiteId::Parse("k1"), "JP"};
const Holder kOther{*PartyId::Parse("umi"), *SiteId::Parse("u1"), "JP"};

BlobId BlobOf(uint64_t bytes) { return {.root = {}, .size_bytes = bytes}; }

charter::Charter ThreeParties() {
  charter::Charter charter;
  charter.export_rules.hold_hours = 72;
  charter.coordinator.party = kHub.party;
  charter.coordinator.site = kHub.site;
  charter.coordinator.country = kHub.country;
  for (const Holder& each : {kHub, kSite, kOther}) {
    charter.parties.push_back(
        {.id = each.party, .name = "p", .country = each.country, .ca_pem = {}, .people = {}});
  }
  charter.parties[1].threshold = 2;
  return charter;
}

// A ledger of entries a day apart, from the first of November 2026 on.
class Ledger {
 public:
  template <class T>
  uint64_t Add(T record, std::string author = "someone") {
    record.at = kBegin + std::chrono::days(entries_.size());
    entries_.push_back({.index = entries_.size(),
                        .entry = {.record = std::move(record), .key_id = std::move(author)}});
    return entries_.size() - 1;
  }

  uint64_t Determine(std::string item, const Holder& from, std::vector<Holder> recipients,
                     Verdict verdict = Verdict::kGo) {
    record::Determined said;
    said.item = std::move(item);
    said.run = kRun;
    said.from = from;
    for (const Holder& to : recipients) {
      said.rules.push_back({.jurisdiction = "jp",
                            .layer = "codified",
                            .on = "2026-11-01",
                            .to = {fmt::format("{}/{}", to.party, to.country)},
                            .outcome = verdict == Verdict::kGo ? "NOT-LISTED" : "LIC",
                            .cites = {},
                            .missing = {}});
    }
    said.facts = {{.id = "ic.tpp", .value = "4800"}};
    said.recipients = std::move(recipients);
    said.verdict = verdict;
    return Add(std::move(said));
  }

  uint64_t Enrol(const Holder& site) {
    record::SiteEnrolled entry;
    entry.site = site.site;
    entry.party = site.party;
    entry.country = site.country;
    return Add(std::move(entry));
  }

  uint64_t Contribute(const Holder& site, uint64_t bytes, uint64_t determination) {
    record::Contributed entry;
    entry.run = kRun;
    entry.site = site.site;
    entry.update = BlobOf(bytes);
    entry.metrics = {{"operations", 2e15}};
    entry.determination = determination;
    return Add(std::move(entry));
  }

  Report ReportFor(const char* period, const charter::Charter& charter = ThreeParties()) const {
    return ReportOf(charter, entries_, Digest{}, *ParsePeriod(period));
  }

 private:
  std::vector<IndexedEntry> entries_;
};

TEST(ParsePeriod, TakesMonthsQuartersYearsAndDays) {
  const struct {
    const char* text;
    const char* begin;
    const char* end;
  } cases[] = {{"2026-11", "2026-11-01", "2026-12-01"},
               {"2026-12", "2026-12-01", "2027-01-01"},
               {"2026-Q4", "2026-10-01", "2027-01-01"},
               {"2028", "2028-01-01", "2029-01-01"},
               {"2028-02-28..2028-02-29", "2028-02-28", "2028-03-01"}};
  for (const auto& c : cases) {
    const auto period = ParsePeriod(c.text);
    ASSERT_THAT(period, IsOk()) << c.text;
    EXPECT_EQ(FormatInstant(period->begin).substr(0, 10), c.begin) << c.text;
    EXPECT_EQ(FormatInstant(period->end).substr(0, 10), c.end) << c.text;
  }
  for (const char* text : {"", "26", "2026-", "2026-13", "2026-0", "2026-Q5", "2026-Q44", "2026-1x",
                           "2026-11-02..2026-11-01", "2026-11-31..2026-12-01", "1900"}) {
    EXPECT_THAT(ParsePeriod(text), StatusIs(Code::kInvalidArgument)) << text;
  }
}

TEST(Report, CountsWhatCitesADeterminationForEachPartyAndCountry) {
  Ledger ledger;
  ledger.Enrol(kSite);
  ledger.Enrol(kOther);
  const uint64_t go = ledger.Determine("update", kSite, {kHub, kOther});
  const uint64_t first = ledger.Contribute(kSite, 100, go);
  const uint64_t second = ledger.Contribute(kSite, 50, go);
  const Report report = ledger.ReportFor("2026-11");
  ASSERT_THAT(report.crossings, SizeIs(2));
  const CrossingRow& hub = report.crossings[0];
  EXPECT_EQ(hub.to, "pacific/US");
  EXPECT_EQ(hub.outcome, "jp NOT-LISTED");
  EXPECT_EQ(hub.tpp, "4800");
  EXPECT_EQ(hub.crossings, 2u);
  EXPECT_EQ(hub.bytes, 150u);
  EXPECT_FALSE(hub.in_sum);
  EXPECT_THAT(hub.determinations, ElementsAre(go));
  EXPECT_THAT(hub.proofs, ElementsAre(first, second));
  EXPECT_TRUE(report.crossings[1].in_sum) << "umi gets it in the sum alone";
  ASSERT_THAT(report.operations, SizeIs(1));
  EXPECT_EQ(report.operations[0].operations, 4e15);
  EXPECT_EQ(FormatInstant(report.oldest), "2026-11-01T00:00:00.000Z");
  EXPECT_THAT(TextOf(report, rules::Language::kEnglish),
              HasSubstr("Crossings: 4, 2 of them between countries\n"));
}

TEST(Report, TakesWhatIsOfThePeriodAlone) {
  Ledger ledger;
  const uint64_t go = ledger.Determine("update", kSite, {kHub});
  ledger.Contribute(kSite, 100, go);
  ledger.Contribute(kSite, 10, go);
  EXPECT_EQ(ledger.ReportFor("2026-11-03..2026-11-03").crossings.at(0).bytes, 10u)
      << "under a determination of before";
  EXPECT_THAT(ledger.ReportFor("2026-12").crossings, IsEmpty());
}

TEST(Report, CountsTheModelForEachSiteOfARoundAndMetricsForWhoMaySeeThem) {
  Ledger ledger;
  ledger.Enrol(kSite);
  ledger.Enrol(kOther);
  const uint64_t owner = ledger.Determine("model", kOther, {kHub, kSite});
  const uint64_t own = ledger.Determine("model", kHub, {kSite, kOther});
  const uint64_t metrics = ledger.Determine("metrics", kSite, {kHub});
  record::RoundOpened round;
  round.run = kRun;
  round.base = BlobOf(1000);
  round.participants = {kSite.site, kOther.site};
  round.owner_determination = owner;
  const uint64_t opened = ledger.Add(round);
  record::Evaluated evaluated;
  evaluated.run = kRun;
  evaluated.site = kSite.site;
  const uint64_t told = ledger.Add(evaluated);
  const Report report = ledger.ReportFor("2026-Q4");
  ASSERT_THAT(report.crossings, SizeIs(3));
  EXPECT_EQ(report.crossings[0].item, "metrics");
  EXPECT_THAT(report.crossings[0].determinations, ElementsAre(metrics));
  EXPECT_THAT(report.crossings[0].proofs, ElementsAre(told));
  for (const size_t i : {1, 2}) {
    EXPECT_EQ(report.crossings[i].from, kHub);
    EXPECT_EQ(report.crossings[i].bytes, 1000u);
    EXPECT_THAT(report.crossings[i].determinations, ElementsAre(own));
    EXPECT_THAT(report.crossings[i].proofs, ElementsAre(opened));
  }
}

TEST(Report, SaysHowHoldsEndedAndUnderWhichLicence) {
  Ledger ledger;
  const uint64_t hold = ledger.Determine("update", kSite, {kHub}, Verdict::kHold);
  record::CrossingApproved yes;
  yes.party = kSite.party;
  yes.determination = hold;
  yes.licence = "L-1";
  yes.quantity = 3;
  const uint64_t one = ledger.Add(yes, "officer one");
  EXPECT_EQ(ledger.ReportFor("2026-11").holds.at(0).state, "open") << "two officers bind kita";
  const uint64_t two = ledger.Add(yes, "officer two");
  ledger.Contribute(kSite, 5, hold);
  const uint64_t denied = ledger.Determine("metrics", kSite, {kHub}, Verdict::kHold);
  record::CrossingDenied no;
  no.determination = denied;
  ledger.Add(no);
  ledger.Determine("metrics", kOther, {kHub}, Verdict::kHold);
  for (int day = 0; day < 3; ++day) ledger.Add(record::Refused{});
  const uint64_t refused = ledger.Determine("metrics", kOther, {kHub}, Verdict::kRefuse);
  const Report report = ledger.ReportFor("2026-11");
  ASSERT_THAT(report.holds, SizeIs(3));
  EXPECT_EQ(report.holds[0].state, "approved");
  EXPECT_THAT(report.holds[0].decided, ElementsAre(one, two));
  EXPECT_EQ(report.holds[1].state, "denied");
  EXPECT_EQ(report.holds[2].state, "timed-out");
  EXPECT_EQ(report.decided.at("approved"), 2u);
  EXPECT_EQ(report.decided.at("denied"), 1u);
  EXPECT_THAT(report.refused_crossings, ElementsAre(refused));
  EXPECT_THAT(report.refused_others, SizeIs(3));
  ASSERT_THAT(report.crossings, SizeIs(1));
  EXPECT_EQ(report.crossings[0].outcome, "jp LIC; LIC: 3 of licence L-1");
}

TEST(Report, IsTheSameInBothLanguagesAndEndsWithWhatItWasMadeOf) {
  Ledger ledger;
  ledger.Contribute(kSite, 9, ledger.Determine("update", kSite, {kHub}));
  record::BlobsDeleted gone;
  gone.run = kRun;
  gone.reason = "retention";
  gone.blobs = {BlobOf(7)};
  ledger.Add(gone);
  const Report report = ledger.ReportFor("2026");
  const std::string english = TextOf(report, rules::Language::kEnglish);
  const std::string japanese = TextOf(report, rules::Language::kJapanese);
  for (const std::string& text : {english, japanese}) {
    EXPECT_THAT(text, HasSubstr("kita/k1/JP → pacific/US"));
    EXPECT_THAT(text, HasSubstr("NOT-LISTED"));
    EXPECT_THAT(text, HasSubstr("2026-11-01T00:00:00.000Z"));
    EXPECT_THAT(text, HasSubstr(Digest{}.hex()));
  }
  EXPECT_TRUE(english.ends_with("A compliance aid, not legal advice.\n"));
  EXPECT_THAT(english, HasSubstr("run first, retention: 1 blobs, 7 bytes\n"));
  EXPECT_THAT(japanese, HasSubstr("移転：1件、うち国境を越えるもの1件\n"));
  const std::string json = syntax::DumpJson(ToJson(report, rules::Language::kEnglish));
  EXPECT_THAT(json, HasSubstr(R"("crossings":1,"bytes":9)"));
  EXPECT_THAT(json, HasSubstr(R"("size":3)"));
}

}  // namespace
}  // namespace renkei::gate
