// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "renkei/crypto/hash.h"

namespace renkei::crypto {
namespace {

constexpr uint8_t kLeafPrefix[] = {0};
constexpr uint8_t kNodePrefix = 1;

}  // namespace

Digest LeafHash(ByteSpan leaf) {
  thread_local Sha256Stream stream;
  stream.Update(kLeafPrefix);
  stream.Update(leaf);
  return stream.Finish();
}

Digest NodeHash(const Digest& left, const Digest& right) {
  std::array<uint8_t, 1 + 2 * Digest::kSize> node;
  node[0] = kNodePrefix;
  std::copy(left.bytes.begin(), left.bytes.end(), node.begin() + 1);
  std::copy(right.bytes.begin(), right.bytes.end(), node.begin() + 1 + Digest::kSize);
  return Sha256(node);
}

Digest EmptyRoot() { return Sha256({}); }

Digest TreeRoot(std::span<const Digest> leaf_hashes) {
  CompactRange range;
  for (const Digest& hash : leaf_hashes) range.Append(hash);
  return range.Root();
}

void CompactRange::Append(const Digest& leaf_hash) {
  Digest hash = leaf_hash;
  for (uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {
    hash = NodeHash(hashes_.back(), hash);
    hashes_.pop_back();
  }
  hashes_.push_back(hash);
  ++size_;
}

Digest CompactRange::Root() const {
  if (hashes_.empty()) return EmptyRoot();
  Digest root = hashes_.back();
  for (size_t i = hashes_.size() - 1; i-- > 0;) root = NodeHash(hashes_[i], root);
  return root;
}

StatusOr<CompactRange> CompactRange::From(uint64_t size, std::vector<Digest> hashes) {
  if (hashes.size() != static_cast<size_t>(std::popcount(size))) {
    return Error(Code::kInvalidArgument, "a tree of {} leaves has {} perfect subtrees, not {}",
                 size, std::popcount(size), hashes.size());
  }
  CompactRange range;
  range.size_ = size;
  range.hashes_ = std::move(hashes);
  return range;
}

}  // namespace renkei::crypto
