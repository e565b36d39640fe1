// SPDX-License-Identifier: Apache-2.0
// The fold over all entries of a ledger: charter, sites, runs. The coordinator asks it before an
// append; sites, auditors and commands fold their copy of the ledger with it and find the same
// state or the coordinator's lie. Not thread-safe; values out.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/crypto/sign.h"
#include "renkei/record/record.h"
#include "renkei/run/decision.h"
#include "renkei/run/holds.h"
#include "renkei/run/leaving.h"
#include "renkei/run/run_state.h"
#include "renkei/run/suspensions.h"

namespace renkei::run {

inline constexpr size_t kRunsMax = 4096;
inline constexpr size_t kEarlyDeterminationsMax = 256;  // about runs not submitted yet
inline constexpr Milliseconds kClockSkewMax{60'000};    // an entry may be this far ahead

// An enrolled site, by its latest site.enrolled.
struct SiteState {
  uint64_t index = 0;
  Bytes envelope;  // the entry, exactly
  record::SiteEnrolled enrolled;
};

enum class AuthorKind { kCoordinator, kPerson, kSite };

// Who owns a key that signs entries.
struct Author {
  AuthorKind kind = AuthorKind::kPerson;
  PartyId party;
  std::string name;  // site, person or coordinator's site name
  std::set<charter::Role> roles;
  crypto::PublicKey key;
};

// A go (or hold, or refusal) about a run that is not submitted yet.
struct EarlyDetermination {
  uint64_t index = 0;
  Bytes envelope;  // the entry, exactly
  record::Determined determined;
};

struct BookState {
  uint64_t size = 0;  // entries folded
  Bytes adoption;     // entry 0, exactly
  Bytes charter_envelope;
  std::optional<charter::Charter> charter;
  std::map<SiteId, SiteState> sites;
  std::map<std::string, SiteId> site_keys;  // by key id
  std::set<std::string> tokens;             // join tokens spent
  Suspensions suspensions;
  Holds holds;
  Departures left;
  uint64_t last_deletion = 0;  // the latest blobs.deleted; 0: none yet
  std::map<RunId, RunState> runs;
  std::deque<EarlyDetermination> early;  // the newest kEarlyDeterminationsMax
  Instant last{};                        // the latest `at`
};

// The run that an entry speaks of, or nullptr.
const RunId* RunOf(const record::Record& record);

// Whether a fold checks the authors' signatures. The coordinator checked them when it appended.
enum class Signatures { kCheck, kCheckedBefore };

class Book {
 public:
  // May this envelope be the next entry, at `now`? Signature, author, role, transition, replay,
  // weights, base, round, determination. Without the gate's rules: see coordinator.
  Decision Check(ByteSpan envelope, Instant now) const;
  Decision Check(const record::Entry& entry, ByteSpan envelope, Instant now) const;

  // Folds entry `index`. OK for all that Check accepted. On error nothing changes.
  //   OUT_OF_RANGE  `index` is not size()
  //   DATA_LOSS     the ledger holds an entry that its rules forbid; names it and the rule
  Status Apply(uint64_t index, ByteSpan envelope, Signatures signatures = Signatures::kCheck);
  // The same for who has opened the envelope already.
  Status Apply(uint64_t index, const record::Entry& entry, ByteSpan envelope,
               Signatures signatures);

  uint64_t size() const { return state_.size; }
  // nullptr before entry 0.
  const charter::Charter* charter() const;
  const Bytes& charter_envelope() const { return state_.charter_envelope; }
  const std::map<SiteId, SiteState>& sites() const { return state_.sites; }
  const std::map<RunId, RunState>& runs() const { return state_.runs; }
  const SiteState* FindSite(const SiteId& site) const;
  const RunState* FindRun(const RunId& run) const;
  std::optional<Author> FindAuthor(std::string_view key_id) const;
  const Suspensions& suspensions() const { return state_.suspensions; }
  // What waits for officers, what they decided, and licences.
  const Holds& holds() const { return state_.holds; }
  // Parties that have left the charter.
  const Departures& left() const { return state_.left; }
  // The latest blobs.deleted: the only one whose bytes may not be gone yet. 0: none yet.
  uint64_t last_deletion() const { return state_.last_deletion; }
  // The latest `at` of all entries: the ledger's time.
  Instant last() const { return state_.last; }
  bool TokenSpent(const std::string& token_id) const { return state_.tokens.contains(token_id); }
  record::Holder CoordinatorHolder() const;  // our bug before entry 0

  // docs/formats/snapshot.md. The same fold gives the same bytes.
  Bytes Snapshot() const;
  //   DATA_LOSS  not a snapshot of this version: fold from zero
  static StatusOr<Book> Restore(ByteSpan snapshot);

 private:
  BookState state_;
};

}  // namespace renkei::run
