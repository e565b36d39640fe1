// SPDX-License-Identifier: Apache-2.0
// From what a trainer left to an update that may be signed: copied first, then checked, so that
// what is sent is what was checked.
#pragma once

#include <cstdint>
#include <string>

#include "renkei/base/blob_id.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/store/blobs.h"

namespace renkei::site {

// How much longer than its base an update's file may be: room for another library's header, not
// for a message to the coordinator.
inline constexpr uint64_t kUpdateGrowthBytesMax = 64 << 10;

// Copies the file at `path` into `blobs` while hashing it, then checks the copy: a strict
// safetensors file, the tensors of `base` by name, shape and type, every number finite. The
// blob's name; a copy that fails the check is removed.
//   INVALID_ARGUMENT    no such file, or not such an update; names the tensor and the reason
//   RESOURCE_EXHAUSTED  disk full
//   DATA_LOSS           the device failed
StatusOr<BlobId> TakeUpdate(const std::string& path, const BlobId& base, store::Blobs& blobs,
                            Disk& disk);

}  // namespace renkei::site
