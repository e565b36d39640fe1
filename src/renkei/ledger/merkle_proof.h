// SPDX-License-Identifier: Apache-2.0
// Inclusion and consistency proofs: RFC 6962 section 2.1.1 and 2.1.2 (making),
// RFC 9162 section 2.1.3.2 and 2.1.4.2 (verifying). No I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei::ledger {

// DATA_LOSS unless `proof` shows that the tree of `size` leaves with `root` has `leaf_hash` at
// `index`.
Status VerifyInclusion(const Digest& leaf_hash, uint64_t index, uint64_t size,
                       std::span<const Digest> proof, const Digest& root);

// DATA_LOSS unless `proof` shows that the tree of `size2` leaves with `root2` begins with the
// tree of `size1` leaves with `root1`. From the empty tree nothing can be shown: it is refused.
Status VerifyConsistency(uint64_t size1, uint64_t size2, std::span<const Digest> proof,
                         const Digest& root1, const Digest& root2);

// The hash of the complete subtree over leaves [index << level, (index + 1) << level).
using SubtreeHash = std::function<StatusOr<Digest>(int level, uint64_t index)>;

// The root of the first `size` leaves; the hash of no leaves for 0.
StatusOr<Digest> TreeRootFrom(uint64_t size, const SubtreeHash& hash);
// The complete subtrees that make up the first `size` leaves, largest first.
StatusOr<std::vector<Digest>> CompleteSubtrees(uint64_t size, const SubtreeHash& hash);
// index < size.
StatusOr<std::vector<Digest>> MakeInclusionProof(uint64_t index, uint64_t size,
                                                 const SubtreeHash& hash);
// 0 < from <= to.
StatusOr<std::vector<Digest>> MakeConsistencyProof(uint64_t from, uint64_t to,
                                                   const SubtreeHash& hash);

}  // namespace renkei::ledger
