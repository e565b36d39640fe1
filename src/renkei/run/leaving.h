// SPDX-License-Identifier: Apache-2.0
// What follows for the runs when a party leaves the charter, and when blobs are deleted.
//
// A party that has left says nothing more, nobody waits for it, and it comes to hold nothing more.
// What its sites have a receipt for still counts in the round that is open. It comes back by a new
// charter only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/charter/charter.h"
#include "renkei/record/record.h"
#include "renkei/run/run_state.h"

namespace renkei::run {

// A party that has left.
struct Departure {
  uint64_t index = 0;  // of party.left
  // Blobs of it that are still to be deleted, by the latest blobs.deleted about it.
  std::optional<uint64_t> remaining;
};
using Departures = std::map<PartyId, Departure>;

// Parties of the charter that have an officer and have not left: those that may approve.
size_t CountApprovers(const charter::Charter& charter, const Departures& left);

// `party` has left at `time`, as `left` knows already.
void FoldDeparture(std::map<RunId, RunState>& runs, const charter::Charter& charter,
                   const Departures& left, const PartyId& party, Instant time);

// Contributions of `party` in rounds that are open or being reduced: kept until they are not.
uint64_t CountHeld(const std::map<RunId, RunState>& runs, const PartyId& party);

// True when blobs of the party may be deleted now.
bool HasBlobsToDelete(const std::map<RunId, RunState>& runs, const PartyId& party,
                      const Departure& departure);

}  // namespace renkei::run
