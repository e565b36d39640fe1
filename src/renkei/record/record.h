// SPDX-License-Identifier: Apache-2.0
// The typed payload of every ledger entry: the vocabulary of the house (docs/formats/entries.md).
//
// A sealed entry is a DSSE envelope around an in-toto statement whose predicate is the record. Its
// bytes are canonical: a record has one text, and Open accepts no other. Records hold no free text
// and no personal data; lists, names and numbers are bounded (limits.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"

namespace renkei::record {

enum class Verdict { kGo, kHold, kRefuse };
std::string_view NameOf(Verdict verdict);  // "go", "hold", "refuse"

// Why, from a fixed catalogue of ours; never typed by a person.
struct Reason {
  std::string code;
  std::string cite;
  std::string text;

  bool operator==(const Reason&) const = default;
};

using Metrics = std::map<std::string, double>;  // finite

// Who holds, or comes to hold, an item. `site` is empty for a party as a whole.
struct Holder {
  PartyId party;
  SiteId site;
  std::string country;  // ISO 3166 alpha-2

  auto operator<=>(const Holder&) const = default;
};

// Entry 0. Author: the coordinator.
struct CharterAdopted {
  static constexpr std::string_view kKind = "charter.adopted";
  Bytes envelope;  // the signed charter, as charter::Verify takes it
  Instant at{};

  bool operator==(const CharterAdopted&) const = default;
};

// Author: an operator or officer of the party.
struct SiteEnrolled {
  static constexpr std::string_view kKind = "site.enrolled";
  SiteId site;
  PartyId party;
  std::string country;
  crypto::PublicKey key;
  std::string token_id;
  uint64_t weight_max = 0;
  uint64_t dataset_examples = 0;
  std::string dataset_digest;  // the site's own commitment to what it trains on; may be empty
  Instant at{};

  bool operator==(const SiteEnrolled&) const = default;
};

// Author: a researcher of the party.
struct RunSubmitted {
  static constexpr std::string_view kKind = "run.submitted";
  RunId run;
  PartyId party;
  std::string spec;            // the exact TOML
  uint64_t determination = 0;  // entry of the owner's go for the model
  Instant at{};

  bool operator==(const RunSubmitted&) const = default;
};

// Author: an officer of the party.
struct RunApproved {
  static constexpr std::string_view kKind = "run.approved";
  RunId run;
  PartyId party;
  Digest spec_sha256;
  Instant at{};

  bool operator==(const RunApproved&) const = default;
};

// Author: a researcher, officer or operator of the party.
struct RunStopAsked {
  static constexpr std::string_view kKind = "run.stop-asked";
  RunId run;
  PartyId party;
  Instant at{};

  bool operator==(const RunStopAsked&) const = default;
};

// No further round opens while a party's pause stands. Author: a researcher, officer or operator of
// the party.
struct RunPauseAsked {
  static constexpr std::string_view kKind = "run.pause-asked";
  RunId run;
  PartyId party;
  Instant at{};

  bool operator==(const RunPauseAsked&) const = default;
};

// Takes the pause of just this party back. Author: a researcher, officer or operator of it.
struct RunResumeAsked {
  static constexpr std::string_view kKind = "run.resume-asked";
  RunId run;
  PartyId party;
  Instant at{};

  bool operator==(const RunResumeAsked&) const = default;
};

// A fact for the rule packs, in their words: "item.published", "no".
struct Fact {
  std::string id;
  std::string value;

  bool operator==(const Fact&) const = default;
};

// What the sender knows and does not show: SHA-256 over a salt and the canonical text of a group
// of facts, or of a private rule pack (docs/formats/determination.md).
struct Commitment {
  std::string group;  // facts pack
  Digest sha256;

  bool operator==(const Commitment&) const = default;
};

// What the rule packs answer in one jurisdiction and layer on one civil day, for those recipients
// to whom the same is said.
struct RuleOutcome {
  std::string jurisdiction;     // us jp
  std::string layer;            // codified enforced
  std::string on;               // the day there, "2026-11-24"
  std::vector<std::string> to;  // "<party>/<country>"
  std::string outcome;          // "NLR", "EXC(NAC)", ...: docs/formats/rule-pack.md
  std::vector<std::string> cites;
  std::vector<std::string> missing;  // facts that a review names

