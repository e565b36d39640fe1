// SPDX-License-Identifier: Apache-2.0
// Blobs from one store to another, each chunk verified on its way.
#pragma once

#include "renkei/base/blob_id.h"
#include "renkei/base/status.h"
#include "renkei/store/blobs.h"

namespace renkei::backup {

// Does nothing when `to` has it; goes on behind what an earlier attempt left. Durable.
//   NOT_FOUND  `from` has it not
//   DATA_LOSS  the bytes in `from` do not hash to the name
//   others     of Blobs::Receive
Status CopyBlob(store::Blobs& from, store::Blobs& to, const BlobId& id);

}  // namespace renkei::backup
