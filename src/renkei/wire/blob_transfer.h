// SPDX-License-Identifier: Apache-2.0
// The client's side of the two streams of chunks: attempt after attempt, each from the last
// verified chunk, as long as there is progress.
#pragma once

#include "renkei/base/blob_id.h"
#include "renkei/base/status.h"
#include "renkei/run/peer.h"
#include "renkei/store/blobs.h"
#include "renkei/wire/link.h"

namespace renkei::wire {

Status UploadBlob(Link& link, store::Blobs& from, const BlobId& id, const run::Progress& progress);
Status DownloadBlob(Link& link, const BlobId& id, store::Blobs& into,
                    const run::Progress& progress);

}  // namespace renkei::wire
