// SPDX-License-Identifier: Apache-2.0
// The hash tree behind a blob's name (docs/formats/blob-id.md): leaf i is the RFC 6962 leaf hash
// of chunk i.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/store/blobs.h"

namespace renkei::store {

// The name of `size_bytes` bytes whose chunks have these leaf hashes.
BlobId NameOf(std::span<const Digest> leaves, uint64_t size_bytes);

// DATA_LOSS unless `leaves` are as many as `id` has chunks and hash to its root;
// RESOURCE_EXHAUSTED when `id` is longer than kBlobBytesMax.
Status CheckLeaves(const BlobId& id, std::span<const Digest> leaves);

// The leaf hash of each chunk of a file, read in windows of one chunk.
StatusOr<std::vector<Digest>> HashChunks(const File& file);

// The name that the file would have in a store.
StatusOr<BlobId> HashFile(const File& file);

// Copies a file into the store, in windows of one chunk.
StatusOr<BlobId> Import(Blobs& blobs, const File& file);

}  // namespace renkei::store
