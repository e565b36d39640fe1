// SPDX-License-Identifier: Apache-2.0
// The agreement between the parties, as signed (docs/formats/charter.md): who they are, whose
// signatures bind them, what may cross. The signed thing is the exact TOML text.
//
// A charter is in force when enough parties signed it (parties_to_adopt), each by the threshold
// of its own officers, and it has not expired. Amendments follow the rules of TUF root metadata
// (TUF specification, section 5.3): version N+1 is signed by the thresholds of N and of N+1.
#pragma once

#include <cstddef>
#include <cstdint>
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
#include "renkei/crypto/sign.h"
#include "renkei/seal/envelope.h"
#include "renkei/seal/signed_note.h"
#include "renkei/syntax/stated.h"

namespace renkei::charter {

inline constexpr std::string_view kPayloadType = "application/vnd.renkei.charter+toml";
inline constexpr std::string_view kFormat = "renkei-charter/1";

// The signed text has to fit entry 0 of a ledger.
inline constexpr size_t kCharterBytesMax = 24 << 10;
inline constexpr size_t kPartiesMax = 64;
inline constexpr size_t kPeopleMax = 64;  // of one party
inline constexpr size_t kRulesMax = 256;  // permits, and as many prohibitions
inline constexpr size_t kListMax = 64;    // of one list in it
inline constexpr size_t kTextMax = 256;   // bytes of one text in it
inline constexpr uint64_t kWeightMax = (uint64_t{1} << 29) - 1;  // design, section 6
inline constexpr uint32_t kRoundsMax = 100'000;
inline constexpr uint32_t kTextDaysMax = 3650;
inline constexpr uint32_t kHoldHoursMax = 24 * 90;

enum class Role { kOfficer, kOperator, kResearcher, kAuditor };
std::string_view NameOf(Role role);  // "officer", ...
StatusOr<Role> ParseRole(std::string_view text);

struct Person {
  PersonId id;
  crypto::PublicKey key;
  std::set<Role> roles;

  bool operator==(const Person&) const = default;
};

struct Party {
  PartyId id;
  std::string name;
  std::string country;     // ISO 3166 alpha-2
  uint32_t threshold = 1;  // officers whose signatures bind the party
  std::string ca_pem;      // root certificate
  // What all parties agree is so of this one, for the rule packs: facts of a party without their
  // "party.", such as hq; `like` names a model of a pack.
  syntax::Stated facts{};
  std::vector<Person> people;
  int line = 0;  // of the charter; 0 = unknown

  bool operator==(const Party&) const = default;
};

struct CoordinatorSite {
  PartyId party;
  SiteId site;
  std::string country;
  std::string address;  // host:port
  crypto::PublicKey key;

  bool operator==(const CoordinatorSite&) const = default;
};

struct RunRules {
  uint32_t approvals = 1;  // parties of which an officer approves a run
  uint32_t auditors = 0;   // sites that recompute each sum
  uint64_t weight_max = 0;
  uint32_t rounds_max = 0;
  std::vector<std::string> purposes;

  bool operator==(const RunRules&) const = default;
};

// A fact of the gate's own: the operations of a run's training, planned or done.
inline constexpr std::string_view kRunOperations = "run.operations";

// [export]: by which rule packs crossings are decided, and how strictly.
struct ExportRules {
  std::string binding;      // layers that bind: both codified enforced; none: nothing is assessed
  uint32_t text_days = 0;   // a pack whose text is older holds
  uint32_t hold_hours = 0;  // a hold that nobody decides in time is a refusal
  std::map<std::string, Digest> packs;  // id -> SHA-256 of its bytes; empty only with none
  // That hold of every crossing under the charter, unless a run spec states them otherwise.
  syntax::Stated facts{};

  bool IsAssessed() const { return binding != "none"; }
  // With `stated` over the charter's own.
  syntax::Stated FactsWith(const syntax::Stated& stated) const;
  bool operator==(const ExportRules&) const = default;
};

// One [[permit]] or [[prohibit]]. "*" alone in a list stands for all: every item, every purpose
// of [runs], every party of the charter, every classification that is stated.
struct Rule {
  std::vector<std::string> items;  // model update metrics
  std::vector<std::string> purposes;
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::string> classifications_us;
  std::vector<std::string> classifications_jp;
  int line = 0;

  bool operator==(const Rule&) const = default;
};

struct Charter {
  std::string name;  // made as an id: a-z, 0-9 and inner '-'
  uint32_t version = 0;
  Instant created{};
  Instant expires{};
  uint32_t parties_to_adopt = 0;
  std::optional<Digest> previous_sha256;  // of version - 1; none in version 1
  std::optional<Digest> first_sha256;     // of version 1; none in version 1
  RunRules runs;
  ExportRules export_rules;
  CoordinatorSite coordinator;
  std::vector<Party> parties;
  std::vector<Rule> permits;
  std::vector<Rule> prohibits;
  Digest sha256;  // of the exact TOML bytes

  // The name of the one ledger of this charter and all its amendments:
  // "renkei/<name>/<first 16 hex digits of SHA-256 of version 1>".
  std::string LedgerOrigin() const;
  // That name with the coordinator's key: what signs the ledger's checkpoints.
  seal::NoteKey LedgerKey() const;
  const Party* FindParty(const PartyId& id) const;
  // `party`, when asked for, is set to the person's.
  const Person* FindPersonByKeyId(std::string_view key_id, const Party** party = nullptr) const;

  bool operator==(const Charter&) const = default;
};

// Strict. Errors read "<source_name>: line L, column C: <what>".
//   INVALID_ARGUMENT    not a charter
//   RESOURCE_EXHAUSTED  longer than kCharterBytesMax
StatusOr<Charter> Parse(std::string_view toml, std::string_view source_name);

// What is allowed but unwise, one sentence each, in a fixed order.
std::vector<std::string> Lint(const Charter& charter);

// How far the signatures of one party are.
struct SignatureState {
  PartyId party;
  uint32_t have = 0;  // different officers whose signatures verify
  uint32_t need = 0;

  bool Bound() const { return have >= need; }
  bool operator==(const SignatureState&) const = default;
};

// One state for each party of `charter`, in its order.
std::vector<SignatureState> Signatures(const Charter& charter, const seal::Envelope& envelope);

enum class Expiry { kEnforced, kIgnored };  // ignored by those who prove what happened before

// The charter in a DSSE envelope, in force at `now`.
//   INVALID_ARGUMENT     not such an envelope, or not a charter
//   PERMISSION_DENIED    signatures lack; names each party and how many
//   FAILED_PRECONDITION  expired
StatusOr<Charter> Verify(ByteSpan envelope, Instant now, Expiry expiry = Expiry::kEnforced);

// The next version of `current`, in force at `now`. Whether `current` has expired does not
// matter: an amendment is how an expired charter lives on.
//   as Verify, and
//   PERMISSION_DENIED    not enough parties of `current` signed; names them
//   FAILED_PRECONDITION  not version + 1 of this very text, created later (a step back, a gap,
//                        another charter), or itself expired (a freeze)
StatusOr<Charter> VerifyAmendment(const Charter& current, ByteSpan envelope, Instant now);

}  // namespace renkei::charter
