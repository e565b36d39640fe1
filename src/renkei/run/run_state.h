// SPDX-License-Identifier: Apache-2.0
// One run as its ledger entries tell it. Plain values; changed by Fold alone (book.h calls it).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/record/record.h"
#include "renkei/run/spec.h"
#include "renkei/run/suspensions.h"

namespace renkei::run {

enum class Phase { kSubmitted, kStarting, kTraining, kReducing, kEvaluating, kFinished };
std::string_view NameOf(Phase phase);  // "submitted", ...

// One row: in phase `from` an entry of `kind` is legal and leaves the run in `to`. A kind with
// several rows has one outcome chosen by the fold; no row, no entry.
struct LegalTransition {
  Phase from;
  std::string_view kind;
  Phase to;
};
std::span<const LegalTransition> LegalTransitions();
bool IsLegal(Phase from, std::string_view kind);
bool IsLegal(Phase from, std::string_view kind, Phase to);

// Values of single sites' metrics that a run keeps: of the newest rounds, and always of the last.
// Of older rounds the mean remains.
inline constexpr size_t kScoredValuesMax = 100'000;

// A determination with verdict go that stands for the run.
struct Standing {
  uint64_t index = 0;
  record::Holder from;
  std::vector<record::Holder> recipients;
  Instant valid_until{};
  uint64_t uses_max = 0;
  uint64_t uses = 0;
  double operations = 0;  // of the run's training, that it was decided for

  bool ValidAt(Instant now) const { return now < valid_until && uses < uses_max; }
};

// A determination that waits for officers.
struct Held {
  uint64_t index = 0;
  Instant until{};  // then it is a refusal

  bool operator==(const Held&) const = default;
};

// True when every one of `needed` but the sender itself is among the recipients.
bool Covers(const Standing& standing, const std::vector<record::Holder>& needed);

struct Cited {
  Standing standing;
  uint32_t first_round = 0;  // that counted an update under it; 0: none did
};

// The code of what ends because a party has left the charter.
inline constexpr std::string_view kPartyLeft = "party-left";

// A site that may take part: invited by the spec, and covered by the owner's determination.
struct Candidate {
  record::Holder holder;
  uint64_t weight_max = 0;
  std::optional<Standing> update;   // its latest go for item "update"
  std::optional<Standing> metrics;  // its latest go for item "metrics"
  std::optional<Held> update_held;  // its latest word on the item was a hold, not decided yet
  std::optional<Held> metrics_held;
  bool refused = false;  // its own gate's last word was "refuse", or an officer denied a hold
  std::string out;       // declined for the whole run, or its party left: the code

