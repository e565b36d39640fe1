// SPDX-License-Identifier: Apache-2.0
// The fields of every record, once for writing and reading: an archive is called with the key,
// the field and its rule, in the order of the bytes (docs/formats/entries.md).
#pragma once

#include <cstdint>
#include <string_view>

#include "renkei/record/limits.h"
#include "renkei/record/receipt.h"
#include "renkei/record/record.h"

namespace renkei::record {

// What a text may hold.
enum class Shape {
  kCode,            // 1 to kCodeBytesMax of A-Z a-z 0-9 . _ / : -
  kCodeOrEmpty,     //
  kSubject,         // the same letters, 1 to kSubjectBytesMax
  kSubjectOrEmpty,  //
  kText,            // 1 to kTextBytesMax bytes without control characters
  kTextOrEmpty,     //
  kDate,            // 2026-11-24
  kCountry,         // two of A-Z
  kHex256,          // 64 lower-case hex digits
  kDocument,        // anything in UTF-8; the statement bounds it
};

struct Choices {
  std::string_view words;  // separated by single spaces
};
inline constexpr Choices kItems{"model update metrics ledger"};
inline constexpr Choices kCommitmentGroups{"facts pack"};
inline constexpr Choices kJurisdictions{"us jp"};
inline constexpr Choices kLayers{"codified enforced"};
inline constexpr Choices kApprovalScopes{"crossing run"};
inline constexpr Choices kEncodings{"plain"};
inline constexpr Choices kDeclineCodes{
    "trainer-not-mapped trainer-failed trainer-timeout update-invalid not-permitted disk-full "
    "no-consent draining outside-hours site-busy"};
inline constexpr Choices kOutcomes{"completed stopped early-stop failed"};
inline constexpr Choices kDeletionReasons{"retention party-left"};
inline constexpr Choices kRefusedThings{"run crossing entry site"};

struct Upto {
  uint64_t max;
};
inline constexpr Upto kInteger{kIntegerMax};
inline constexpr Upto kWeight{kWeightMax};
inline constexpr Upto kRound{kRoundMax};

template <class Archive>
void Describe(Archive& a, Reason& r) {
  a("code", r.code, Shape::kCode);
  a("cite", r.cite, Shape::kTextOrEmpty);
  a("text", r.text, Shape::kTextOrEmpty);
}

template <class Archive>
void Describe(Archive& a, Holder& r) {
  a("party", r.party);
  a.UnlessEmpty("site", r.site);
  a("country", r.country, Shape::kCountry);
}

template <class Archive>
void Describe(Archive& a, CharterAdopted& r) {
  a("envelope", r.envelope);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, SiteEnrolled& r) {
  a("site", r.site);
  a("party", r.party);
  a("country", r.country, Shape::kCountry);
  a("key", r.key);
  a("token_id", r.token_id, Shape::kSubject);
  a("weight_max", r.weight_max, kWeight);
  a("dataset_examples", r.dataset_examples, kInteger);
  a("dataset_digest", r.dataset_digest, Shape::kSubjectOrEmpty);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, RunSubmitted& r) {
  a("run", r.run);
  a("party", r.party);
  a("spec", r.spec, Shape::kDocument);
  a("determination", r.determination, kInteger);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, RunApproved& r) {
  a("run", r.run);
  a("party", r.party);
  a("spec_sha256", r.spec_sha256);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, RunStopAsked& r) {
  a("run", r.run);
  a("party", r.party);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, RunPauseAsked& r) {
  a("run", r.run);
  a("party", r.party);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, RunResumeAsked& r) {
  a("run", r.run);
  a("party", r.party);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, Fact& r) {
  a("id", r.id, Shape::kCode);
  a("value", r.value, Shape::kText);
}

template <class Archive>
void Describe(Archive& a, Commitment& r) {
  a("group", r.group, kCommitmentGroups);
  a("sha256", r.sha256);
}

template <class Archive>
void Describe(Archive& a, RuleOutcome& r) {
  a("jurisdiction", r.jurisdiction, kJurisdictions);
  a("layer", r.layer, kLayers);
  a("on", r.on, Shape::kDate);
  a("to", r.to, Shape::kText);
  a("outcome", r.outcome, Shape::kText);
  a("cites", r.cites, Shape::kText);
  a("missing", r.missing, Shape::kText);
}

template <class Archive>
void Describe(Archive& a, Determined& r) {
  a("item", r.item, kItems);
  a.UnlessEmpty("run", r.run);
  a("from", r.from);
  a("recipients", r.recipients);
  a("purposes", r.purposes, Shape::kText);
  a("classification_us", r.classification_us, Shape::kTextOrEmpty);
  a("classification_jp", r.classification_jp, Shape::kTextOrEmpty);
  a("facts", r.facts);
  a("commitments", r.commitments);
  a.UnlessEmpty("blob", r.blob);
  a("charter_sha256", r.charter_sha256);
  a("packs_sha256", r.packs_sha256);
  a("valid_until", r.valid_until);
  a("uses_max", r.uses_max, kInteger);
  a("verdict", r.verdict);
  a("reasons", r.reasons);
  a("rules", r.rules);
  a("not_assessed", r.not_assessed, Shape::kText);
  a("text_as_of", r.text_as_of, Shape::kDate);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, RoundOpened& r) {
  a("run", r.run);
  a("round", r.round, kRound);
  a("base", r.base);
  a("participants", r.participants);
  a("recipients", r.recipients);
  a("deadline", r.deadline);
  a("owner_determination", r.owner_determination, kInteger);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, Contributed& r) {
  a("run", r.run);
  a("round", r.round, kRound);
  a("site", r.site);
  a("base", r.base);
  a("update", r.update);
  a("encoding", r.encoding, kEncodings);
  a("examples", r.examples, kInteger);
  a("metrics", r.metrics);
  a("determination", r.determination, kInteger);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, Declined& r) {
  a("run", r.run);
  a("round", r.round, kRound);
  a("site", r.site);
  a("code", r.code, kDeclineCodes);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, Counted& r) {
  a("site", r.site);
  a("entry", r.entry, kInteger);
  a("weight", r.weight, kWeight);
}

template <class Archive>
void Describe(Archive& a, NotCounted& r) {
  a("site", r.site);
  a("code", r.code, Shape::kCode);
}

template <class Archive>
void Describe(Archive& a, RoundClosed& r) {
  a("run", r.run);
  a("round", r.round, kRound);
  a.Ascending("counted", r.counted);
  a.Ascending("not_counted", r.not_counted);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, ReduceInput& r) {
  a("site", r.site);
  a("update", r.update);
  a("weight", r.weight, kWeight);
}

template <class Archive>
void Describe(Archive& a, RoundReduced& r) {
  a("run", r.run);
  a("round", r.round, kRound);
  a.Ascending("inputs", r.inputs);
  a("algorithm", r.algorithm, Shape::kCode);
  a("output", r.output);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, Evaluated& r) {
  a("run", r.run);
  a("round", r.round, kRound);
  a("site", r.site);
  a("model", r.model);
  a("examples", r.examples, kInteger);
  a("metrics", r.metrics);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, RunFinished& r) {
  a("run", r.run);
  a("rounds", r.rounds, kRound);
  a("outcome", r.outcome, kOutcomes);
  a("code", r.code, Shape::kCodeOrEmpty);
  a.UnlessEmpty("model", r.model);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, Refused& r) {
  a("what", r.what, kRefusedThings);
  a("subject", r.subject, Shape::kSubjectOrEmpty);
  a("reasons", r.reasons);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, Released& r) {
  a("run", r.run);
  a("round", r.round, kRound);
  a("party", r.party);
  a("model", r.model);
  a("model_sha256", r.model_sha256);
  a("determination", r.determination, kInteger);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, CrossingsSuspended& r) {
  a("party", r.party);
  a.UnlessEmpty("site", r.site);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, CrossingsResumed& r) {
  a("party", r.party);
  a.UnlessEmpty("site", r.site);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, PartyLeft& r) {
  a("party", r.party);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, BlobsDeleted& r) {
  a.UnlessEmpty("party", r.party);
  a("reason", r.reason, kDeletionReasons);
  a.UnlessEmpty("run", r.run);
  a("blobs", r.blobs);
  a("remaining", r.remaining, kInteger);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, CrossingApproved& r) {
  a("party", r.party);
  a("determination", r.determination, kInteger);
  a("scope", r.scope, kApprovalScopes);
  a("until", r.until);
  a("uses", r.uses, kInteger);
  a("reason_sha256", r.reason_sha256);
  a("licence", r.licence, Shape::kCodeOrEmpty);
  a("quantity", r.quantity, kInteger);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, CrossingDenied& r) {
  a("party", r.party);
  a("determination", r.determination, kInteger);
  a("reason_sha256", r.reason_sha256);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, LicenceRecorded& r) {
  a("party", r.party);
  a("licence", r.licence, Shape::kCode);
  a("unit", r.unit, Shape::kCode);
  a("quantity", r.quantity, kInteger);
  a("until", r.until);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, FactsOpened& r) {
  a("party", r.party);
  a("determination", r.determination, kInteger);
  a("auditor_party", r.auditor_party);
  a("auditor", r.auditor, Shape::kCode);
  a("opening_sha256", r.opening_sha256);
  a("at", r.at);
}

template <class Archive>
void Describe(Archive& a, Receipt& r) {
  a("charter", r.charter, Shape::kHex256);
  a("run", r.run);
  a("round", r.round, kRound);
  a("site", r.site);
  a("manifest_sha256", r.manifest_sha256);
  a("entry", r.entry, kInteger);
  a("at", r.at);
}

}  // namespace renkei::record
