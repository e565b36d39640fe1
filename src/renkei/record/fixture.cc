// SPDX-License-Identifier: Apache-2.0
#include "renkei/record/fixture.h"

#include <algorithm>
#include <cfloat>
#include <limits>

#include "renkei/crypto/hash.h"
#include "renkei/record/limits.h"

namespace renkei::record {
namespace {

template <class Id>
Id Named(std::string_view text) {
  return *Id::Parse(text);
}

Digest DigestOf(std::string_view text) { return crypto::Sha256(AsBytes(text)); }
BlobId BlobOf(std::string_view text, uint64_t size) {
  return {.root = DigestOf(text), .size_bytes = size};
}
Instant At(std::string_view text) { return *ParseInstant(text); }

const Instant kAt = At("2026-11-24T01:02:03.456Z");
const auto kRun = Named<RunId>("wafer-1");
const auto kParty = Named<PartyId>("kyushu-fab");
const auto kSite = Named<SiteId>("kyushu-1");
const auto kOther = Named<SiteId>("kyushu-2");
const BlobId kModel = BlobOf("model", 76'543);

Holder FabOf(std::string_view site) {
  return {.party = kParty, .site = site.empty() ? SiteId() : Named<SiteId>(site), .country = "JP"};
}

Determined DeterminedExample() {
  return {.item = "update",
          .run = kRun,
          .from = FabOf("kyushu-1"),
          .recipients = {FabOf(""),
                         {.party = Named<PartyId>("pacific-fab"),
                          .site = Named<SiteId>("coordinator"),
                          .country = "US"}},
          .purposes = {"semiconductor-defect-research"},
          .classification_us = "EAR99",
          .classification_jp = "not-listed",
          .facts = {{.id = "item.published", .value = "no"}, {.id = "like", .value = "clean"}},
          .commitments = {{.group = "facts", .sha256 = DigestOf("salt and facts")}},
          .blob = std::nullopt,
          .charter_sha256 = DigestOf("charter"),
          .packs_sha256 = DigestOf("packs"),
          .valid_until = At("2026-12-24T00:00:00Z"),
          .uses_max = 1000,
          .verdict = Verdict::kGo,
          .reasons = {{.code = "permitted", .cite = "charter [[permit]] 1", .text = "to 工場"}},
          .rules = {{.jurisdiction = "us",
                     .layer = "codified",
                     .on = "2026-11-23",
                     .to = {"kyushu-fab/JP", "pacific-fab/US"},
                     .outcome = "NLR",
                     .cites = {"732.3(d)"},
                     .missing = {}}},
          .not_assessed = {"EAR", "FEFA", "party screening"},
          .text_as_of = "2026-11-24",
          .at = kAt};
}

// Of each field the most or the least.
Determined Extreme() {
  Determined extreme = DeterminedExample();
  extreme.blob = BlobOf("", 0);
  extreme.recipients.clear();
  extreme.run = {};
  extreme.item = "ledger";
  extreme.facts.clear();
  extreme.commitments.clear();
  extreme.packs_sha256 = {};
  extreme.reasons.clear();
  extreme.rules = {{.jurisdiction = "jp",
                    .layer = "codified",
                    .on = "2026-11-24",
                    .to = {},
                    .outcome = "REVIEW",
                    .cites = {},
                    .missing = {"item.published"}}};
  extreme.not_assessed.clear();
  extreme.purposes.clear();
  extreme.classification_us.clear();
  extreme.uses_max = kIntegerMax;
  extreme.verdict = Verdict::kHold;
  extreme.valid_until = At("9999-12-31T23:59:59.999Z");
  return extreme;
}

Metrics ManyMetrics() {
  Metrics many;
  for (size_t i = 0; i < kMetricsMax; ++i) many[fmt::format("f1/Edge-Ring.{}", i)] = DBL_MIN / 3;
  return many;
}

std::vector<BlobId> ManyBlobs() {
  std::vector<BlobId> many;
  for (size_t i = 0; i < kDeletedBlobsMax; ++i) {
    many.push_back(BlobOf(fmt::format("{}", i), std::numeric_limits<uint64_t>::max()));
  }
  std::ranges::sort(many);
  return many;
}

std::vector<Record> Admissions() {
  return {
      CharterAdopted{.envelope = ToBytes("{\"payload\":\"工\\n\"}"), .at = kAt},
      SiteEnrolled{.site = kSite,
                   .party = kParty,
                   .country = "JP",
                   .key = TestKey(7).public_key(),
                   .token_id = "0123abcd",
                   .weight_max = 29'000,
                   .dataset_examples = 28'733,
                   .dataset_digest = "sha256:" + DigestOf("maps").hex(),
                   .at = kAt},
      SiteEnrolled{.site = Named<SiteId>(std::string(63, 'a')),
                   .party = Named<PartyId>("0"),
                   .country = "US",
                   .key = TestKey(8).public_key(),
                   .token_id = std::string(kSubjectBytesMax, 'A'),
                   .weight_max = kWeightMax,
                   .dataset_examples = kIntegerMax,
                   .dataset_digest = "",
                   .at = At("0000-01-01T00:00:00Z")},
      RunSubmitted{.run = kRun,
                   .party = kParty,
                   .spec = "format = \"renkei-run/1\"\n\t# 連携 \"quoted\" \\ \x01\n",
                   .determination = 5,
                   .at = kAt},
      RunApproved{.run = kRun, .party = kParty, .spec_sha256 = DigestOf("spec"), .at = kAt},
      RunStopAsked{.run = kRun, .party = kParty, .at = kAt},
      RunPauseAsked{.run = kRun, .party = kParty, .at = kAt},
      RunResumeAsked{.run = kRun, .party = kParty, .at = kAt},
  };
}

std::vector<Record> Rounds() {
  return {
      DeterminedExample(),
      Extreme(),
      RoundOpened{.run = kRun,
                  .round = 1,
                  .base = kModel,
                  .participants = {kSite, kOther},
                  .recipients = {FabOf("kyushu-1"), FabOf("")},
                  .deadline = kAt + std::chrono::hours(1),
                  .owner_determination = 4,
                  .at = kAt},
      RoundOpened{.run = kRun,
                  .round = kRoundMax,
                  .base = BlobOf("x", std::numeric_limits<uint64_t>::max()),
                  .participants = {},
                  .recipients = {},
                  .deadline = kAt,
                  .owner_determination = 0,
                  .at = kAt},
      Contributed{.run = kRun,
                  .round = 2,
                  .site = kSite,
                  .base = kModel,
                  .update = BlobOf("update", 76'543),
                  .encoding = "plain",
                  .examples = 28'733,
                  .metrics = {{"loss", 0.25}, {"macro_f1", 1.0}},
                  .determination = 9,
                  .at = kAt},
      Contributed{.run = kRun,
                  .round = 0,
                  .site = kSite,
                  .base = kModel,
                  .update = kModel,
                  .encoding = "plain",
                  .examples = kIntegerMax,
                  .metrics = {{"a", DBL_MAX}, {"b", -DBL_TRUE_MIN}, {"c", -0.0}, {"d", 1e22}},
                  .determination = kIntegerMax,
                  .at = kAt},
      Declined{.run = kRun, .round = 3, .site = kSite, .code = "trainer-not-mapped", .at = kAt},
      RoundClosed{.run = kRun,
                  .round = 3,
                  .counted = {{.site = kSite, .entry = 11, .weight = kWeightMax}},
                  .not_counted = {{.site = kOther, .code = "late"}},
                  .at = kAt},
      RoundReduced{.run = kRun,
                   .round = 3,
                   .inputs = {{.site = kSite, .update = kModel, .weight = 1},
                              {.site = kOther, .update = kModel, .weight = 2}},
                   .algorithm = "weighted-mean-f64-1",
                   .output = kModel,
                   .at = kAt},
      Evaluated{.run = kRun,
                .round = 3,
                .site = kSite,
                .model = kModel,
                .examples = 0,
                .metrics = ManyMetrics(),
                .at = kAt},
  };
}

std::vector<Record> Endings() {
  return {
      RunFinished{.run = kRun,
                  .rounds = 28,
                  .outcome = "completed",
                  .code = "",
                  .model = kModel,
                  .at = kAt},
      RunFinished{.run = kRun,
                  .rounds = 0,
                  .outcome = "failed",
                  .code = "quorum-impossible",
                  .model = std::nullopt,
                  .at = kAt},
      Refused{.what = "run",
              .subject = "wafer-1",
              .reasons = {{.code = "charter-silent", .cite = "charter [[permit]]", .text = ""}},
              .at = kAt},
      Released{.run = kRun,
               .round = 28,
               .party = kParty,
               .model = kModel,
               .model_sha256 = DigestOf("file"),
               .determination = 17,
               .at = kAt},
      CrossingsSuspended{.party = kParty, .site = {}, .at = kAt},
      CrossingsSuspended{.party = kParty, .site = kSite, .at = kAt},
      CrossingsResumed{.party = kParty, .site = {}, .at = kAt},
      CrossingsResumed{.party = kParty, .site = kSite, .at = kAt},
      PartyLeft{.party = kParty, .at = kAt},
      BlobsDeleted{.party = kParty,
                   .reason = "party-left",
                   .run = {},
                   .blobs = {kModel},
                   .remaining = 1,
                   .at = kAt},
      BlobsDeleted{.party = {},
                   .reason = "retention",
                   .run = kRun,
                   .blobs = ManyBlobs(),
                   .remaining = kIntegerMax,
                   .at = kAt},
  };
}

std::vector<Record> Decisions() {
  return {
      CrossingApproved{.party = kParty,
                       .determination = 17,
                       .scope = "run",
                       .until = kAt + std::chrono::days(7),
                       .uses = 30,
                       .reason_sha256 = DigestOf("reason"),
                       .licence = "bis-2026-0042",
                       .quantity = 1,
                       .at = kAt},
      CrossingApproved{.party = kParty,
                       .determination = 0,
                       .scope = "crossing",
                       .until = kAt,
                       .uses = kIntegerMax,
                       .reason_sha256 = DigestOf(""),
                       .licence = "",
                       .quantity = 0,
                       .at = kAt},
      CrossingDenied{
          .party = kParty, .determination = 17, .reason_sha256 = DigestOf("reason"), .at = kAt},
      LicenceRecorded{.party = kParty,
                      .licence = "bis-2026-0042",
                      .unit = "boards",
                      .quantity = 200,
                      .until = kAt + std::chrono::days(365),
                      .at = kAt},
      FactsOpened{.party = kParty,
                  .determination = 17,
                  .auditor_party = Named<PartyId>("pacific-fab"),
                  .auditor = "ann",
                  .opening_sha256 = DigestOf("opening"),
                  .at = kAt},
  };
}

}  // namespace

crypto::SigningKey TestKey(uint8_t fill) {
  return *crypto::SigningKey::FromSeedText(ToBase64(Bytes(32, fill)));
}

std::vector<Record> Examples() {
  std::vector<Record> examples;
  for (const auto& part : {Admissions(), Rounds(), Endings(), Decisions()}) {
    examples.insert(examples.end(), part.begin(), part.end());
  }
  return examples;
}

}  // namespace renkei::record
