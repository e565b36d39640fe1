// SPDX-License-Identifier: Apache-2.0
// The name of an immutable file: the RFC 6962 SHA-256 tree hash over its 1 MiB chunks, with its
// length (docs/formats/blob-id.md). Text: "t1-<64 hex>-<length in bytes>".
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei {

inline constexpr uint64_t kChunkBytes = 1 << 20;

struct BlobId {
  Digest root;
  uint64_t size_bytes = 0;

  std::string Text() const;
  // INVALID_ARGUMENT unless exactly the text form; no leading zeros in the length.
  static StatusOr<BlobId> Parse(std::string_view text);
  // Chunks of kChunkBytes, the last one shorter; an empty blob has none.
  uint64_t chunks() const { return size_bytes / kChunkBytes + (size_bytes % kChunkBytes != 0); }
  // Length of chunk `index` < chunks().
  uint64_t ChunkSize(uint64_t index) const {
    return index + 1 < chunks() ? kChunkBytes : size_bytes - index * kChunkBytes;
  }

  auto operator<=>(const BlobId&) const = default;
};

}  // namespace renkei
