// SPDX-License-Identifier: Apache-2.0
// Both names of a file in one pass. Inside release only.
#pragma once

#include <cstdint>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::release {

struct FileDigests {
  Digest sha256;  // of the plain file
  BlobId blob;
};

// Reads `file` once, in windows of one chunk, and copies it to `copy` unless that is null.
// RESOURCE_EXHAUSTED when it is longer than a blob may be.
StatusOr<FileDigests> DigestFile(const File& file, File* copy);

}  // namespace renkei::release
