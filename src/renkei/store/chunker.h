// SPDX-License-Identifier: Apache-2.0
// Cuts a stream of any pieces into chunks and hashes each: what both kinds of draft share.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei::store {

class Chunker {
 public:
  // `keep` stores each chunk, in order; its error is the stream's end.
  explicit Chunker(std::function<Status(uint64_t offset, ByteSpan chunk)> keep);

  // RESOURCE_EXHAUSTED beyond kBlobBytesMax.
  Status Append(ByteSpan bytes);
  // Hands on the last, short chunk. Afterwards size_bytes() and leaves() are those of the whole.
  Status Flush();

  uint64_t size_bytes() const { return flushed_bytes_ + window_.size(); }
  const std::vector<Digest>& leaves() const { return leaves_; }

 private:
  Status Emit(ByteSpan chunk);

  std::function<Status(uint64_t, ByteSpan)> keep_;
  Bytes window_;  // a chunk that is not full yet
  uint64_t flushed_bytes_ = 0;
  std::vector<Digest> leaves_;
};

}  // namespace renkei::store
