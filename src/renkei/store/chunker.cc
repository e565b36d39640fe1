// SPDX-License-Identifier: Apache-2.0
#include "renkei/store/chunker.h"

#include <algorithm>
#include <utility>

#include "renkei/crypto/merkle.h"
#include "renkei/store/blobs.h"

namespace renkei::store {

Chunker::Chunker(std::function<Status(uint64_t, ByteSpan)> keep) : keep_(std::move(keep)) {}

Status Chunker::Append(ByteSpan bytes) {
  if (bytes.size() > kBlobBytesMax - std::min(kBlobBytesMax, size_bytes())) {
    return Error(Code::kResourceExhausted, "a blob has at most {} bytes", kBlobBytesMax);
  }
  while (!bytes.empty()) {
    // Whole chunks go through without a copy.
    if (window_.empty() && bytes.size() >= kChunkBytes) {
      RK_RETURN_IF_ERROR(Emit(bytes.first(kChunkBytes)));
      bytes = bytes.subspan(kChunkBytes);
      continue;
    }
    const size_t count = std::min<size_t>(bytes.size(), kChunkBytes - window_.size());
    window_.insert(window_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (window_.size() == kChunkBytes) RK_RETURN_IF_ERROR(Flush());
  }
  return Ok();
}

Status Chunker::Flush() {
  if (window_.empty()) return Ok();
  RK_RETURN_IF_ERROR(Emit(window_));
  window_.clear();
  return Ok();
}

Status Chunker::Emit(ByteSpan chunk) {
  const uint64_t offset = leaves_.size() * kChunkBytes;
  RK_RETURN_IF_ERROR(keep_(offset, chunk));
  leaves_.push_back(crypto::LeafHash(chunk));
  flushed_bytes_ = offset + chunk.size();
  return Ok();
}

}  // namespace renkei::store
