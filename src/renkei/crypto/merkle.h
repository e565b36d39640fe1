// SPDX-License-Identifier: Apache-2.0
// The Merkle tree hash of RFC 6962 section 2.1 over SHA-256.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei::crypto {

Digest LeafHash(ByteSpan leaf);                            // SHA-256(0x00 || leaf)
Digest NodeHash(const Digest& left, const Digest& right);  // SHA-256(0x01 || left || right)
Digest EmptyRoot();                                        // SHA-256 of nothing
Digest TreeRoot(std::span<const Digest> leaf_hashes);

// A growing tree in O(log n) memory: the roots of its perfect subtrees, largest first.
class CompactRange {
 public:
  void Append(const Digest& leaf_hash);
  uint64_t size() const { return size_; }
  Digest Root() const;
  // One per set bit of size(), largest subtree first.
  const std::vector<Digest>& hashes() const { return hashes_; }
  // INVALID_ARGUMENT unless there is one hash per set bit of `size`.
  static StatusOr<CompactRange> From(uint64_t size, std::vector<Digest> hashes);

 private:
  uint64_t size_ = 0;
  std::vector<Digest> hashes_;
};

}  // namespace renkei::crypto
