// SPDX-License-Identifier: Apache-2.0
#include "renkei/store/blob_tree.h"

#include <algorithm>
#include <memory>

#include "renkei/crypto/merkle.h"

namespace renkei::store {
namespace {

// Calls `use` with each chunk of the file in order.
template <typename Use>
Status ForEachChunk(const File& file, Use use) {
  RK_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  Bytes window(std::min(size, kChunkBytes));
  for (uint64_t at = 0; at < size; at += window.size()) {
    window.resize(std::min<uint64_t>(kChunkBytes, size - at));
    RK_RETURN_IF_ERROR(ReadExactly(file, at, window));
    RK_RETURN_IF_ERROR(use(ByteSpan(window)));
  }
  return Ok();
}

}  // namespace

BlobId NameOf(std::span<const Digest> leaves, uint64_t size_bytes) {
  return {.root = crypto::TreeRoot(leaves), .size_bytes = size_bytes};
}

Status CheckLeaves(const BlobId& id, std::span<const Digest> leaves) {
  if (id.size_bytes > kBlobBytesMax) {
    return Error(Code::kResourceExhausted, "blob {}: longer than {} bytes", id.Text(),
                 kBlobBytesMax);
  }
  if (leaves.size() != id.chunks()) {
    return Error(Code::kDataLoss, "blob {}: {} leaf hashes for {} chunks", id.Text(), leaves.size(),
                 id.chunks());
  }
  if (crypto::TreeRoot(leaves) != id.root) {
    return Error(Code::kDataLoss, "blob {}: the leaf hashes do not hash to its root", id.Text());
  }
  return Ok();
}

StatusOr<std::vector<Digest>> HashChunks(const File& file) {
  std::vector<Digest> leaves;
  RK_RETURN_IF_ERROR(ForEachChunk(file, [&](ByteSpan chunk) {
    leaves.push_back(crypto::LeafHash(chunk));
    return Ok();
  }));
  return leaves;
}

StatusOr<BlobId> HashFile(const File& file) {
  RK_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  RK_ASSIGN_OR_RETURN(const auto leaves, HashChunks(file));
  return NameOf(leaves, size);
}

StatusOr<BlobId> Import(Blobs& blobs, const File& file) {
  RK_ASSIGN_OR_RETURN(const auto draft, blobs.Create());
  RK_RETURN_IF_ERROR(ForEachChunk(file, [&](ByteSpan chunk) { return draft->Append(chunk); }));
  return draft->Finish();
}

}  // namespace renkei::store