  bool operator==(const RuleOutcome&) const = default;
};

// The gate's answer about one crossing. Author: the sender, a site or a person.
struct Determined {
  static constexpr std::string_view kKind = "crossing.determined";
  std::string item;  // model, update, metrics or ledger
  RunId run;         // empty: the ledger, when a site joins
  Holder from;
  std::vector<Holder> recipients;
  std::vector<std::string> purposes;
  std::string classification_us;
  std::string classification_jp;
  std::vector<Fact> facts{};              // of the item and its use, as stated; ids ascending
  std::vector<Commitment> commitments{};  // what else was known
  std::optional<BlobId> blob;             // this file; absent: standing for all of the run
  Digest charter_sha256;
  Digest packs_sha256{};  // of the rule packs that answered, all together; zero: none did
  Instant valid_until{};
  uint64_t uses_max = 0;
  Verdict verdict = Verdict::kRefuse;
  std::vector<Reason> reasons;
  std::vector<RuleOutcome> rules{};
  std::vector<std::string> not_assessed;
  std::string text_as_of;  // date of the oldest text that was applied, "2026-11-24"
  Instant at{};

  bool operator==(const Determined&) const = default;
};

// An officer lets a crossing go that the gate holds. It counts when as many officers of the party
// as bind it have said so; the narrowest of their limits holds. With a licence, its quantity is
// taken from what is left of that by the order of the ledger. Author: an officer of the sender's
// party.
struct CrossingApproved {
  static constexpr std::string_view kKind = "crossing.approved";
  PartyId party;
  uint64_t determination = 0;  // entry of the hold
  std::string scope;           // crossing run
  Instant until{};
  uint64_t uses = 0;
  Digest reason_sha256;   // of the reason's text, which stays with the party
  std::string licence;    // that it goes under; may be empty
  uint64_t quantity = 0;  // of it, in the licence's unit
  Instant at{};

  bool operator==(const CrossingApproved&) const = default;
};

// Author: an officer of the sender's party.
struct CrossingDenied {
  static constexpr std::string_view kKind = "crossing.denied";
  PartyId party;
  uint64_t determination = 0;  // entry of the hold
  Digest reason_sha256;
  Instant at{};

  bool operator==(const CrossingDenied&) const = default;
};

// A licence that the party holds, or, once more, what it is now. Author: an officer of the party.
struct LicenceRecorded {
  static constexpr std::string_view kKind = "licence.recorded";
  PartyId party;
  std::string licence;  // a name of the party's own
  std::string unit;
  uint64_t quantity = 0;  // in all; never below what was taken of it
  Instant until{};
  Instant at{};

  bool operator==(const LicenceRecorded&) const = default;
};

// The party showed what it had committed itself to in a determination to one auditor. Author: an
// officer of the party.
struct FactsOpened {
  static constexpr std::string_view kKind = "facts.opened";
  PartyId party;
  uint64_t determination = 0;
  PartyId auditor_party;
  std::string auditor;    // the person's id
  Digest opening_sha256;  // of the sealed file
  Instant at{};

  bool operator==(const FactsOpened&) const = default;
};

// Author: the coordinator.
struct RoundOpened {
  static constexpr std::string_view kKind = "round.opened";
  RunId run;
  uint32_t round = 0;
  BlobId base;
  std::vector<SiteId> participants;  // ascending
  std::vector<Holder> recipients;    // of the result
  Instant deadline{};
  uint64_t owner_determination = 0;
  Instant at{};

  bool operator==(const RoundOpened&) const = default;
};

// The manifest of an update. Author: the site.
struct Contributed {
  static constexpr std::string_view kKind = "update.contributed";
  RunId run;
  uint32_t round = 0;
  SiteId site;
  BlobId base;
  BlobId update;
  std::string encoding;  // plain
  uint64_t examples = 0;
  Metrics metrics;
  uint64_t determination = 0;
  Instant at{};

  bool operator==(const Contributed&) const = default;
};

// Author: the site.
struct Declined {
  static constexpr std::string_view kKind = "round.declined";
  RunId run;
  uint32_t round = 0;
  SiteId site;
  std::string code;  // why: one of the list in docs/formats/entries.md, each explained in
                     // docs/formats/site.md
  Instant at{};

  bool operator==(const Declined&) const = default;
};

struct Counted {
  SiteId site;
  uint64_t entry = 0;  // of its contribution
  uint64_t weight = 0;

  bool operator==(const Counted&) const = default;
};

struct NotCounted {
  SiteId site;
  std::string code;

  bool operator==(const NotCounted&) const = default;
};

// Author: the coordinator, before it reduces.
struct RoundClosed {
  static constexpr std::string_view kKind = "round.closed";
  RunId run;
  uint32_t round = 0;
  std::vector<Counted> counted;         // ascending sites
  std::vector<NotCounted> not_counted;  // ascending sites
  Instant at{};

  bool operator==(const RoundClosed&) const = default;
};

struct ReduceInput {
  SiteId site;
  BlobId update;
  uint64_t weight = 0;

  bool operator==(const ReduceInput&) const = default;
};

// Author: the coordinator.
struct RoundReduced {
  static constexpr std::string_view kKind = "round.reduced";
  RunId run;
  uint32_t round = 0;
  std::vector<ReduceInput> inputs;  // ascending sites
  std::string algorithm;
  BlobId output;
  Instant at{};

