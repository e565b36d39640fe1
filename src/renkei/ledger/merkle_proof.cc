// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/merkle_proof.h"

#include <algorithm>
#include <bit>

#include "renkei/base/check.h"
#include "renkei/crypto/merkle.h"

namespace renkei::ledger {
namespace {

Status Wrong(std::string_view what) {
  return Error(Code::kDataLoss, "the {} proof is wrong", what);
}

// A run of leaves that begins at a multiple of the smallest power of two >= size.
struct Range {
  uint64_t begin;
  uint64_t size;

  // RFC 6962 section 2.1: the largest power of two smaller than `size`.
  uint64_t LeftSize() const { return std::bit_floor(size - 1); }
  Range Left() const { return {begin, LeftSize()}; }
  Range Right() const { return {begin + LeftSize(), size - LeftSize()}; }
};

StatusOr<Digest> HashOf(const Range& range, const SubtreeHash& hash) {
  if (std::has_single_bit(range.size)) {
    const int level = std::countr_zero(range.size);
    return hash(level, range.begin >> level);
  }
  RK_ASSIGN_OR_RETURN(const Digest left, HashOf(range.Left(), hash));
  RK_ASSIGN_OR_RETURN(const Digest right, HashOf(range.Right(), hash));
  return crypto::NodeHash(left, right);
}

}  // namespace

Status VerifyInclusion(const Digest& leaf_hash, uint64_t index, uint64_t size,
                       std::span<const Digest> proof, const Digest& root) {
  if (index >= size) return Wrong("inclusion");
  uint64_t fn = index;
  uint64_t sn = size - 1;
  Digest hash = leaf_hash;
  for (const Digest& sibling : proof) {
    if (sn == 0) return Wrong("inclusion");
    if (fn % 2 == 1 || fn == sn) {
      hash = crypto::NodeHash(sibling, hash);
      while (fn % 2 == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = crypto::NodeHash(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && hash == root ? Ok() : Wrong("inclusion");
}

Status VerifyConsistency(uint64_t size1, uint64_t size2, std::span<const Digest> proof,
                         const Digest& root1, const Digest& root2) {
  if (size1 == 0 || size1 > size2) return Wrong("consistency");
  if (size1 == size2) return proof.empty() && root1 == root2 ? Ok() : Wrong("consistency");
  // RFC 9162 section 2.1.4.2. When size1 is a complete subtree, its root begins the path.
  if (!std::has_single_bit(size1) && proof.empty()) return Wrong("consistency");
  Digest first = root1;
  if (!std::has_single_bit(size1)) {
    first = proof.front();
    proof = proof.subspan(1);
  }
  uint64_t fn = size1 - 1;
  uint64_t sn = size2 - 1;
  const int shared = std::countr_one(fn);
  fn >>= shared;
  sn >>= shared;
  Digest old_hash = first;
  Digest new_hash = first;
  for (const Digest& sibling : proof) {
    if (sn == 0) return Wrong("consistency");
    if (fn % 2 == 1 || fn == sn) {
      old_hash = crypto::NodeHash(sibling, old_hash);
      new_hash = crypto::NodeHash(sibling, new_hash);
      while (fn % 2 == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      new_hash = crypto::NodeHash(new_hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  const bool matches = sn == 0 && old_hash == root1 && new_hash == root2;
  return matches ? Ok() : Wrong("consistency");
}

StatusOr<Digest> TreeRootFrom(uint64_t size, const SubtreeHash& hash) {
  if (size == 0) return crypto::EmptyRoot();
  return HashOf({0, size}, hash);
}

StatusOr<std::vector<Digest>> CompleteSubtrees(uint64_t size, const SubtreeHash& hash) {
  std::vector<Digest> hashes;
  for (uint64_t begin = 0; begin < size;) {
    const uint64_t width = std::bit_floor(size - begin);
    RK_ASSIGN_OR_RETURN(const Digest digest, HashOf({begin, width}, hash));
    hashes.push_back(digest);
    begin += width;
  }
  return hashes;
}

StatusOr<std::vector<Digest>> MakeInclusionProof(uint64_t index, uint64_t size,
                                                 const SubtreeHash& hash) {
  RK_CHECK(index < size);
  std::vector<Digest> proof;
  for (Range range = {0, size}; range.size > 1;) {
    const bool goes_left = index < range.Right().begin;
    const Range sibling = goes_left ? range.Right() : range.Left();
    RK_ASSIGN_OR_RETURN(const Digest digest, HashOf(sibling, hash));
    proof.push_back(digest);
    range = goes_left ? range.Left() : range.Right();
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

StatusOr<std::vector<Digest>> MakeConsistencyProof(uint64_t from, uint64_t to,
                                                   const SubtreeHash& hash) {
  RK_CHECK(0 < from && from <= to);
  std::vector<Digest> proof;
  Range range = {0, to};
  while (range.begin + range.size != from) {
    const bool goes_left = from <= range.Right().begin;
    const Range sibling = goes_left ? range.Right() : range.Left();
    RK_ASSIGN_OR_RETURN(const Digest digest, HashOf(sibling, hash));
    proof.push_back(digest);
    range = goes_left ? range.Left() : range.Right();
  }
  // The verifier has the old root itself when that is a complete subtree of the new tree.
  if (range.begin != 0) {
    RK_ASSIGN_OR_RETURN(const Digest digest, HashOf(range, hash));
    proof.push_back(digest);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

}  // namespace renkei::ledger
