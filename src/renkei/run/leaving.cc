// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/leaving.h"

#include <algorithm>

namespace renkei::run {
namespace {

bool HasOfficer(const charter::Party& party) {
  return std::ranges::any_of(party.people, [](const charter::Person& person) {
    return person.roles.contains(charter::Role::kOfficer);
  });
}

// Approvals that were given stand, also those of parties that have left since.
bool CanBeApproved(const RunState& run, const charter::Charter& charter, const Departures& left) {
  size_t possible = run.approved.size();
  for (const charter::Party& party : charter.parties) {
    const bool may = HasOfficer(party) && !left.contains(party.id);
    possible += may && !run.approved.contains(party.id) ? 1 : 0;
  }
  return possible >= run.approvals_needed;
}

bool HoldsUpdates(const RunState& run) {
  return run.phase == Phase::kTraining || run.phase == Phase::kReducing;
}

}  // namespace

size_t CountApprovers(const charter::Charter& charter, const Departures& left) {
  return static_cast<size_t>(std::ranges::count_if(charter.parties, [&](const auto& party) {
    return HasOfficer(party) && !left.contains(party.id);
  }));
}

void FoldDeparture(std::map<RunId, RunState>& runs, const charter::Charter& charter,
                   const Departures& left, const PartyId& party, Instant time) {
  for (auto& [id, run] : runs) {
    if (run.phase == Phase::kFinished) continue;
    for (auto& [site, candidate] : run.candidates) {
      if (candidate.holder.party == party) candidate.out = kPartyLeft;
    }
    // Nobody else could take it back.
    if (run.paused_by.erase(party) > 0 && run.paused_by.empty()) run.resumed = time;
    if (run.owner == party) {
      run.must_fail = kPartyLeft;
    } else if (run.phase == Phase::kSubmitted && !CanBeApproved(run, charter, left)) {
      run.must_fail = "approvals-impossible";
    }
  }
}

uint64_t CountHeld(const std::map<RunId, RunState>& runs, const PartyId& party) {
  uint64_t held = 0;
  for (const auto& [id, run] : runs) {
    if (!HoldsUpdates(run)) continue;
    for (const auto& [site, contribution] : run.current.contributed) {
      held += run.Find(site)->holder.party == party ? 1 : 0;
    }
  }
  return held;
}

bool HasBlobsToDelete(const std::map<RunId, RunState>& runs, const PartyId& party,
                      const Departure& departure) {
  if (!departure.remaining) return true;
  return *departure.remaining > 0 && CountHeld(runs, party) < *departure.remaining;
}

}  // namespace renkei::run