  bool operator==(const RoundReduced&) const = default;
};

// Author: the site.
struct Evaluated {
  static constexpr std::string_view kKind = "model.evaluated";
  RunId run;
  uint32_t round = 0;
  SiteId site;
  BlobId model;
  uint64_t examples = 0;
  Metrics metrics;
  Instant at{};

  bool operator==(const Evaluated&) const = default;
};

// Author: the coordinator.
struct RunFinished {
  static constexpr std::string_view kKind = "run.finished";
  RunId run;
  uint32_t rounds = 0;
  std::string outcome;  // completed stopped early-stop failed
  std::string code;     // why; may be empty
  std::optional<BlobId> model;
  Instant at{};

  bool operator==(const RunFinished&) const = default;
};

// What was asked and may not be. Author: the coordinator.
struct Refused {
  static constexpr std::string_view kKind = "refused";
  std::string what;     // run crossing entry site
  std::string subject;  // a name or a digest
  std::vector<Reason> reasons;
  Instant at{};

  bool operator==(const Refused&) const = default;
};

// Author: an officer or researcher of the party.
struct Released {
  static constexpr std::string_view kKind = "model.released";
  RunId run;
  uint32_t round = 0;
  PartyId party;
  BlobId model;
  Digest model_sha256;         // of the plain file
  uint64_t determination = 0;  // entry of the party's go for those who may have the release
  Instant at{};

  bool operator==(const Released&) const = default;
};

// A party cuts its crossings at once: all of them, or those of one of its sites. Author: an officer
// of the party.
struct CrossingsSuspended {
  static constexpr std::string_view kKind = "crossings.suspended";
  PartyId party;
  SiteId site;  // empty: the whole party
  Instant at{};

  bool operator==(const CrossingsSuspended&) const = default;
};

// Takes the suspension of just this party or site back. Author: an officer of the party.
struct CrossingsResumed {
  static constexpr std::string_view kKind = "crossings.resumed";
  PartyId party;
  SiteId site;  // empty: the whole party
  Instant at{};

  bool operator==(const CrossingsResumed&) const = default;
};

// The party's part in the charter ends: its keys, its sites, its say. What it did stays proven.
// Author: an officer of the party.
struct PartyLeft {
  static constexpr std::string_view kKind = "party.left";
  PartyId party;
  Instant at{};

  bool operator==(const PartyLeft&) const = default;
};

// Bytes that the coordinator no longer holds from here on. It says so before it removes them.
// Author: the coordinator.
struct BlobsDeleted {
  static constexpr std::string_view kKind = "blobs.deleted";
  PartyId party;              // whose they were, when it has left; else empty
  std::string reason;         // retention party-left
  RunId run;                  // that they were kept for; empty when the party has left
  std::vector<BlobId> blobs;  // ascending, at most kDeletedBlobsMax
  uint64_t remaining = 0;     // that still follow for this run or party; 0: this was all
  Instant at{};

  bool operator==(const BlobsDeleted&) const = default;
};

using Record = std::variant<CharterAdopted, SiteEnrolled, RunSubmitted, RunApproved, RunStopAsked,
                            RunPauseAsked, RunResumeAsked, Determined, RoundOpened, Contributed,
                            Declined, RoundClosed, RoundReduced, Evaluated, RunFinished, Refused,
                            Released, CrossingsSuspended, CrossingsResumed, PartyLeft, BlobsDeleted,
                            CrossingApproved, CrossingDenied, LicenceRecorded, FactsOpened>;

std::string KindOf(const Record& record);  // "charter.adopted", ...
Instant AtOf(const Record& record);
// One line for people: "round 3 of wafer-1 opened for 4 sites".
std::string Summary(const Record& record);

struct Entry {
  Record record;
  std::string key_id;  // of the author; see crypto::PublicKey::KeyId
};

// What Seal signs: the one text of the record. Two records are the same exactly when their texts
// are. Errors as Seal.
StatusOr<Bytes> StatementOf(const Record& record);

// The envelope, exactly the bytes that the ledger holds.
//   INVALID_ARGUMENT    a field breaks a rule of its format; names it
//   RESOURCE_EXHAUSTED  the statement is longer than its limit (limits.h)
StatusOr<Bytes> Seal(const Record& record, const crypto::SigningKey& key);

// Open(Seal(x)) == x. The signature is NOT checked, which needs the author's key: see SignedBy.
//   INVALID_ARGUMENT  not a sealed entry with one signature, or not the one text of its record
StatusOr<Entry> Open(ByteSpan envelope);

// True when the envelope's signature is of `key` over its exact payload.
bool SignedBy(ByteSpan envelope, const crypto::PublicKey& key);

}  // namespace renkei::record
