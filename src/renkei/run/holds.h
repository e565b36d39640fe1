// SPDX-License-Identifier: Apache-2.0
// Crossings that the gate holds until officers of the sender's party have decided, and the
// licences that they may go under, as the ledger tells it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/charter/charter.h"
#include "renkei/record/record.h"
#include "renkei/run/decision.h"
#include "renkei/run/run_state.h"

namespace renkei::run {

inline constexpr size_t kHoldsMax = 4096;     // the newest that are kept
inline constexpr size_t kLicencesMax = 1024;  // of all parties

// One officer's yes.
struct Approval {
  std::string scope;
  Instant until{};
  uint64_t uses = 0;
  std::string licence;
  uint64_t quantity = 0;
};

struct HoldState {
  std::string item;
  RunId run;  // empty: the ledger, for a site that joins
  record::Holder from;
  std::vector<record::Holder> recipients;
  std::optional<BlobId> blob;
  Instant since{};
  Instant until{};                            // nobody has decided by then: a refusal
  uint64_t uses_max = 0;                      // of the determination
  double operations = 0;                      // that it was asked about
  std::map<std::string, Approval> approvals;  // by the officer's key id
  uint64_t approved = 0;                      // the entry with which they sufficed; 0: not yet
  uint64_t denied = 0;                        // the entry; 0: not

  bool IsOpenAt(Instant now) const { return approved == 0 && denied == 0 && now < until; }
};

struct LicenceState {
  std::string unit;
  uint64_t quantity = 0;
  uint64_t taken = 0;  // by approvals that suffice, in the order of the ledger
  Instant until{};

  uint64_t left() const { return quantity - taken; }
};

struct Holds {
  std::map<uint64_t, HoldState> held;  // by the determination's entry
  std::map<std::pair<PartyId, std::string>, LicenceState> licences;

  // What officers let go: how it stands from the approval on. Nothing unless they have.
  std::optional<Standing> ApprovedAs(uint64_t determination) const;
};

Decision CheckApproval(const Holds& holds, const PartyId& party, const std::string& key_id,
                       const record::CrossingApproved& entry, Instant time);
Decision CheckDenial(const Holds& holds, const PartyId& party, const record::CrossingDenied& entry);
Decision CheckLicence(const Holds& holds, const PartyId& party,
                      const record::LicenceRecorded& entry);

// A determination with verdict hold begins to wait. Returns until when.
Instant FoldHold(Holds& holds, uint64_t index, const record::Determined& determined, Instant time,
                 uint32_t hold_hours);
// True when with this approval as many officers as `threshold` have said yes.
bool FoldApproval(Holds& holds, uint64_t index, const std::string& key_id,
                  const record::CrossingApproved& entry, uint32_t threshold);
void FoldDenial(Holds& holds, uint64_t index, const record::CrossingDenied& entry);
void FoldLicence(Holds& holds, const record::LicenceRecorded& entry);

// What officers decided about a determination of `hold`, for the run that it is about.
void SettleHold(RunState& run, const HoldState& hold, const std::optional<Standing>& standing);

}  // namespace renkei::run