  bool MayYet() const { return out.empty() && !refused; }
  bool HasLeft() const { return out == kPartyLeft; }
};

struct Contribution {
  uint64_t index = 0;  // of the entry
  Digest manifest_sha256;
  BlobId update;
  uint64_t examples = 0;
  uint64_t determination = 0;
};

struct Score {
  uint64_t examples = 0;
  record::Metrics metrics;
};

// What is left of a finished round.
struct RoundRecord {
  uint32_t round = 0;
  BlobId output;
  uint64_t deleted = 0;           // the entry that deleted the output; 0: none did
  Score mean;                     // weighted by examples; examples = their sum
  std::map<SiteId, Score> sites;  // see kScoredValuesMax
};

// Values of single sites' metrics in it.
size_t ScoredValues(const RoundRecord& round);

// The round that is going on.
struct RoundState {
  uint32_t round = 0;  // from 1; 0: none opened yet
  uint64_t index = 0;  // of round.opened
  BlobId base;
  std::vector<SiteId> participants;        // ascending
  std::vector<record::Holder> recipients;  // of its result
  double operations = 0;                   // RunState::operations when it opened
  Instant opened{};
  Instant deadline{};
  std::map<SiteId, Contribution> contributed;
  std::map<SiteId, std::string> declined;  // code; of training
  std::vector<record::Counted> counted;    // ascending, once closed
  std::vector<record::NotCounted> not_counted;
  Instant closed{};
  std::optional<BlobId> output;  // once reduced
  Instant reduced{};
  std::set<SiteId> evaluated;
  std::set<SiteId> not_evaluating;  // declined after the reduction
  Instant last_word{};              // of the last evaluation or decline
};

struct RunState {
  RunId run;
  std::string spec_toml;  // exact
  Spec spec;
  Digest spec_sha256;
  PartyId owner;
  uint64_t index = 0;  // of run.submitted
  Phase phase = Phase::kSubmitted;
  Instant since{};  // of the phase
  uint32_t approvals_needed = 0;
  std::set<PartyId> approved;
  std::optional<PartyId> stop_asked;
  std::set<PartyId> paused_by;  // parties whose pause stands: no round opens
  Instant resumed{};            // when the last pause was taken back
  record::Holder coordinator;
  record::Holder owner_holder;
  std::optional<Standing> owner_go;        // the owner's latest for item "model"
  std::optional<Standing> coordinator_go;  // the coordinator's for item "model"
  std::optional<Held> coordinator_held;
  bool coordinator_denied = false;  // an officer denied a hold of it
  std::map<SiteId, Candidate> candidates;
  RoundState current;
  std::vector<RoundRecord> rounds;    // reduced ones, ascending
  size_t scored_values = 0;           // of single sites' metrics in all rounds
  size_t scored_from = 0;             // position in `rounds`; those before have lost theirs
  std::map<uint64_t, Cited> lineage;  // determinations that contributions cite, by index
  double operations = 0;              // of training, as far as contributions told ("operations")
  std::string outcome;                // once finished: completed stopped early-stop failed
  std::string code;                   // why, unless completed
  std::optional<BlobId> model;        // once finished, if any round was reduced
  std::map<PartyId, std::set<uint32_t>> released;
  // A party's latest go for a model that the run made: the entry, and which.
  std::map<PartyId, std::pair<uint64_t, BlobId>> release_goes;
  std::string must_fail;       // the code with which it can only fail now; empty: it need not
  bool collected = false;      // finished, and all that is not kept for good was deleted
  uint64_t model_deleted = 0;  // the entry that deleted the spec's model; 0: none did
  std::set<record::Holder> suspended;  // of ResultRecipients, now

  bool IsPaused() const { return !paused_by.empty(); }
  // Time until a round opens counts from `when`, or anew from the end of a pause.
  Instant SinceResumed(Instant when) const { return std::max(when, resumed); }
  bool IsSuspended(const record::Holder& holder) const { return suspended.contains(holder); }
  // A site that neither sends nor receives now: its own crossings are suspended, or those of the
  // run's owner or of the coordinator, without which nothing moves.
  bool IsHalted(const SiteId& site) const;
  const Candidate* Find(const SiteId& site) const;
  // The output of a reduced round, or nullptr.
  const RoundRecord* Round(uint32_t round) const;
  // Base model of the next round.
  const BlobId& NextBase() const { return rounds.empty() ? spec.model : rounds.back().output; }
  uint32_t next_round() const { return static_cast<uint32_t>(rounds.size()) + 1; }
};

// Everybody who will come to hold the run's models: the coordinator, every candidate site whose
// party has not left, and the owner's party. What a contributor's standing determination has to
// cover.
std::vector<record::Holder> ResultRecipients(const RunState& run);
// Those of them, and of the sites that have left, whose crossings are suspended: what
// RunState::suspended has to be.
std::set<record::Holder> SuspendedIn(const RunState& run, const Suspensions& suspensions);

// Sites that could take part in a round opened at `now`: not out, not suspended, with standing goes
// for update and metrics, covered by the owner's. Ascending.
std::vector<SiteId> ReadySites(const RunState& run, Instant now);

// The best finished round by the spec's early stop, and how many rounds ago that was.
struct BestRound {
  uint32_t round = 0;
  uint32_t rounds_since = 0;
};
std::optional<BestRound> FindBestRound(const RunState& run);

}  // namespace renkei::run
