// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/holds.h"

#include <algorithm>

#include <fmt/format.h>

#include "renkei/base/check.h"
#include "renkei/run/run_fold.h"

namespace renkei::run {
namespace {

// The hold in `holds`, of the party; or why not.
Decision FindHold(const Holds& holds, const PartyId& party, uint64_t determination,
                  const HoldState** found) {
  const auto hold = holds.held.find(determination);
  if (hold == holds.held.end())
    return Refuse("hold-unknown", fmt::format("entry {}", determination));
  if (hold->second.from.party != party) {
    return Refuse("not-for-this-author", fmt::format("{} is the sender", hold->second.from.party));
  }
  if (hold->second.denied != 0) {
    return Refuse("denied-already", fmt::format("with entry {}", hold->second.denied));
  }
  *found = &hold->second;
  return {};
}

Decision CheckTakes(const Holds& holds, const record::CrossingApproved& entry) {
  if (entry.licence.empty()) {
    return entry.quantity == 0 ? Decision{} : Refuse("licence-unknown", "a quantity of none");
  }
  const auto licence = holds.licences.find({entry.party, entry.licence});
  if (licence == holds.licences.end()) return Refuse("licence-unknown", entry.licence);
  if (entry.quantity == 0) return Refuse("licence-spent", "a quantity of 0 takes nothing");
  if (entry.quantity > licence->second.left()) {
    return Refuse("licence-spent", fmt::format("{} {} left of {}", licence->second.left(),
                                               licence->second.unit, entry.licence));
  }
  if (entry.until > licence->second.until) {
    return Refuse("licence-ends",
                  fmt::format("{} ends {}", entry.licence, FormatInstant(licence->second.until)));
  }
  return {};
}

// The hold of a candidate's item.
std::optional<Held>& HeldOf(Candidate& candidate, std::string_view item) {
  return item == "update" ? candidate.update_held : candidate.metrics_held;
}

}  // namespace

std::optional<Standing> Holds::ApprovedAs(uint64_t determination) const {
  const auto found = held.find(determination);
  if (found == held.end() || found->second.approved == 0 || found->second.denied != 0) return {};
  const HoldState& hold = found->second;
  Standing standing = {.index = determination,
                       .from = hold.from,
                       .recipients = hold.recipients,
                       .valid_until = Instant::max(),
                       .uses_max = hold.uses_max,
                       .operations = hold.operations};
  for (const auto& [officer, approval] : hold.approvals) {
    standing.valid_until = std::min(standing.valid_until, approval.until);
    standing.uses_max = std::min(standing.uses_max, approval.uses);
    if (approval.scope == "crossing") standing.uses_max = std::min<uint64_t>(standing.uses_max, 1);
  }
  return standing;
}

Decision CheckApproval(const Holds& holds, const PartyId& party, const std::string& key_id,
                       const record::CrossingApproved& entry, Instant time) {
  if (entry.party != party) return Refuse("not-for-this-author", entry.party.text());
  const HoldState* hold = nullptr;
  if (Decision no = FindHold(holds, party, entry.determination, &hold); !no.ok()) return no;
  if (hold->approved != 0) {
    return Refuse("approved-already", fmt::format("with entry {}", hold->approved));
  }
  if (hold->approvals.contains(key_id)) return Refuse("approved-already", "by this officer");
  if (time >= hold->until) return Refuse("hold-timed-out", FormatInstant(hold->until));
  if (entry.until <= time) return Refuse("approval-not-valid", "`until` is past");
  if (entry.uses == 0) return Refuse("approval-not-valid", "0 uses");
  for (const auto& [officer, approval] : hold->approvals) {
    if (approval.licence != entry.licence || approval.quantity != entry.quantity) {
      return Refuse("approval-not-valid", "another officer named another licence or quantity");
    }
  }
  return CheckTakes(holds, entry);
}

Decision CheckDenial(const Holds& holds, const PartyId& party,
                     const record::CrossingDenied& entry) {
  if (entry.party != party) return Refuse("not-for-this-author", entry.party.text());
  const HoldState* hold = nullptr;
  return FindHold(holds, party, entry.determination, &hold);
}

Decision CheckLicence(const Holds& holds, const PartyId& party,
                      const record::LicenceRecorded& entry) {
  if (entry.party != party) return Refuse("not-for-this-author", entry.party.text());
  const auto known = holds.licences.find({party, entry.licence});
  if (known == holds.licences.end()) {
    return holds.licences.size() < kLicencesMax ? Decision{} : Refuse("licences-limit");
  }
  if (known->second.unit != entry.unit) return Refuse("licence-differs", known->second.unit);
  if (entry.quantity < known->second.taken) {
    return Refuse("licence-spent", fmt::format("{} are taken already", known->second.taken));
  }
  return {};
}

Instant FoldHold(Holds& holds, uint64_t index, const record::Determined& determined, Instant time,
                 uint32_t hold_hours) {
  HoldState& hold = holds.held[index];
  hold = {.item = determined.item,
          .run = determined.run,
          .from = determined.from,
          .recipients = determined.recipients,
          .blob = determined.blob,
          .since = time,
          .until = time + std::chrono::hours(hold_hours),
          .uses_max = determined.uses_max,
          .operations = OperationsIn(determined),
          .approvals = {}};
  const Instant until = hold.until;
  if (holds.held.size() > kHoldsMax) holds.held.erase(holds.held.begin());
  return until;
}

bool FoldApproval(Holds& holds, uint64_t index, const std::string& key_id,
                  const record::CrossingApproved& entry, uint32_t threshold) {
  HoldState& hold = holds.held.at(entry.determination);
  hold.approvals[key_id] = {.scope = entry.scope,
                            .until = entry.until,
                            .uses = entry.uses,
                            .licence = entry.licence,
                            .quantity = entry.quantity};
  if (hold.approvals.size() < threshold) return false;
  hold.approved = index;
  if (!entry.licence.empty()) {
    holds.licences.at({entry.party, entry.licence}).taken += entry.quantity;
  }
  return true;
}

void FoldDenial(Holds& holds, uint64_t index, const record::CrossingDenied& entry) {
  holds.held.at(entry.determination).denied = index;
}

void FoldLicence(Holds& holds, const record::LicenceRecorded& entry) {
  LicenceState& licence = holds.licences[{entry.party, entry.licence}];
  licence.unit = entry.unit;
  licence.quantity = entry.quantity;
  licence.until = entry.until;
}

void SettleHold(RunState& run, const HoldState& hold, const std::optional<Standing>& standing) {
  if (hold.item == "model") {
    if (hold.blob && *hold.blob != run.spec.model) {
      run.release_goes.erase(hold.from.party);
      if (standing) run.release_goes[hold.from.party] = {standing->index, *hold.blob};
      return;
    }
    if (hold.from == run.owner_holder) run.owner_go = standing;
    if (hold.from != run.coordinator) return;
    run.coordinator_go = standing;
    run.coordinator_held.reset();
    run.coordinator_denied = !standing;
    return;
  }
  const auto found = run.candidates.find(hold.from.site);
  if (found == run.candidates.end() || found->second.holder != hold.from) return;
  Candidate& candidate = found->second;
  (hold.item == "update" ? candidate.update : candidate.metrics) = standing;
  HeldOf(candidate, hold.item).reset();
  if (!standing) candidate.refused = true;
}

}  // namespace renkei::run
