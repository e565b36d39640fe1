// SPDX-License-Identifier: Apache-2.0
// The blobs that a coordinator has to have for its ledger: without them a run cannot go on, a
// contribution does not count, or a result is gone.
#pragma once

#include <map>
#include <string>

#include "renkei/base/blob_id.h"
#include "renkei/run/book.h"

namespace renkei::backup {

// What each is, in a line: "run wafer-1: update of site fab-jp in round 3".
std::map<BlobId, std::string> NeededBlobs(const run::Book& book);

}  // namespace renkei::backup
