// SPDX-License-Identifier: Apache-2.0
// How much room a run takes at its coordinator, from its spec and the size of its model. Updates
// and models stay while their run goes on, so every round that is still to come counts.
#pragma once

#include <cstdint>
#include <string>

#include "renkei/base/status.h"
#include "renkei/run/run_state.h"

namespace renkei::run {

// Beside models and updates: the ledger, snapshots, what grows while nobody looks.
inline constexpr uint64_t kDiskReserveBytes = 16u << 20;

struct DiskNeed {
  uint64_t sites = 0;        // that may send an update in each round
  uint64_t rounds = 0;       // not reduced yet
  uint64_t round_bytes = 0;  // an update of each site, and the round's model
  uint64_t bytes = 0;        // of all rounds, and of the first model while none is open
};

// At most: sites may decline, and the round that goes on counts whole until it is reduced. Nothing
// once the run is finished.
DiskNeed DiskNeedOf(const RunState& run);

// Why the next round of `run` has to wait for room, or nothing. The first round needs room for the
// whole run, each later one for itself; `promised_bytes` is what other runs still need.
//   "hub: the run needs 14.1 GiB there, 9.8 GiB are free ...; make room, or move ..."
std::string LackOfRoom(const RunState& run, uint64_t free_bytes, uint64_t promised_bytes,
                       const std::string& directory);

// "14.1 GiB"
std::string SizeText(uint64_t bytes);

}  // namespace renkei::run
