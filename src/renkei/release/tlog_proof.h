// SPDX-License-Identifier: Apache-2.0
// Inclusion proofs as text: C2SP tlog-proof v1 (https://c2sp.org/tlog-proof), without extra
// bytes. One text for each proof: Dump of Parse gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei::release {

inline constexpr size_t kProofHashesMax = 64;

struct TlogProof {
  uint64_t index = 0;          // of the entry
  std::vector<Digest> hashes;  // from the leaf's sibling up
  std::string checkpoint;      // signed note, verbatim
};

std::string DumpTlogProof(const TlogProof& proof);
// INVALID_ARGUMENT names the line. The checkpoint is not looked at.
StatusOr<TlogProof> ParseTlogProof(std::string_view text);

}  // namespace renkei::release
