// SPDX-License-Identifier: Apache-2.0
// Which blobs the runs still need, whatever anybody's retention says: never deleted.
#pragma once

#include <map>
#include <span>

#include "renkei/base/blob_id.h"
#include "renkei/base/ids.h"
#include "renkei/run/run_state.h"

namespace renkei::run {

// Those of `blobs` (ascending) that a run needs, and which run:
//   - of a run that goes on: its first model, every round's model, the base of the open round, and
//     the updates of a round that is open or being reduced;
//   - of a finished one: its model, and each one that a party has released.
std::map<BlobId, RunId> FindNeeded(const std::map<RunId, RunState>& runs,
                                   std::span<const BlobId> blobs);

}  // namespace renkei::run
